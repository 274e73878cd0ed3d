package main

import (
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
)

// parking is where the accounts wait that somebody has refused.
type parking struct {
	fleet *winrm.Fleet
	cmdb  *sqlserver.Server // nil where none is configured
	vms   *vsphere.VCenter  // the same
}

// Unpark lets the account of host be tried once more, and those of SQL Server and
// vCenter: a step on any host may have been theirs to refuse, and neither has a
// name by which a person could ask for it.
func (p parking) Unpark(host string) {
	p.fleet.Unpark(host)
	if p.cmdb != nil {
		p.cmdb.Unpark()
	}
	if p.vms != nil {
		p.vms.Unpark()
	}
}
