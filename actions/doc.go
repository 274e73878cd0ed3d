// Package actions is what can be done to the estate, and the engine that
// carries requests out.
//
// An action is a value in one file and one line in catalog.go: it looks at the
// estate and returns a plan, which is data. A kind is the code of one sort of
// step: look, do, undo. The Engine is the only thing that changes the estate:
// it carries out one approved plan at a time, writes the intent of every step
// before and its outcome after, and asks the estate, never its memory, what is
// so.
//
// It promises that nothing is changed before the request, the approvals and
// the intent are on disk; that the plan is computed once more directly before
// the first change, and that one byte of difference touches nothing; and that
// what it cannot find out is unknown, which stops and asks.
//
// It knows nothing of Slack, of SQLite or of any wire: it is given a Journal
// to write to and ports to the machines, which it declares itself.
package actions
