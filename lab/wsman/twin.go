package wsman

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"itmsbot/lab/world"
)

//go:embed twins.txt
var twinsText string

// bootstrapTwin is the twin of the bootstrap, which is powershell.go itself.
const bootstrapTwin = "bootstrap"

// twinEntry is one line of twins.txt.
type twinEntry struct {
	name     string
	compared string // the date on which script and twin were last compared
	twin     string
}

// parseTwins reads the list; the key is the SHA-256 of the text.
func parseTwins(text string) (map[string]twinEntry, error) {
	known := map[string]twinEntry{}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 4 || len(f[0]) != 2*sha256.Size {
			return nil, fmt.Errorf("twins.txt, line %d: want sha256, name, date and twin", n+1)
		}
		if _, err := time.Parse(time.DateOnly, f[2]); err != nil {
			return nil, fmt.Errorf("twins.txt, line %d: %w", n+1, err)
		}
		known[f[0]] = twinEntry{f[1], f[2], f[3]}
	}
	return known, nil
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// machine is the host on which a twin plays.
type machine struct {
	world   *world.World
	host    string
	command *Command // the process that plays it
}

// twin plays one script: its one object in, its one object out. The objects are maps
// with the script's own keys and not the structs of the product, so that a wrong key
// on either side shows.
type twin func(machine, json.RawMessage) (object, error)

// twins are all there are, by the name that twins.txt uses.
func twins() map[string]twin {
	return map[string]twin{
		"firewall-read":   firewallRead,
		"firewall-add":    firewallAdd,
		"firewall-copy":   firewallCopy,
		"firewall-switch": firewallSwitch,
		"firewall-remove": firewallRemove,
		"restore-arm":     restoreArm,
		"restore-disarm":  restoreDisarm,
		"closing-arm":     closingArm,
		"closing-disarm":  closingDisarm,

		"service-switch": serviceSwitch,

		"host-record":   hostRecord,
		"queue-read":    queueRead,
		"log-read":      logRead,
		"iis-read":      iisRead,
		"evidence-read": evidenceRead,
		"disk-read":     diskRead,
		"file-newest":   fileNewest,
		"reboot-read":   rebootRead,
		"reboot-lay":    rebootLay,
		"reboot-order":  rebootOrder,

		"selftest-facts":   selftestFacts,
		"selftest-input":   selftestInput,
		"selftest-throw":   selftestThrow,
		"selftest-exit":    selftestExit,
		"selftest-cmdlets": selftestCmdlets,
	}
}

// object is what PowerShell makes of a JSON object, and what it makes one of.
type object map[string]any

// exception is a terminating error of a script.
type exception struct {
	class   string // .NET's name for its type
	message string
}

func (e *exception) Error() string { return e.message }

// parseArgs reads the one parameter of a script.
func parseArgs(args json.RawMessage) (object, error) {
	var o object
	if err := json.Unmarshal(args, &o); err != nil {
		return nil, &exception{"System.ArgumentException", err.Error()}
	}
	return o, nil
}

// property is a value as strict mode reads it: one that is not there ends the script.
func property[T any](o object, name string) (T, error) {
	var zero T
	v, ok := o[name]
	if !ok {
		return zero, &exception{
			"System.Management.Automation.PropertyNotFoundException",
			fmt.Sprintf("The property '%s' cannot be found on this object. Verify that the property exists.", name),
		}
	}
	t, ok := v.(T)
	if !ok {
		return zero, &exception{
			"System.Management.Automation.PSInvalidCastException",
			fmt.Sprintf("Cannot convert the \"%v\" value of \"%s\".", v, name),
		}
	}
	return t, nil
}

// strings is a property that is a list of words.
func (o object) strings(name string) ([]string, error) {
	list, err := property[[]any](o, name)
	if err != nil {
		return nil, err
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprint(v)
	}
	return words, nil
}

// dotnetTime is a time as the scripts write it: UTC, whole seconds.
func dotnetTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// changing is what the changing scripts have in common: who the machine is, whether
// it is the one that was meant, and a report in which nothing has changed yet.
func (m machine) changing(args json.RawMessage) (in object, v world.View, out report, mine bool, err error) {
	if in, err = parseArgs(args); err != nil {
		return in, v, out, false, err
	}
	if v, err = m.world.Look(m.host); err != nil {
		return in, v, out, false, err
	}
	meant, err := property[string](in, "machine")
	if err != nil {
		return in, v, out, false, err
	}
	return in, v, report{view: v}, strings.EqualFold(meant, v.Machine), nil
}

// report collects what a changing script says at its end.
type report struct {
	view             world.View
	changed, missing []string
}

func (a report) object() object {
	return object{
		"machine": a.view.Machine,
		"name":    a.view.Name,
		"now":     dotnetTime(a.view.Now),
		"changed": append([]string{}, a.changed...),
		"missing": append([]string{}, a.missing...),
	}
}
