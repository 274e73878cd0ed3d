package world

import (
	"container/heap"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// The roles, as the bot's configuration names them too.
const (
	roleSMP     = "smp"
	roleSQL     = "sql"
	roleSite    = "site"
	roleGateway = "gateway"
	roleClient  = "client"
)

// Local ports (reference/itms.md section 11).
const (
	httpPort   = 80
	httpsPort  = 443
	cemPort    = 4726  // gateway to SMP
	tasksPort  = 50124 // agent to task server
	winrmPort  = 5985
	winrmsPort = 5986 // the same over TLS
)

// Where programs are.
const (
	kernel  = "System" // http.sys, SMB
	svchost = `C:\Windows\System32\svchost.exe`
	objHost = `C:\Program Files\Altiris\Altiris Agent\Agents\ClientTaskServer\AtrsHost.exe`
	agent   = `C:\Program Files\Altiris\Altiris Agent\AeXNSAgent.exe`
	apache  = `C:\Program Files\Symantec\SMP Internet Gateway\Apache\bin\httpd.exe`
	sqlserv = `C:\Program Files\Microsoft SQL Server\MSSQL13.MSSQLSERVER\MSSQL\Binn\sqlservr.exe`
)

// site makes the four servers of the method's estate, running since the last patch
// day before start.
func site(start time.Time) []*host {
	hosts := []*host{smpHost(), sqlHost(), siteHost(), gatewayHost()}
	hosts[0].files, hosts[0].folders = smpFiles(start), []string{FileBackups}
	hosts[0].files = append(hosts[0].files, evidenceFiles(start.Add(-41*24*time.Hour), hosts[0].version)...)
	patched := start.Add(-17*24*time.Hour - 3*time.Hour - 41*time.Minute)
	for i, h := range hosts {
		h.subnet = netip.MustParsePrefix("10.20.0.0/24")
		h.windows = "10.0.14393" // Server 2016
		h.install(patched.Add(time.Duration(i) * 7 * time.Minute))
		h.rules = append(h.rules, policyRules()...)
	}
	return hosts
}

// install is what Windows itself brings; it has run since began.
func (h *host) install(began time.Time) {
	h.power, h.began = PowerOn, began
	h.listeners = append(h.listeners,
		listener{"WinRM", kernel, winrmPort, winrmsPort},
		listener{"TermService", svchost, 3389, 3389},
		listener{"LanmanServer", kernel, 445, 445})
	for i := range h.listeners {
		h.listeners[i].program = strings.ToLower(h.listeners[i].program)
	}
	h.services = append(h.services, windowsServices()...)
	h.system = newSystem()
	signIn(h.services)
	h.rules = append(h.rules, windowsRules()...)
}

func smpHost() *host {
	return &host{
		name: "SMP1", role: roleSMP, label: "SMP server", version: versionBefore,
		machine: "8d1f0c6e-52b4-4b7a-9a53-0f6b2f7d1a01",
		bios:    "42114d56-9c0f-1e7a-5b3d-60c1a2e4f101",
		address: netip.MustParseAddr("10.20.0.10"),
		doors:   []int{httpPort, httpsPort, cemPort, 50120, 50121, 50122, 50123, 50124},
		listeners: []listener{
			{"W3SVC", kernel, httpPort, httpPort},
			{"W3SVC", kernel, httpsPort, httpsPort},
			{"W3SVC", kernel, cemPort, cemPort},
			{"atrshost", objHost, 50120, 50124},
		},
		profiles: profiles("Domain"),
		rules: append(iisRules(),
			handRule("ITMS-CEM-4726", "ITMS cloud-enabled management (TCP 4726)", "4726"),
			handRule("ITMS-Tasks-50120-50124", "ITMS task server (TCP 50120-50124)", "50120-50124"),
			agentRule()),
		services: smpServices(),
		disks:    []Disk{{"C:", 61, 120}, {"D:", 212, 400}},
	}
}

func sqlHost() *host {
	return &host{
		name: "SQL1", role: roleSQL, label: "SQL Server",
		machine:   "1b7f3a52-6c0d-4d0e-8c1b-5a9e4c2f7b02",
		bios:      "42118a0e-31d5-2c48-9f66-7d02b3f5e202",
		address:   netip.MustParseAddr("10.20.0.11"),
		listeners: []listener{{"MSSQLSERVER", sqlserv, 1433, 1433}},
		profiles:  profiles("Domain"),
		rules: []Rule{
			handRule("SQL-Server-1433", "SQL Server (TCP 1433)", "1433"),
			agentRule(),
		},
		services: sqlServices(),
		disks:    []Disk{{"C:", 44, 100}, {"E:", 183, 600}},
	}
}

func siteHost() *host {
	return &host{
		name: "SITE1", role: roleSite, label: "site server", version: versionBefore,
		machine: "c3a5e8d4-07f1-4a26-b7de-91d3f06a4c03",
		bios:    "4211c7b2-e86a-3f91-8d14-0b53c406d303",
		address: netip.MustParseAddr("10.20.0.12"),
		doors:   []int{httpPort, httpsPort, 50120, 50121, 50122, 50123, 50124},
		listeners: []listener{
			{"W3SVC", kernel, httpPort, httpPort},
			{"W3SVC", kernel, httpsPort, httpsPort},
			{"atrshost", objHost, 50120, 50124},
		},
		profiles: profiles("Domain"),
		rules: append(iisRules(),
			handRule("ITMS-Tasks-50120-50124", "ITMS task server (TCP 50120-50124)", "50120-50124"),
			agentRule()),
		services: siteServices(),
		disks:    []Disk{{"C:", 35, 80}, {"D:", 90, 300}},
	}
}

// gatewayHost is outside the domain, so that its network is a public one.
func gatewayHost() *host {
	gateway := handRule("SMP-Internet-Gateway", "SMP Internet Gateway (HTTPS)", "443")
	gateway.Program = apache
	return &host{
		name: "GW1", role: roleGateway, label: "internet gateway", version: versionBefore,
		machine:   "f02c9b17-3e8a-4c55-a64f-2d7b8e519d04",
		bios:      "4211f35c-0d94-4ab6-a7c8-19e4d517c404",
		address:   netip.MustParseAddr("10.20.0.13"),
		doors:     []int{httpsPort},
		listeners: []listener{{"SMPInternetGateway", apache, httpsPort, httpsPort}},
		profiles:  profiles("Public"),
		rules:     []Rule{gateway, agentRule()},
		services:  gatewayServices(),
		disks:     []Disk{{"C:", 28, 60}},
	}
}

// profiles are the three of Windows Server as installed, one of them active.
func profiles(active string) []Profile {
	list := []Profile{{Name: "Domain"}, {Name: "Private"}, {Name: "Public"}}
	for i := range list {
		list[i].Active = list[i].Name == active
		list[i].Enabled, list[i].Inbound, list[i].LocalRules = true, "Block", true
	}
	return list
}

func (w *World) smp() *host { return w.hosts[0] }
func (w *World) sql() *host { return w.hosts[1] }
func (w *World) gw() *host  { return w.hosts[3] }

// enrol makes the managed computers: the servers behind the SMP first, then
// workstations in twenty offices, every eighth of them at home on the internet. The
// last five offices belong to the site server.
func (w *World) enrol(managed int) {
	servers := w.hosts[1:]
	w.clients = make([]client, managed)
	for i := range w.clients {
		c := &w.clients[i]
		c.counted = w.at
		c.port = httpsPort
		if i < len(servers) {
			c.server = servers[i]
			c.name, c.address, c.home = c.server.name, c.server.address, w.smp()
		} else {
			w.enrolWorkstation(c, i)
			w.prepare(c, i)
		}
		first := w.at + between(mix(w.seed, uint64(i), saltContact), 1, contactEvery)
		w.agenda = append(w.agenda, entry{first, i})
	}
	heap.Init(&w.agenda)
}

func (w *World) enrolWorkstation(c *client, number int) {
	const (
		offices     = 20
		siteOffices = 5
		homes       = 400 // addresses of people at home; some share one
	)
	c.name = fmt.Sprintf("WS-%04d", number)
	if number%8 == 7 {
		n := number / 8 % homes
		c.gateway, c.home = true, w.gw()
		c.address = netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + n%200)})
		if n >= homes/2 {
			c.address = netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + n%200)})
		}
		return
	}
	office := number % offices
	c.home = w.hosts[0]
	if office >= offices-siteOffices {
		c.home = w.hosts[2]
	}
	if number%10 == 3 {
		c.port = httpPort // never moved to HTTPS
	}
	seat := number / offices
	c.address = netip.AddrFrom4([4]byte{10, 21, byte(office + offices*(seat/240)), byte(10 + seat%240)})
}
