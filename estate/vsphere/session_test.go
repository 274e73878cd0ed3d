package vsphere_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

func TestLostSessionIsMadeAnew(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	for _, method := range []string{"CurrentTime", "RetrievePropertiesEx", "CreateSnapshot_Task"} {
		logins := p.server.Stats().Calls["Login"]
		if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Method: method, Count: 1}); err != nil {
			t.Fatal(err)
		}
		ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order("itmsbot "+method))
		if task := p.done(t, ref, err); task.State != estate.TaskSuccess {
			t.Fatalf("%s: %+v", method, task)
		}
		if found := p.again(t, vm).Keyed("itmsbot " + method); len(found) != 1 {
			t.Errorf("%s: %d snapshots", method, len(found))
		}
		if n := p.server.Stats().Calls["Login"] - logins; n != 1 {
			t.Errorf("%s: %d log-ons", method, n)
		}
	}
	if n := p.server.Stats().Tasks["CreateSnapshot_Task"]; n != 3 {
		t.Errorf("%d snapshots were begun, want 3", n)
	}
}

func TestOneLogOnForAll(t *testing.T) {
	t.Parallel()
	p := start(t)
	ref := p.host(t, "SMP1").Ref
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Count: 1}); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	for range 20 {
		g.Go(func() {
			if _, err := p.vc.VM(soon(t), ref); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if n := p.server.Stats().Calls["Login"]; n != 2 {
		t.Errorf("%d log-ons, want one before and one after the session was lost", n)
	}
}

// vCenter locks an account that is tried too often.
func TestRefusedLogOnIsTriedOnce(t *testing.T) {
	t.Parallel()
	given := "wrong"
	var log bytes.Buffer
	p := start(t, func(_ *vcenter.Config, c *vsphere.Config) {
		c.Login = login(func() (string, error) { return given, nil })
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	smp := estate.VMRef("VirtualMachine:vm-1")
	_, err := p.vc.VM(soon(t), smp)
	if estate.TroubleOf(err) != estate.Refused || !strings.Contains(err.Error(), "does not accept this user") {
		t.Fatalf("wrong password: %v", err)
	}
	for range 3 {
		if _, err := p.vc.VM(soon(t), smp); estate.TroubleOf(err) != estate.Parked {
			t.Errorf("afterwards: %v", err)
		}
	}
	if n := p.server.Stats().Calls["Login"]; n != 1 {
		t.Errorf("%d log-ons were tried", n)
	}
	given = password
	p.vc.Unpark()
	p.host(t, "SMP1")
	for _, secret := range []string{"wrong", password} {
		if strings.Contains(log.String()+err.Error(), `"`+secret) || strings.Contains(log.String(), password) {
			t.Errorf("a password is in the log or in an error:\n%s%v", log.String(), err)
		}
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := errors.New("the vault is closed")
	p := start(t, func(_ *vcenter.Config, c *vsphere.Config) {
		c.Login = login(func() (string, error) { return "", broken })
	})
	for range 2 { // nothing was refused, so nothing is parked
		_, err := p.vc.VM(soon(t), "VirtualMachine:vm-1")
		if estate.TroubleOf(err) != estate.Unreachable || !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	}
	if n := p.server.Stats().Calls["Login"]; n != 0 {
		t.Errorf("%d log-ons without a password", n)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.vc.KeepAlive(soon(t))
	if n := len(p.server.Stats().Calls); n != 0 {
		t.Fatalf("without a session it made calls: %v", p.server.Stats().Calls)
	}
	vm := p.host(t, "SMP1")
	before := p.server.Stats().Calls
	p.vc.KeepAlive(soon(t))
	if n := p.server.Stats().Calls["CurrentTime"] - before["CurrentTime"]; n != 1 {
		t.Errorf("%d calls to keep the session alive", n)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Count: 1}); err != nil {
		t.Fatal(err)
	}
	p.vc.KeepAlive(soon(t))
	if n := p.server.Stats().Calls["Login"]; n != 1 {
		t.Errorf("keeping alive logged on: %d log-ons", n)
	}
	p.again(t, vm)
	if n := p.server.Stats().Calls["Login"]; n != 2 {
		t.Errorf("%d log-ons after the session was lost, want 2", n)
	}
}

func TestRunLogsOff(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.vc.Run(ended); err != nil {
		t.Fatal(err)
	}
	if n := p.server.Stats().Calls["Logout"]; n != 1 {
		t.Errorf("%d times logged off", n)
	}
	p.again(t, vm) // a call afterwards logs on once more
}

func TestCallGivenUpReturnsAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSlow, Count: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := p.vc.VM(ctx, vm.Ref)
	if estate.TroubleOf(err) != estate.Unreachable || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
