package lab

import (
	"cmp"
	"net/http"
)

// tidier is who removes a snapshot where the call does not say.
const tidier = domain + `\admin`

// removeSnapshot answers POST /lab/snapshots {"vm","remove","by"}: somebody who is not
// the bot removes a snapshot in vCenter, by its name.
func (p *page) removeSnapshot(r *http.Request) (any, error) {
	var call struct {
		VM     string `json:"vm"`
		Remove string `json:"remove"`
		By     string `json:"by"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	if p.VCenter == nil {
		return nil, refusef(http.StatusNotFound, "This lab has no vCenter.")
	}
	return done, p.VCenter.RemoveBy(cmp.Or(call.By, tidier), call.VM, call.Remove)
}
