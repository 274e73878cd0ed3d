package lab

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// testFaultPanel breaks vCenter and the SQL Server by the panel of a whole lab, and
// mends them.
func testFaultPanel(t *testing.T, browser context.Context) {
	l, _ := run(t)
	ctx := open(t, browser, &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}, "")
	do(t, ctx, chromedp.KeyEvent(kb.F8))
	waitFor(t, ctx, `document.querySelectorAll('#panel-faults form.box select option[value^="vcenter."]').length > 10`)
	choose := func(kind string) {
		t.Helper()
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`(() => {
			const kind = document.querySelector('#panel-faults form.box select');
			kind.value = '`+kind+`';
			kind.dispatchEvent(new Event('change'));
		})()`))
	}
	offered := func() string {
		t.Helper()
		return evaluate[string](t, ctx, `(() => {
			const form = document.querySelector('#panel-faults form.box');
			const targets = [...form.querySelectorAll('select')[1].options].map((o) => o.textContent).join(', ');
			return [form.querySelector('.about').textContent, targets, form.querySelector('.two').hidden ? 'lasts' : 'counted'].join(' | ');
		})()`)
	}
	press := func(target string) {
		t.Helper()
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`(() => {
			const form = document.querySelector('#panel-faults form.box');
			form.querySelectorAll('select')[1].value = '`+target+`';
			form.requestSubmit();
		})()`))
	}

	choose("vcenter.no-tools")
	if got, want := offered(), "VMware Tools in the guest do not answer. | every machine, SMP1, SQL1, SITE1, GW1, SMP1-mirror | lasts"; got != want {
		t.Errorf("the panel offers %q, want %q", got, want)
	}
	press("SQL1")
	waitFor(t, ctx, `document.querySelector('#panel-faults .fault')?.textContent === 'vCenter: no-tools SQL1Lasts until it is cleared.'`)
	choose("vcenter.down")
	if got := offered(); !strings.HasSuffix(got, " | vCenter | lasts") {
		t.Errorf("the panel offers %q", got)
	}
	choose("sql.slow")
	if got := offered(); !strings.Contains(got, "the event queue") || !strings.HasSuffix(got, "counted") {
		t.Errorf("the panel offers %q", got)
	}
	press("queue")
	waitFor(t, ctx, `[...document.querySelectorAll('#panel-faults .fault')].some((f) => f.textContent.includes('SQL Server: slow') && f.textContent.includes('Struck 0 of 1 times.'))`)
	if v, s := l.VCenter.Faults(), l.CMDB.Faults(); len(v) != 1 || v[0].VM != "SQL1" || len(s) != 1 || s[0].On != "queue" {
		t.Errorf("the servers have %+v and %+v", v, s)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('#panel-faults button')].find((b) => b.textContent === 'Clear all').click()`))
	waitFor(t, ctx, `document.querySelector('#panel-faults .fault') === null`)
	if left := len(l.VCenter.Faults()) + len(l.CMDB.Faults()); left != 0 {
		t.Errorf("%d faults are left", left)
	}

	// The conditions below it change the world, and the estate panel says so.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#panel-faults button[aria-label="Set Clock, seconds ahead"]').click()`))
	waitFor(t, ctx, `document.querySelector('#panel-estate .server')?.textContent.includes('Its clock is 3,600 s ahead.')`)
	if h := l.World.Truth().Hosts[0]; h.ClockSeconds != 3600 {
		t.Errorf("the clock of %s is %d s ahead", h.Name, h.ClockSeconds)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#panel-faults button[aria-label="Set Newest backup, hours old"]').click()`))
	waitFor(t, ctx, `[...document.querySelectorAll('#panel-faults .refused')].every((p) => p.textContent === '')`)

	set := func(label string) {
		t.Helper()
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#panel-faults button[aria-label="Set `+label+`"]').click()`))
	}
	// An upgrade that went back in part is two versions that do not belong together.
	before := l.take(t, "SQL1", "before 8.1")
	set("Upgraded by hand")
	waitFor(t, ctx, `[...document.querySelectorAll('#panel-estate .server')].some((s) => s.textContent.includes('CMDB 8.1'))`)
	if err := l.World.RevertHost(strings.TrimPrefix(string(before().Snapshots[0].Ref), "VirtualMachineSnapshot:")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, `document.querySelector('#panel-estate').textContent.includes('The SMP is 8.1: they do not belong together.')`)
	// The list of snapshots is that of the moment.
	const snapshots = `document.querySelector('#panel-faults select[aria-label="Somebody removes a snapshot"]').options.length`
	waitFor(t, ctx, snapshots+` === 1`)
	set("Somebody removes a snapshot")
	waitFor(t, ctx, snapshots+` === 0`)
	if left := before().Snapshots; len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}
