// Package lab is a practice estate: one simulated world behind servers that
// speak the real protocols on loopback, and a page that looks like a Slack
// channel.
//
// It promises that the bot works on it unchanged: the shipping adapters reach
// the hosts over WinRM, slack-go reaches the workspace over the Web API and
// Socket Mode, and nothing but those wires leads to the world. What a person
// does goes through the same HTTP calls as the page's. Everything listens on
// loopback only.
//
// It knows nothing of the bot: no package of the product is imported here, and
// the product never imports this one.
package lab
