// Package commands turns a line of text into one decision or one read, and
// gives a plain reply.
//
// There is one Router, and every door leads to it: a typed command, a pressed
// button (whose value is the line it stands for), the clock. It promises that
// what it cannot read changes nothing and is answered with what to write
// instead, that every refusal is an event, and that everything a line decides
// is in the transaction of its delivery.
//
// It knows no Slack: a reply is words, rows and buttons. It knows no wire: a
// read that asks a machine is given back as Later and run elsewhere.
package commands
