// Package vsphere reaches virtual machines through vCenter: it reads them, and
// it starts snapshots, reverts, removals and power changes and follows what
// becomes of them.
//
// What it promises:
//
//   - Nothing is sent to a peer that has not proved itself: the certificate is
//     verified against given roots or a given thumbprint. There is no insecure
//     mode.
//   - A virtual machine is acted on by its managed object reference, a snapshot
//     by its own. No name is ever looked up.
//   - What takes time is started once. The call returns the task's reference as
//     soon as vCenter has made the task; Task finds it again under that reference
//     from any session, also after a restart. A wait that is given up stops
//     nothing.
//   - A change whose acceptance could not be read is estate.Unknown: the caller
//     looks for the key in the snapshots' descriptions. It is never sent again
//     from here, except when vCenter said that it did not know the session and so
//     had done nothing.
//   - A refused log-on is tried once. The account is then parked wherever its
//     trust.Login is used, until somebody has looked, because vCenter locks accounts.
//   - Each call ends with the caller's context or with a limit of Options.
//
// It knows nothing of plans, steps and approvals, and nothing of Windows: which
// host a machine is follows from the BIOS UUID that the host itself reports, and
// estate.BoundVM decides it.
//
// Sources: the vSphere Web Services API, reference/infra.md section D.
package vsphere
