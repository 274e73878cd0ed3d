// Package world is the simulated estate behind the practice servers: four hosts
// with their firewalls, services and disks, five thousand managed computers that
// come and go through those firewalls, an event queue that fills and drains, and
// one clock for all of it.
//
// It promises to be coherent and repeatable. A client arrives only where a host is
// up and its firewall lets that address in; who is refused keeps its events and
// brings them later, so that no event is ever lost or invented; what a closed door
// cuts off ends within three minutes. The same seed and the same calls give the
// same world, second by second. Everything is behind one mutex, and every reader
// sees one moment.
//
// It knows nothing of the protocols by which it is reached, of PowerShell, of the
// bot or of Slack. The servers beside it translate; what the bot cannot see, Truth
// tells the page.
//
// Firewall semantics follow reference/itms.md section 12: block beats allow, the
// active profile decides, what group policy brings stands beside the local rules.
// The numbers of a working site (drain rate, daily profile) are those of a small
// site on a Saturday; they are plausible, not measured.
package world
