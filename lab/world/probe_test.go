package world

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	t0 := time.Now()
	w := New(Options{Manual: true})
	fmt.Println("new", time.Since(t0))
	show := func() {
		tr := w.Truth()
		fmt.Println(tr.Now.Format("Mon 15:04"), tr.Queue.Database, tr.Queue.Files, tr.Queue.PerMinute, tr.Queue.Word, tr.Clients.Connected, tr.Clients.ByHost, tr.Clients.Backlog, tr.Clients.ArrivalsOutside)
		for _, h := range tr.Hosts {
			fmt.Print(h.Name, " ", h.Doors, h.OpenRules, h.Answers, " ", h.ServicesRunning, "/", h.ServicesTotal, "; ")
		}
		fmt.Println()
	}
	show()
	b, _ := json.Marshal(w.Truth().Queue)
	fmt.Println(string(b))
	for i := 0; i < 20; i++ {
		w.Advance(time.Minute)
	}
	show()
	for _, h := range []string{"SMP1", "SITE1", "GW1"} {
		for _, r := range []string{"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-CEM-4726", "ITMS-Tasks-50120-50124", "SMP-Internet-Gateway"} {
			w.DisableRule(h, r)
		}
	}
	for i := 0; i < 16; i++ {
		show()
		w.Advance(time.Minute)
	}
	show()
	for _, h := range []string{"SMP1", "SITE1", "GW1"} {
		for _, r := range []string{"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-CEM-4726", "ITMS-Tasks-50120-50124", "SMP-Internet-Gateway"} {
			w.EnableRule(h, r)
		}
	}
	for i := 0; i < 10; i++ {
		show()
		w.Advance(2 * time.Minute)
	}
	t0 = time.Now()
	for i := 0; i < 60; i++ {
		w.Advance(time.Hour)
		if i%4 == 0 {
			show()
		}
	}
	fmt.Println(time.Since(t0))
}
