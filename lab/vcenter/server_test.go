package vcenter

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

const (
	user     = `LAB\svc-itmsbot`
	password = "practice makes perfect"
)

// bench is a server and a client of govmomi's own, without the bot's adapter.
type bench struct {
	*Server
	world *world.World
	c     *vim25.Client
}

func start(t testing.TB, change ...func(*Config)) bench {
	t.Helper()
	w := world.New(world.Options{Manual: true, Managed: 20})
	cfg := Config{World: w, User: user, Password: password, Neighbours: 1}
	for _, c := range change {
		c(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	g.Go(func() {
		if err := s.Run(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		g.Wait()
	})
	return bench{s, w, logOn(t, s)}
}

// dial makes a client without a session, which trusts the server's authority alone.
func dial(t testing.TB, s *Server) *vim25.Client {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	sc := soap.NewClient(u, false)
	sc.DefaultTransport().TLSClientConfig.RootCAs = s.Roots()
	c, err := vim25.NewClient(soon(t), sc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sc.CloseIdleConnections)
	return c
}

func logOn(t testing.TB, s *Server) *vim25.Client {
	t.Helper()
	c := dial(t, s)
	if err := session.NewManager(c).Login(soon(t), url.UserPassword(user, password)); err != nil {
		t.Fatal(err)
	}
	return c
}

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// vm finds a machine by the UUID that the server says it has.
func (b bench) vm(t testing.TB, name string) *object.VirtualMachine {
	t.Helper()
	ref, err := object.NewSearchIndex(b.c).FindAllByUuid(soon(t), nil, b.UUID(name), true, nil)
	if err != nil || len(ref) != 1 {
		t.Fatalf("machine %s: %v, %v", name, ref, err)
	}
	return object.NewVirtualMachine(b.c, ref[0].Reference())
}

// look reads a machine.
func (b bench) look(t testing.TB, name string) mo.VirtualMachine {
	t.Helper()
	var o mo.VirtualMachine
	vm := b.vm(t, name)
	if err := vm.Properties(soon(t), vm.Reference(), []string{"name", "snapshot", "rootSnapshot", "runtime", "summary.runtime", "guest", "config.uuid", "datastore"}, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// ended waits for a task and gives how it ended.
func ended(t testing.TB, task *object.Task, err error) types.TaskInfo {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	info, err := task.WaitForResult(soon(t), nil)
	if info == nil {
		t.Fatal(err)
	}
	return *info
}

func TestFortyFourMachines(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Neighbours = 0 })
	var vms []mo.VirtualMachine
	pc := property.DefaultCollector(b.c)
	var refs []types.ManagedObjectReference
	for _, e := range b.registry().All("VirtualMachine") {
		refs = append(refs, e.Reference())
	}
	if err := pc.Retrieve(soon(t), refs, []string{"name", "config.uuid", "config.hardware.device", "runtime.powerState", "parent"}, &vms); err != nil {
		t.Fatal(err)
	}
	if len(vms) != 44 {
		t.Errorf("%d machines", len(vms))
	}
	uuids := map[string]string{}
	for _, vm := range vms {
		if other, twice := uuids[vm.Config.Uuid]; twice {
			t.Errorf("%s and %s have one UUID", vm.Name, other)
		}
		uuids[vm.Config.Uuid] = vm.Name
	}
	for _, m := range b.world.Machines() {
		if uuids[m.BIOS] != m.Host {
			t.Errorf("the BIOS UUID of %s is that of %q", m.Host, uuids[m.BIOS])
		}
	}
	if b.UUID(mirror) == "" || b.UUID("nobody") != "" {
		t.Errorf("mirror %q, nobody %q", b.UUID(mirror), b.UUID("nobody"))
	}
}

func TestNothingIsReadWithoutASession(t *testing.T) {
	t.Parallel()
	b := start(t)
	stranger := dial(t, b.Server)
	vm := b.vm(t, "SMP1").Reference()
	var o mo.VirtualMachine
	err := property.DefaultCollector(stranger).RetrieveOne(soon(t), vm, []string{"name"}, &o)
	if !fault.Is(err, &types.NotAuthenticated{}) || o.Name != "" {
		t.Errorf("a stranger reads %q, %v", o.Name, err)
	}
	if _, err := object.NewVirtualMachine(stranger, vm).PowerOff(soon(t)); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("a stranger switches off: %v", err)
	}
	for name, who := range map[string]*url.Userinfo{
		"wrong password": url.UserPassword(user, "guess"),
		"wrong user":     url.UserPassword("LAB\\administrator", password),
		"nobody":         url.UserPassword("", ""),
	} {
		if err := session.NewManager(stranger).Login(soon(t), who); !fault.Is(err, &types.InvalidLogin{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if power := b.look(t, "SMP1").Runtime.PowerState; power != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("SMP1 is %s", power)
	}
}

func TestPowerFollowsTheWorldBothWays(t *testing.T) {
	t.Parallel()
	b := start(t)
	power := func() world.Power { return b.world.Truth().Hosts[2].Power }
	vm := b.vm(t, "SITE1")

	task, err := vm.PowerOff(soon(t))
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess || power() != world.PowerOff {
		t.Errorf("off: %s, the host is %s", info.State, power())
	}
	if err := b.world.PowerOn("SITE1"); err != nil {
		t.Fatal(err)
	}
	o := b.look(t, "SITE1")
	if o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || o.Guest.ToolsRunningStatus != "guestToolsNotRunning" {
		t.Errorf("while it boots: %s, tools %s", o.Runtime.PowerState, o.Guest.ToolsRunningStatus)
	}
	b.world.Advance(5 * time.Minute)
	if o = b.look(t, "SITE1"); o.Guest.ToolsRunningStatus != "guestToolsRunning" || o.Summary.Runtime.PowerState != o.Runtime.PowerState {
		t.Errorf("after the boot: tools %s, summary %s", o.Guest.ToolsRunningStatus, o.Summary.Runtime.PowerState)
	}
	if err := vm.RebootGuest(soon(t)); err != nil || power() != world.PowerStarting {
		t.Errorf("reboot: %v, the host is %s", err, power())
	}
	if o = b.look(t, "SITE1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("a machine that reboots is %s", o.Runtime.PowerState)
	}
	if err := b.world.PowerOff("SITE1"); err != nil {
		t.Fatal(err)
	}
	if o = b.look(t, "SITE1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("a host that was switched off elsewhere is %s", o.Runtime.PowerState)
	}
	task, err = vm.PowerOn(soon(t))
	ended(t, task, err)
	task, err = vm.Reset(soon(t))
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess || power() != world.PowerStarting {
		t.Errorf("reset: %s, the host is %s", info.State, power())
	}
	if _, err := vm.Suspend(soon(t)); !fault.Is(err, &types.NotSupported{}) {
		t.Errorf("suspend: %v", err)
	}
}

func TestClockIsTheWorlds(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.world.Advance(36 * time.Hour)
	now, err := methods.GetCurrentTime(soon(t), b.c)
	if err != nil || !now.Equal(b.world.Now()) {
		t.Errorf("vCenter says %v, the world %v; %v", now, b.world.Now(), err)
	}
}

func TestCloseEndsTasksUndone(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Delay = Delay{World: time.Hour} })
	if _, err := b.vm(t, "GW1").PowerOff(soon(t)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if power := b.world.Truth().Hosts[3].Power; power != world.PowerOn {
		t.Errorf("the host is %s", power)
	}
	if task, fault := b.begin(b.context(), b.vmRef("GW1"), "PowerOffVM", nil); fault == nil {
		t.Errorf("a closed server began %s", task)
	}
}

// vmRef finds a machine in the registry.
func (s *Server) vmRef(name string) types.ManagedObjectReference { return s.machine(name).Self }

func TestServersThatCannotBe(t *testing.T) {
	t.Parallel()
	w := world.New(world.Options{Manual: true, Managed: 20})
	for name, cfg := range map[string]Config{
		"no world":    {User: user, Password: password},
		"no user":     {World: w, Password: password},
		"no password": {World: w, User: user},
	} {
		if s, err := New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
			_ = s.Close()
		}
	}
	s, err := New(Config{World: w, User: user, Password: password, Neighbours: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // without Run
		t.Error(err)
	}
	if err := s.Run(t.Context()); err != nil {
		t.Errorf("run after close: %v", err)
	}
}
