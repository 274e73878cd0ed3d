package lab

import (
	"net/http"

	"itmsbot/lab/world"
)

// truth answers GET /lab/world: what is so, whatever the bot believes.
func (p *page) truth(*http.Request) (any, error) { return p.World.Truth(), nil }

// changeWorld answers POST /lab/world: a condition that somebody brings about who
// is not the bot (see world.World.Set), or the pace of the clock.
func (p *page) changeWorld(r *http.Request) (any, error) {
	var call struct {
		world.Condition
		Pace *int `json:"pace"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	switch {
	case call.Pace != nil && call.Field != "":
		return nil, refusef(http.StatusBadRequest, "Change the pace or a condition, one in a call.")
	case call.Pace != nil:
		return done, p.World.SetPace(*call.Pace)
	}
	return done, p.World.Set(call.Condition)
}
