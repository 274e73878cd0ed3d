package lab

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// HostDocument is how to reach one Windows machine: a server of the estate, or one of
// the two test clients, whose role is "client".
type HostDocument struct {
	Name string `json:"name"`
	Role string `json:"role"`
	// VM is its virtual machine's name in vCenter; empty for a workstation.
	VM string `json:"vm"`
	// WinRM seals with NTLM. WinRMHTTPS takes NTLM, bound to the certificate or not,
	// and Basic; CA vouches for its certificate.
	WinRM      string `json:"winrm"`
	WinRMHTTPS string `json:"winrm_https"`
	Domain     string `json:"domain"`
	User       string `json:"user"`
	Password   string `json:"password"`
	// LocalUser is an account of the machine itself, which gets in although the domain
	// does not trust the machine any more.
	LocalUser     string `json:"local_user"`
	LocalPassword string `json:"local_password"`
	CA            string `json:"ca"` // PEM
}

// The endings of a listener's name, by which the lab finds it.
const (
	overHTTP  = " http"
	overHTTPS = " https"
)

// startHosts gives every server and test client of the world its WinRM listeners. A
// connection from this machine is one from the bot's address in the world, so that
// the world's firewall decides whether it is answered.
func (l *Lab) startHosts() error {
	password := rand.Text()
	vms := map[string]string{}
	for _, m := range l.World.Machines() {
		vms[m.Host] = m.Host
	}
	truth := l.World.Truth()
	for _, h := range append(truth.Hosts, truth.TestClients...) {
		doc := HostDocument{Name: h.Name, Role: h.Role, VM: vms[h.Name], Domain: domain, User: account, Password: password,
			LocalUser: rescue, LocalPassword: rand.Text(), CA: string(l.authority.PEM())}
		if err := l.startHost(&doc); err != nil {
			return fmt.Errorf("remote management of %s: %w", h.Name, err)
		}
		l.doc.Hosts = append(l.doc.Hosts, doc)
	}
	// A host that loses its power drops whoever is connected, in the same moment.
	l.World.OnPowerLoss(func(host string) { l.Hosts[host].Reset() })
	return nil
}

// certify makes the certificate of a machine of the estate.
func (l *Lab) certify(machine string) (*tls.Certificate, error) {
	name := strings.ToLower(machine)
	return l.authority.Issue(name+".lab.example", name)
}

// accounts looks up who can log on to a machine. The domain answers for its own account,
// as long as it trusts the machine that asks; the machine answers for its local one.
func (l *Lab) accounts(doc HostDocument) func(user, in string) (password string, ok bool) {
	return func(user, in string) (string, bool) {
		switch local := in == "" || strings.EqualFold(in, doc.Name); {
		case strings.EqualFold(user, doc.LocalUser) && local:
			return doc.LocalPassword, true
		case strings.EqualFold(user, doc.User) && l.World.Trusts(doc.Name):
			return doc.Password, true
		}
		return "", false
	}
}

// startHost opens the listeners of one machine and writes them into its document.
func (l *Lab) startHost(doc *HostDocument) error {
	certificate, err := l.certify(doc.Name)
	if err != nil {
		return err
	}
	inside, err := l.World.Inside(doc.Name)
	if err != nil {
		return err
	}
	name := doc.Name
	l.Hosts[name] = wsman.New(wsman.Config{Name: name, Domain: domain, Certificate: certificate, Windows: inside.Windows, AllowBasic: true, Log: l.log,
		Password: l.accounts(*doc),
		Run:      wsman.PowerShell(l.World, name),
		Answers: func(_ netip.AddrPort, port int) bool {
			return l.World.Answers(name, netip.MustParseAddr(world.BotAddress), port)
		}})
	for scheme, url := range map[string]*string{overHTTP: &doc.WinRM, overHTTPS: &doc.WinRMHTTPS} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		l.listeners[name+scheme] = ln
		*url = scheme[1:] + "://" + ln.Addr().String() + "/wsman"
	}
	return nil
}
