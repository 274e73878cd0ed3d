package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
)

// BenchmarkRollback rolls the four servers of the practice estate back, from the approval
// until the card says done: second look, doors, evidence, power, reverts, boots and proof.
// Every task of vCenter takes half a second, and a minute of the world one second, so that
// a boot takes seconds. Beside it stand the tasks and boots alone, in the same order and
// as much together as it allows, by govmomi: the sum of the slowest.
func BenchmarkRollback(b *testing.B) {
	for _, by := range []string{"bot", "bare"} {
		b.Run("by="+by, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := openPractice(b)
				s.plant.slack.Hurry = true
				s.startBot()
				pace := 1000
				if err := s.lab.World.Set(world.Condition{Field: "pace", Number: &pace}); err != nil {
					b.Fatal(err)
				}
				s.say("Ana", "/itms quiesce")
				s.press("Ben", "Approve", "R-1")
				s.sees("Quiesce the estate (1.4): done")
				s.say("Ana", "/itms rollback")
				s.sees("Roll the estate back (back out): approval needed")
				s.lab.VCenter.SetDelay(vcenter.Delay{Real: 500 * time.Millisecond})
				pace = 60
				if err := s.lab.World.Set(world.Condition{Field: "pace", Number: &pace}); err != nil {
					b.Fatal(err)
				}
				if by == "bare" {
					s.stopBot()
					b.StartTimer()
					s.backByHand(b)
					b.StopTimer()
				} else {
					b.StartTimer()
					s.press("Dora", "Approve", "R-2")
					s.sees("Roll the estate back (back out): done")
					b.StopTimer()
					s.stopBot()
				}
				for _, h := range s.lab.World.Truth().Hosts {
					if h.Power != world.PowerOn {
						b.Errorf("%s is %s", h.Name, h.Power)
					}
				}
				b.StartTimer()
			}
		})
	}
}

// backByHand does to the machines what a rollback does, and nothing beside it.
func (s *stage) backByHand(b *testing.B) {
	b.Helper()
	ctx, cancel := s.within()
	defer cancel()
	down := []string{"GW1", "SITE1", "SMP1", "SQL1"}
	for _, name := range down {
		vm, leave := s.byHand(b, ctx, name)
		if err := vm.ShutdownGuest(ctx); err != nil {
			b.Fatal(err)
		}
		s.untilSo(b, ctx, name, func(h world.HostTruth) bool { return h.Power == world.PowerOff })
		leave()
	}
	var back sync.WaitGroup // waited for below
	for _, name := range down {
		back.Go(func() {
			vm, leave := s.byHand(b, ctx, name)
			defer leave()
			task, err := vm.RevertToCurrentSnapshot(ctx, true)
			if err == nil {
				err = task.Wait(ctx)
			}
			if err != nil {
				b.Error(err)
			}
		})
	}
	back.Wait()
	for i := range down {
		name := down[len(down)-1-i]
		vm, leave := s.byHand(b, ctx, name)
		task, err := vm.PowerOn(ctx)
		if err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			b.Fatal(err)
		}
		s.untilSo(b, ctx, name, func(h world.HostTruth) bool {
			return h.Power == world.PowerOn && h.ServicesRunning == h.ServicesTotal
		})
		leave()
	}
}

// untilSo waits until something is so on a host of the world.
func (s *stage) untilSo(b *testing.B, ctx context.Context, name string, ok func(world.HostTruth) bool) {
	b.Helper()
	for {
		seen := s.lab.World.Version()
		for _, h := range s.lab.World.Truth().Hosts {
			if h.Name == name && ok(h) {
				return
			}
		}
		if _, err := s.lab.World.Wait(ctx, seen); err != nil {
			b.Fatalf("%s never was so", name)
		}
	}
}
