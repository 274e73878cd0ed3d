package actions

import (
	"testing"

	"itmsbot/runbook"
)

// Doors that a back-out opens are not reported as drift.
func TestGuarded(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    runbook.Request
		live []runbook.Request
		want bool
	}{
		{"done", runbook.Request{ID: "R-1", State: runbook.WasDone}, nil, true},
		{"waits for a person", runbook.Request{ID: "R-1", State: runbook.Waiting}, []runbook.Request{{ID: "R-1", State: runbook.Waiting}}, true},
		{"closes them now", runbook.Request{ID: "R-1", State: runbook.Running}, nil, false},
		{"a back-out is asked for", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.InOffer}}, true},
		{"a back-out runs", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.Running}}, false},
		{"a back-out waits half way", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.Waiting}}, false},
		{"a back-out of another runs", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-3", Undoes: "R-2", State: runbook.Running}}, true},
		{"all doors are opened", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-4", Action: "golive", State: runbook.Running}}, false},
		{"opening all doors waits half way", runbook.Request{ID: "R-1", State: runbook.WasLeft}, []runbook.Request{{ID: "R-4", Action: "allow all", State: runbook.Waiting}}, false},
	} {
		if got := guarded(tt.r, tt.live); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
