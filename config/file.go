package config

import "itmsbot/estate"

// Config is a configuration that was checked. The tags are the file's grammar:
// yaml is the key, doc what editors and the example say of it, need what must
// be there, enum and pattern what text may look like, like what would fit.
type Config struct {
	Estate    Estate     `yaml:"estate" need:"yes" doc:"The machines of one ITMS installation."`
	Logins    []Login    `yaml:"logins" need:"yes" doc:"The accounts that hosts, cmdb and vcenter refer to by name."`
	CMDB      *CMDB      `yaml:"cmdb" doc:"The SQL Server instance with the CMDB; the bot only reads there. Without it queue and backups cannot be judged, and quiesce waits for a person."`
	VCenter   *VCenter   `yaml:"vcenter" doc:"The vCenter of the servers, for snapshots. Without it there is no way back, and quiesce is refused."`
	Backups   *Backups   `yaml:"backups" doc:"Where the backups are of what is not in the CMDB. Without it quiesce asks a person."`
	Slack     Slack      `yaml:"slack" need:"yes" doc:"The workspace, and the one channel in which the upgrade is run."`
	People    []Person   `yaml:"people" need:"yes" doc:"Who may do what. Nobody else may do anything."`
	Proposals *Proposals `yaml:"proposals" doc:"How long a plan waits for its approvals."`
	Approvals []Approval `yaml:"approvals" doc:"Actions that need more approvers than the product asks for."`
	Limits    *Limits    `yaml:"limits" doc:"Thresholds that bind while a request runs; each is part of every plan."`
	Database  string     `yaml:"database" need:"yes" doc:"File of the audit trail, on a local disk; relative to this file. Its folder must exist."`
	Health    *Health    `yaml:"health" doc:"A listener for probes: /healthz and /readyz."`
	Lab       *Lab       `yaml:"lab" doc:"For a practice estate alone (itmsbot lab --no-bot). Every address in this file must then be of this machine."`

	name string // of the file, for errors after reading
	dir  string // what relative paths start from
	// roots are the certificates of each ca file by its path.
	roots map[string][]byte
}

// Estate is the machines, and who must still reach them while they are closed.
type Estate struct {
	Name  string   `yaml:"name" need:"yes" doc:"How cards call the estate."`
	Hosts []Host   `yaml:"hosts" need:"yes" doc:"Every server the bot may touch."`
	Keep  []Keeper `yaml:"keep" doc:"Who must still come in while the doors are closed: jump hosts, console testers, monitoring, backup. The bot's own way in is added by itself."`
}

// Host is one Windows server.
type Host struct {
	Name         string      `yaml:"name" need:"yes" pattern:"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$" like:"letters, digits, - and _, such as SMP1" doc:"How cards and commands call the host, such as SMP1; its computer name is best."`
	Role         estate.Role `yaml:"role" need:"yes" enum:"smp,sql,site,gateway" doc:"What the host does for ITMS: smp (Notification Server), sql, site (site server) or gateway (internet gateway)."`
	ClientPorts  []string    `yaml:"client_ports" pattern:"^[0-9]{1,5}(-[0-9]{1,5})?$" like:"a port or two, such as \"443\" or \"50120-50124\"" doc:"TCP ports by which clients come in, as text: \"443\" or \"50120-50124\" (1.4 item 1). Needed for every role but sql."`
	DoorPrograms []string    `yaml:"door_programs" pattern:"^\\\\.+\\.[Ee][Xx][Ee]$" like:"the end of its path, such as '\\httpd.exe'" doc:"Further programs, by the end of their path, whose any-port rules are doors: '\\httpd.exe' on a gateway."`
	WinRM        WinRM       `yaml:"winrm" need:"yes" doc:"How the bot reaches the host."`
	WayBack      string      `yaml:"way_back" enum:"snapshot,backup,none" doc:"How the host goes back: snapshot (the default), with the set in vCenter; backup, which a person makes while all is quiet and would restore; none, for the reason in because. Members of a cluster are never snapshot; smp and sql are never none."`
	Because      string      `yaml:"because" doc:"Why the host has no way back; it stands on every card."`
}

// WinRM is the way to one host.
type WinRM struct {
	URL   string `yaml:"url" need:"yes" pattern:"^https?://[^/@]+/wsman$" like:"https://smp1.corp.example:5986/wsman, without user and password" doc:"https://smp1.corp.example:5986/wsman, or http://…:5985/wsman, where NTLM seals every message."`
	Port  string `yaml:"port" pattern:"^[0-9]{1,5}$" like:"\"5985\"" doc:"The host's own port of remote management, as text, where a forwarder in between makes it another than the URL's."`
	Auth  string `yaml:"auth" enum:"ntlm,basic" doc:"ntlm (the default) or basic, which https alone allows."`
	Login string `yaml:"login" need:"yes" doc:"The name of one of logins."`
	// Rescue is empty where there is none.
	Rescue string `yaml:"rescue" doc:"The name of one of logins without a domain: an account of the host itself, with which the bot reads, after a rollback, whether the domain still knows the host."`
	Trust
}

// Trust says which certificate is believed; where both are given it has to
// satisfy both.
type Trust struct {
	CA         string `yaml:"ca" doc:"PEM file of the authorities to believe; relative to this file."`
	Thumbprint string `yaml:"thumbprint" doc:"SHA-256 of the certificate to believe, 64 hexadecimal digits."`
}

// CMDB is the database of the installation.
type CMDB struct {
	Host            string `yaml:"host" need:"yes" doc:"The host of the estate, of the role sql, that it is on."`
	Address         string `yaml:"address" need:"yes" pattern:"^[^\\\\/@ ,]+$" like:"sql1.corp.example:1433; a named instance is known by its port" doc:"Name and port; without a port 1433. A named instance is known by its port."`
	Database        string `yaml:"database" doc:"Without it Symantec_CMDB."`
	Login           string `yaml:"login" need:"yes" doc:"The name of one of logins: with a domain a Windows account, without one an account of SQL Server."`
	CertificateName string `yaml:"certificate_name" doc:"The name in the certificate, where it is another than that of the address; with ca alone."`
	Trust
}

// VCenter is where snapshots are taken.
type VCenter struct {
	URL   string `yaml:"url" need:"yes" pattern:"^https://[^/@]+(/sdk)?$" like:"https://vcenter.corp.example" doc:"https://vcenter.corp.example"`
	Login string `yaml:"login" need:"yes" doc:"The name of one of logins; with a domain it logs on as user@domain."`
	Trust
}

// Backups is what has to be backed up beside the CMDB.
type Backups struct {
	Files []FileBackup `yaml:"files" need:"yes" doc:"Folders, the newest file below which has to be young: the SMP's settings and key store."`
}

// FileBackup is a folder of a host.
type FileBackup struct {
	Host   string    `yaml:"host" need:"yes" doc:"The host of the estate that has the folder."`
	Path   string    `yaml:"path" need:"yes" doc:"The folder, on a drive of the host: 'D:\\Backup\\ITMS'. A share, a pattern, a variable or a whole drive is refused."`
	MaxAge *Duration `yaml:"max_age" doc:"How old the newest file may be, 1h to 720h; without it 24h."`
}

// Login is one account.
type Login struct {
	Name     string `yaml:"name" need:"yes" doc:"How hosts refer to it."`
	User     string `yaml:"user" need:"yes" doc:"The account, without its domain."`
	Domain   string `yaml:"domain" doc:"The account's domain; without it the account is one of the host itself."`
	Password Secret `yaml:"password" need:"yes" doc:"Where the password is."`
}

// Keeper is somebody who still comes in while the doors are closed.
type Keeper struct {
	Name  string   `yaml:"name" need:"yes" doc:"As it will stand in the firewall rule."`
	Ports []string `yaml:"ports" need:"yes" pattern:"^[0-9]{1,5}(-[0-9]{1,5})?$" like:"a port or two, such as \"443\" or \"50120-50124\"" doc:"Local TCP ports, as text: \"443\" or \"5000-5010\"."`
	From  []string `yaml:"from" need:"yes" doc:"Addresses (10.20.0.5), networks (10.20.1.0/28) or ranges (10.20.1.4-10.20.1.9). Any, LocalSubnet and the other keywords of Windows are refused."`
	Hosts []string `yaml:"hosts" doc:"Hosts to lay the rule on; without it every host with client doors."`
}

// Slack is the workspace.
type Slack struct {
	Team     string `yaml:"team" need:"yes" pattern:"^T[A-Z0-9]{2,}$" like:"T024BE7LD" doc:"Id of the workspace, such as T024BE7LD."`
	Channel  string `yaml:"channel" need:"yes" pattern:"^[CG][A-Z0-9]{2,}$" like:"C024BE91L" doc:"Id of the channel, such as C024BE91L. The bot must be a member."`
	BotToken Secret `yaml:"bot_token" need:"yes" doc:"Where the bot token is (xoxb-…)."`
	AppToken Secret `yaml:"app_token" need:"yes" doc:"Where the app-level token is (xapp-…, scope connections:write)."`
	// PlanBlocks is empty for off.
	PlanBlocks string `yaml:"plan_blocks" enum:"off,on" doc:"on draws plans with Slack's own plan blocks; off (the default) with sections. Try it on your phones and desktops first."`
	APIURL     string `yaml:"api_url" pattern:"^https?://[^@]+/$" like:"https://slack-gov.com/api/, with the slash at its end" doc:"Another address of Slack's Web API, such as https://slack-gov.com/api/; ends in a slash."`
}

// Secret says where a secret is, and never what it is.
type Secret struct {
	Env  string `yaml:"env" pattern:"^[A-Za-z_][A-Za-z0-9_]*$" like:"ITMSBOT_PASSWORD, the name of an environment variable" doc:"Environment variable that holds it."`
	File string `yaml:"file" doc:"File that holds it, and nothing else; relative to this file. A line end at its end is left out."`

	path string // File, made absolute
}

// Person is somebody of the workspace.
type Person struct {
	User  string `yaml:"user" need:"yes" pattern:"^[UW][A-Z0-9]{2,}$" like:"U024BE7LH" doc:"Slack's member id, such as U024BE7LH (profile, Copy member ID)."`
	Name  string `yaml:"name" need:"yes" doc:"How cards call the person."`
	Role  string `yaml:"role" need:"yes" enum:"viewer,operator,approver" doc:"viewer looks, operator asks, approver asks and approves. Nobody approves an outage of their own."`
	Phone string `yaml:"phone" pattern:"^\\+?[0-9][0-9 ()/.-]{3,30}$" like:"\"+44 20 7946 0018\"" doc:"The number to call on the day the bot is gone, as text. It stands on the way-back sheet alone."`
}

// Proposals says how long a plan waits.
type Proposals struct {
	Expire Duration `yaml:"expire" need:"yes" doc:"5m to 24h; without it 30m."`
}

// Approval asks for more approvers than the product does.
type Approval struct {
	Action    string `yaml:"action" need:"yes" doc:"The action as it is typed, such as rollback or allow all."`
	Approvers string `yaml:"approvers" need:"yes" pattern:"^[1-9]$" like:"a whole number from 1 to 9, such as \"2\"" doc:"How many approvers other than the asker have to agree, 1 to 9, as text."`
}

// Limits are the thresholds that bind.
type Limits struct {
	Restore      *Duration `yaml:"restore" doc:"How long after arming a host opens itself again if the bot has lost it, 5m to 60m; without it 10m."`
	Linger       *Duration `yaml:"linger" doc:"How long connections of clients may outlive the closing, 1m to 30m; without it 3m."`
	QueueWait    *Duration `yaml:"queue_wait" doc:"How long the event queue may take to empty until a person is asked, 5m to 4h; without it 30m."`
	QueueEmpty   string    `yaml:"queue_empty" pattern:"^[0-9]{1,4}$" like:"a whole number of events, such as \"0\"" doc:"How many events still count as none, as text; without it \"0\"."`
	FreeGB       string    `yaml:"free_gb" pattern:"^[1-9][0-9]{0,4}$" like:"a whole number of gigabytes, such as \"15\"" doc:"The least free space on each drive of SMP and SQL Server, in GB, as text; without it the method's \"15\"."`
	BackupAge    *Duration `yaml:"backup_age" doc:"How old the newest full backup of the CMDB may be, 1h to 168h; without it 24h."`
	Reboot       *Duration `yaml:"reboot" doc:"How long the SMP may take until it is back with its services, 5m to 2h; without it 20m."`
	Shutdown     *Duration `yaml:"shutdown" doc:"How long a guest may take to shut down before its power is taken, 1m to 60m; without it 10m."`
	Services     *Duration `yaml:"services" doc:"How long a server may take, after its power is on, until its services run, 2m to 2h; without it 10m."`
	SpacePercent string    `yaml:"space_percent" pattern:"^[1-9][0-9]?$|^100$" like:"a whole number from 1 to 100, such as \"10\"" doc:"How much of all disks of the set has to be free on its datastores, in percent, as text; without it \"10\"."`
	Widest4      string    `yaml:"widest_ipv4" pattern:"^(8|9|[12][0-9]|3[0-2])$" like:"a prefix length from 8 to 32, such as \"24\"" doc:"The widest range of IPv4 addresses that may be let in by name, as the length of its prefix, 8 to 32, as text; without it \"24\"."`
	Widest6      string    `yaml:"widest_ipv6" pattern:"^(3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-8])$" like:"a prefix length from 32 to 128, such as \"64\"" doc:"The same of IPv6 addresses, 32 to 128; without it \"64\"."`
	Longest      *Duration `yaml:"longest_opening" doc:"The longest time for which somebody may be let in by name with an end, 10m to 168h; without it 168h."`
}

// Health is where probes ask.
type Health struct {
	Listen string `yaml:"listen" need:"yes" pattern:"^.*:[0-9]{1,5}$" like:"127.0.0.1:8081" doc:"Address and port, such as 127.0.0.1:8081. What it tells is no secret."`
}

// Lab is a practice estate in another process.
type Lab struct {
	URL string `yaml:"url" need:"yes" pattern:"^http://[^/@]+/$" like:"http://127.0.0.1:8080/" doc:"The lab's page. The bot follows its clock."`
}
