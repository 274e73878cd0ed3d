package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// webBurst is the most requests that one condition makes.
const webBurst = 10_000

// setWeb has an address ask IIS for something now, whatever the firewall says: as
// somebody does who comes in by a way that nobody thought of.
func setWeb(w *World, h *host, c Condition) error {
	from, err := netip.ParseAddr(c.Name)
	path := c.Word
	if path == "" {
		path = pathPolicies
	}
	switch {
	case !h.hasIIS():
		return errNoIIS(h)
	case err != nil:
		return fmt.Errorf("%q is no address", c.Name)
	case *c.Number < 1 || *c.Number > webBurst:
		return fmt.Errorf("requests are 1 to %d at once, not %d", webBurst, *c.Number)
	case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n"):
		return fmt.Errorf("%q is no path", path)
	}
	w.asked(h, httpsPort, from.WithZone(""), path, *c.Number)
	return nil
}

// setWebLog says how IIS writes its log from now on, or takes its files away.
func setWebLog(_ *World, h *host, c Condition) error {
	switch {
	case !h.hasIIS():
		return errNoIIS(h)
	case c.Word == "gone":
		h.system.web.calls, h.system.web.index = nil, nil
		return nil
	case !slices.Contains(WebFormats(), c.Word):
		return fmt.Errorf("a log of IIS is %s or gone, not %q", strings.Join(WebFormats(), ", "), c.Word)
	}
	h.system.web.format = c.Word
	if c.Word == WebW3C {
		h.system.web.format = ""
	}
	return nil
}

func errNoIIS(h *host) error { return fmt.Errorf("%s has no IIS; SMP1 and SITE1 have", h.name) }
