// Package wsman is a Windows host's remote management service (WinRM) for the
// practice estate: WS-Management over HTTP and HTTPS on loopback listeners, with
// the cmd shell resource (Create, Command, Send, Receive, Signal, Delete),
// NTLMv2 with message sealing, channel bindings, quotas and WSManFault codes.
//
// It promises to refuse what a Windows host refuses. A handshake without 128-bit
// keys and extended session security gets no session, nor does NTLMv1, an anonymous
// user, an altered handshake or one that was meant for another TLS connection. A
// body that is not sealed on plain http gets 500 and nothing else. An envelope over
// the limit, a shell over the quota, a missing shell each get the fault with the
// number that Windows uses. A client that works here has spoken the real protocol:
// Stats says how many requests, handshakes and sealed messages went over the wire.
//
// It also goes wrong on request: Inject arms one of FaultKinds.
//
// It knows nothing of what a command does. Config.Run is given each Command and
// is its process: it reads Stdin, writes Stdout and Stderr, and calls Exit. Nor
// does it know the world behind the host; Config.Answers is asked whether anybody
// is at home, and Reset is what a reboot looks like from the wire.
//
// Times here are the protocol's and therefore real; the lab's own clock does not
// apply to them.
//
// The handshake is package ntlm's. Sources: [MS-WSMV] 2.2.9.1 and 3.1 for sealed
// messages and shells, DSP0226 for WS-Management.
package wsman
