package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
)

// checkCMDB asks the SQL Server what of it can be read.
func checkCMDB(ctx context.Context, c *config.Config, as map[string]*trust.Login, now func() time.Time) []finding {
	instance := siteCMDB(c, as)
	if instance == nil {
		return []finding{{"cmdb", "", note, "none is configured: queue and backups cannot be judged"}}
	}
	server, err := sqlserver.New(*instance, sqlserver.Options{})
	if err != nil {
		return []finding{{"cmdb", "", bad, err.Error()}}
	}
	defer server.Close()
	asked := now()
	probe, err := server.Probe(ctx)
	if err != nil {
		return []finding{{"cmdb", "log-on", bad, adviceSQL(err)}}
	}
	list := []finding{{"cmdb", "log-on", good, fmt.Sprintf("%s, %s %s, as %s", probe.Server, probe.Edition, probe.Version, probe.Login)}}
	if !sameName(probe.Machine, c.CMDB.Host) {
		list = append(list, finding{"cmdb", "machine", note, fmt.Sprintf("the instance runs on %s, the configuration says %s", probe.Machine, c.CMDB.Host)})
	}
	if probe.Clustered || probe.Available {
		list = append(list, finding{"cmdb", "cluster", note, "the instance is a cluster member or has availability groups; a snapshot is no way back for it"})
	}
	for _, l := range probe.Looks {
		f := finding{"cmdb", l.Doing, good, "can be done"}
		if len(l.Missing) > 0 {
			f.stands, f.says = bad, (&estate.Missing{Objects: l.Missing}).Error()
		}
		list = append(list, f)
	}
	return append(list, skew("cmdb", asked, now(), probe.Now))
}

// adviceSQL is advice for what SQL Server says.
func adviceSQL(err error) string {
	next := map[estate.Trouble]string{
		estate.Unreachable: "is the instance up, does it listen on that port, and do firewalls in between let this machine through?",
		estate.Refused:     "check the account and its password; it was tried once and is not tried again",
		estate.Parked:      "a host refused the same account before; it is not tried again, so that it is not locked",
		estate.Untrusted:   "compare the certificate with ca, thumbprint and certificate_name",
		estate.Unavailable: "grant the account what deploy/cmdb-login.sql grants",
	}[estate.TroubleOf(err)]
	return told(err, next)
}

// checkVCenter looks whether each host's virtual machine is known for certain,
// and whether it could be snapshotted now.
func checkVCenter(ctx context.Context, fleet *winrm.Fleet, c *config.Config, as map[string]*trust.Login) []finding {
	cfg := siteVCenter(c, as, slog.New(slog.DiscardHandler))
	if cfg == nil {
		return []finding{{"vcenter", "", note, "none is configured: there are no snapshots, and quiesce is refused"}}
	}
	vms, err := vsphere.New(*cfg)
	if err != nil {
		return []finding{{"vcenter", "", bad, err.Error()}}
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup // waited for below: it logs off
	running.Go(func() { _ = vms.Run(serving) })
	defer running.Wait()
	defer stop()

	hosts := c.Machines().Hosts
	list := make([]finding, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() { list[i] = checkVM(ctx, fleet, vms, h) })
	}
	wg.Wait()
	return list
}

// checkVM finds the virtual machine of one host by its BIOS UUID, as a plan
// does.
func checkVM(ctx context.Context, fleet *winrm.Fleet, vms *vsphere.VCenter, h estate.Host) finding {
	f := finding{target: "vcenter", subject: h.Name, stands: bad}
	record, err := fleet.Record(ctx, h.Name, estate.Look)
	if err != nil {
		f.says = "its BIOS UUID is not known: " + advice(err)
		return f
	}
	found, err := vms.ByUUID(ctx, record.BIOS)
	if err != nil {
		f.says = told(err, "check url, login and certificate of vcenter, and that the account may read the folder of the servers")
		return f
	}
	vm, why := estate.BoundVM(record.BIOS, found)
	switch {
	case why != "":
		f.says = why
	case len(vm.Unsupported) > 0:
		f.says = fmt.Sprintf("%s (%s): a snapshot would not hold all of it: %s", vm.Name, vm.Ref, strings.Join(vm.Unsupported, "; "))
	case len(vm.SnapshotFaults()) > 0:
		f.stands, f.says = note, fmt.Sprintf("%s (%s): no snapshot could be begun now: %s", vm.Name, vm.Ref, strings.Join(vm.SnapshotFaults(), "; "))
	default:
		f.stands, f.says = good, fmt.Sprintf("%s (%s), %d snapshots", vm.Name, vm.Ref, len(vm.Snapshots))
	}
	if why != "" {
		return f
	}
	// That the account may not go back has to be known before the day.
	switch lacks, err := vms.Lacks(ctx, vm.Ref); {
	case err != nil:
		if f.says += "; what the account may do with it is not known: " + told(err, ""); f.stands == good {
			f.stands = note
		}
	case len(lacks) > 0:
		f.stands, f.says = bad, fmt.Sprintf("%s (%s): the account lacks %s on it", vm.Name, vm.Ref, strings.Join(lacks, ", "))
	}
	return f
}
