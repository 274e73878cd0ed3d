package vsphere_test

import (
	"context"
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
)

const (
	user     = `LAB\svc-itmsbot`
	password = "practice makes perfect"
)

// practice is a practice vCenter and a way to it.
type practice struct {
	world  *world.World
	server *vcenter.Server
	vc     *vsphere.VCenter
}

// start makes both; change may alter the way to it.
func start(t testing.TB, change ...func(*vcenter.Config, *vsphere.Config)) practice {
	t.Helper()
	w := world.New(world.Options{Manual: true, Managed: 20})
	lab := vcenter.Config{World: w, User: user, Password: password, Neighbours: 1}
	var to vsphere.Config
	for _, c := range change {
		c(&lab, &to)
	}
	s, err := vcenter.New(lab)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	return practice{w, s, dial(t, s, to)}
}

// serve runs a server to the end of the test.
func serve(t testing.TB, s *vcenter.Server) {
	t.Helper()
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
}

// dial gives a way to a server that its configuration does not say otherwise.
func dial(t testing.TB, s *vcenter.Server, c vsphere.Config) *vsphere.VCenter {
	t.Helper()
	c.Name = "vcenter"
	if c.URL == "" {
		c.URL = s.URL()
	}
	if c.Login == nil {
		c.Login = login(func() (string, error) { return password, nil })
	}
	if !c.Peer.Known() {
		c.Roots = s.Roots()
	}
	v, err := vsphere.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// login is the account of the tests.
func login(password func() (string, error)) *trust.Login {
	return &trust.Login{User: user, Password: password}
}

// nowhere is a way to a vCenter that is not there: what it gets by is refused before
// anything is sent.
func nowhere(t testing.TB) *vsphere.VCenter {
	t.Helper()
	v, err := vsphere.New(vsphere.Config{URL: "https://127.0.0.1:1", Peer: trust.Peer{Roots: x509.NewCertPool()},
		Login: login(func() (string, error) { return password, nil })})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// soon is a context that ends a test which hangs.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// host finds the machine that a host of the world is, by its BIOS UUID.
func (p practice) host(t testing.TB, name string) estate.VM {
	t.Helper()
	for _, m := range p.world.Machines() {
		if m.Host != name {
			continue
		}
		found, err := p.vc.ByUUID(soon(t), m.BIOS)
		if err != nil {
			t.Fatal(err)
		}
		vm, why := estate.BoundVM(m.BIOS, found)
		if why != "" {
			t.Fatal(why)
		}
		return vm
	}
	t.Fatalf("there is no host %s", name)
	return estate.VM{}
}

// done waits for a task that was begun.
func (p practice) done(t testing.TB, ref estate.TaskRef, err error) estate.Task {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	task, err := p.vc.Task(soon(t), ref)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// again looks at a machine once more.
func (p practice) again(t testing.TB, vm estate.VM) estate.VM {
	t.Helper()
	vm, err := p.vc.VM(soon(t), vm.Ref)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func order(key string) estate.SnapshotOrder {
	return estate.SnapshotOrder{Name: "before the upgrade", Key: key, Quiesce: true}
}

// named finds a machine by its name, which the product never does.
func (p practice) named(t testing.TB, name string) estate.VM {
	t.Helper()
	vms, err := p.vc.ByUUID(soon(t), p.server.UUID(name))
	if err != nil || len(vms) != 1 {
		t.Fatalf("machine %s: %d found, %v", name, len(vms), err)
	}
	return vms[0]
}
