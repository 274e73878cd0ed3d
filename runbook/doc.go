// Package runbook is the vocabulary of an upgrade and its rules: who asked for
// what (Request), what exactly would be done (Plan), what happened (Event),
// who may do what (Policy), and how the bot says no (Refusal).
//
// It promises three things. A request changes only by Apply, and Apply knows
// every pair of state and event: what is not in its table is refused. A plan
// is bytes: what was digested is what was approved and what is carried out.
// And a rule fails closed: nobody on a list means nobody.
//
// It does no I/O, reads no clock and imports nothing of ours. It knows neither
// Slack nor Windows nor SQLite; those speak in its words.
package runbook
