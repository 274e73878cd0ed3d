package winrm_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
)

// BenchmarkRun is one script on a connection that is there.
func BenchmarkRun(b *testing.B) {
	w := startWindows(b, nil)
	f := w.fleet(b, nil)
	for b.Loop() {
		if err := f.Run(b.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)); err != nil {
			b.Fatal(err)
		}
	}
	st := w.Stats()
	b.ReportMetric(float64(st.Requests)/float64(b.N), "requests/op")
	b.ReportMetric(float64(st.Handshakes), "logons")
}

// BenchmarkFiftyHosts asks fifty hosts at once, each of which takes 400 ms: what it
// takes beyond that is ours. The first time includes the log-ons, one after the other.
func BenchmarkFiftyHosts(b *testing.B) {
	const hosts, each = 50, 400 * time.Millisecond
	for _, fresh := range []bool{true, false} {
		b.Run(map[bool]string{true: "logging on", false: "logged on"}[fresh], func(b *testing.B) {
			all, f := manyHosts(b, hosts)
			ask := func() {
				var wg sync.WaitGroup
				for i, w := range all {
					wg.Go(func() {
						if err := f.Run(b.Context(), fmt.Sprint("H", i), estate.Look, look("wait 400ms"), w.args(), new(echoed)); err != nil {
							b.Error(err)
						}
						<-w.started
					})
				}
				wg.Wait()
			}
			if !fresh {
				ask()
			}
			var total time.Duration
			for b.Loop() {
				if fresh {
					for i := range all {
						f.Reconnect(fmt.Sprint("H", i))
					}
				}
				begin := time.Now()
				ask()
				total += time.Since(begin)
			}
			b.ReportMetric(float64(total/time.Duration(b.N)-each)/float64(time.Millisecond), "ms-beyond-slowest")
		})
	}
}

// manyHosts starts hosts H0, H1, … of one account.
func manyHosts(t testing.TB, n int) ([]*windows, *winrm.Fleet) {
	all := make([]*windows, n)
	var hosts []winrm.Host
	shared := login()
	for i := range all {
		all[i] = startWindows(t, nil)
		hosts = append(hosts, winrm.Host{Name: fmt.Sprint("H", i), URL: all[i].url, Login: shared})
	}
	f, err := winrm.New(hosts, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return all, f
}
