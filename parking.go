package main

import (
	"context"
	"fmt"
	"slices"

	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/runbook"
	"itmsbot/store"
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

// logins are the accounts that the plant uses, each once.
func (p plant) logins() []*trust.Login {
	var all []*trust.Login
	for _, h := range p.hosts {
		all = append(all, h.Login, h.Rescue)
	}
	if p.cmdb != nil {
		all = append(all, p.cmdb.Login)
	}
	if p.vcenter != nil {
		all = append(all, p.vcenter.Login)
	}
	var once []*trust.Login
	for _, l := range all {
		if l != nil && !slices.Contains(once, l) {
			once = append(once, l)
		}
	}
	return once
}

// hearParked lets the accounts tell of their parking, which is written down by
// tellParked: whoever is logging on must not wait for the disk.
func (w *wired) hearParked(logins []*trust.Login) {
	w.parked = make(chan runbook.ParkedBody, 4*len(logins)+1)
	for _, l := range logins {
		l.Parked = func(peer string) {
			select {
			case w.parked <- runbook.ParkedBody{Account: l.String(), Peer: peer}:
			default:
				w.log.Error("an account was refused, and more are than can be told", "account", l.String(), "peer", peer)
			}
		}
	}
}

// tellParked writes each parking into the trail, from which the channel is told,
// until ctx ends.
func (w *wired) tellParked(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-w.parked:
			err := w.room.patiently(func() error {
				return w.room.note(w.store.Append(func(t *store.Tx) error {
					u, err := t.Upgrade()
					if err != nil {
						return err
					}
					return record(t, u.ID, runbook.Parked, b)
				}))
			})
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("write down that %s was refused: %w", b.Account, err)
			}
		}
	}
}
