package lab

import (
	"net/http"

	"itmsbot/lab/world"
)

// truth answers GET /lab/world: what is so, whatever the bot believes.
func (p *page) truth(*http.Request) (any, error) { return p.World.Truth(), nil }

// changeWorld answers POST /lab/world: a condition that somebody brings about who
// is not the bot (see world.World.Set), the pace of the clock, or the role of a server
// that is upgraded.
func (p *page) changeWorld(r *http.Request) (any, error) {
	var call struct {
		world.Condition
		Pace    *int   `json:"pace"`
		Upgrade string `json:"upgrade"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	asked := 0
	for _, is := range []bool{call.Pace != nil, call.Upgrade != "", call.Field != ""} {
		if is {
			asked++
		}
	}
	switch {
	case asked > 1:
		return nil, refusef(http.StatusBadRequest, "Change the pace, upgrade a server or make a condition so, one in a call.")
	case call.Pace != nil:
		return done, p.World.SetPace(*call.Pace)
	case call.Upgrade != "":
		return done, p.World.Set(world.Condition{Field: "upgrade", Word: call.Upgrade})
	}
	return done, p.World.Set(call.Condition)
}
