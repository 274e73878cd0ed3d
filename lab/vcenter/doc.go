// Package vcenter is the practice vCenter: govmomi's simulator behind TLS, with
// the forty-four virtual machines of a small data centre. Four of them are the hosts
// of the simulated world, bound by BIOS UUID; one is a mirror copy that bears nearly
// the SMP's name.
//
// It promises what the simulator leaves out and a rollback depends on:
//
//   - Power follows the world both ways: what switches a machine off takes the
//     host's power, and a host that was switched off elsewhere is off here. A host
//     that reboots stays on.
//   - A snapshot keeps a copy of the host's state, a revert brings it back and
//     leaves the machine off, whatever it was before. Delta disks grow and take
//     their datastore's space, and layoutEx has them with their sizes; disks can need
//     consolidation, and get it. Somebody else can remove a snapshot (RemoveBy).
//   - Quiesce is ignored in silence where VMware Tools do not run, as by the real
//     product.
//   - A task takes its time, in the world's clock or in the real one. A second task
//     on the same machine is refused meanwhile. All times are the world's.
//   - Nothing is read without a session, which the simulator would allow.
//   - Faults strike on purpose (FaultKinds), and Stats counts every call by method,
//     so that a test can tell that nothing bypassed the wire.
//
// It knows nothing of the bot and of the adapter that is tested against it. It does
// not enforce roles and privileges, and it posts no events about snapshots.
//
// Facts about the simulator and about the real product are from reference/infra.md
// section D1.
package vcenter
