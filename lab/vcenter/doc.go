// Package vcenter is the practice vCenter: govmomi's simulator behind TLS, with
// the virtual machines of a small data centre, four of which are the hosts of the
// simulated world.
package vcenter
