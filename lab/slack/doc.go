// Package slack is a Slack workspace on loopback: the half of Slack that an
// app talks to, strict enough that a bot which works here works there.
//
// One workspace, a few channels, one installed app, several people. The app
// reaches it with its shipping client over the real protocols: the Web API
// (form and JSON), Socket Mode on a WebSocket, response URLs and file uploads.
// People are methods of [Server]: [Server.Say] types a line, [Server.Press]
// clicks a button, [Server.Submit] sends a modal. Nothing a person does reaches
// the app by any other way than an envelope on a socket, and nothing the app
// says reaches a person except through an HTTP request or an acknowledgement;
// [Server.Counts] is the evidence.
//
// What it promises, beyond answering:
//
//   - It refuses what Slack refuses, with Slack's error names: tokens, scopes,
//     Block Kit's limits, used or expired triggers and response URLs, messages
//     that are somebody else's, frames that are too long.
//   - An envelope is delivered to one of the open sockets, has to be
//     acknowledged in time, and is delivered again on Slack's schedule if not.
//   - A person who was not answered learns it: [NotAnswered].
//   - Every change raises [Server.Version]; [Server.Wait] blocks for the next,
//     so that neither page nor test has to poll.
//   - It can misbehave on request: [Server.Inject].
//
// Its one liberty is time: messages are stamped by Config.Now, the clock of the
// practice estate. Everything of the protocol (acknowledgements, triggers,
// response URLs, rate limits) runs on real time.
//
// It knows nothing about upgrades, hosts or what the app's lines and buttons
// mean, keeps everything in memory, and is not meant to be reachable from
// anywhere but this machine.
package slack
