package config

import (
	"errors"
	"strings"
	"testing"
)

// pem is a certificate that nobody has the key of.
const pem = `-----BEGIN CERTIFICATE-----
MIIBTzCCAQGgAwIBAgIUacnNqybgW0IIjwENONtE3lf9pyIwBQYDK2VwMBwxGjAY
BgNVBAMMEUV4YW1wbGUgQ29ycCBSb290MCAXDTI2MTEyMjIyMDIwOFoYDzIxMjYx
MDI5MjIwMjA4WjAcMRowGAYDVQQDDBFFeGFtcGxlIENvcnAgUm9vdDAqMAUGAytl
cAMhABSdtIMMUD+LyKRdFfJpbUOOkYDbLHZyEkI9HSB2xY1So1MwUTAdBgNVHQ4E
FgQUK+pNHT7UXcBVvKtZbYUlPsCsF9QwHwYDVR0jBBgwFoAUK+pNHT7UXcBVvKtZ
bYUlPsCsF9QwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBoK/v/2JWDv/uVKpHK
vgLmQaSn70MoKrrFRG3wKH/6zRA+irHwrB2WZBhX80mKZFjzeGrwuBNWUlqLZJkq
888P
-----END CERTIFICATE-----
`

// TestRefused changes the example in one place each and wants the place and the
// sentence. @ in old is not part of it: it says where the caret has to stand in
// new, counted from its beginning.
func TestRefused(t *testing.T) {
	text := example(t)
	for _, c := range []struct{ name, old, new, want string }{
		// Form.
		{"unknown key", "  name: Example Corp", "  @nam: Example Corp", "there is no key nam in estate; did you mean name?"},
		{"unknown key far off", "\ndatabase: ", "\n@xyzzy: 1\ndatabase: ", "there is no key xyzzy at the top of the file; there are estate, logins"},
		{"repeated key", "  name: Example Corp", "  name: Example Corp\n  @name: Other", "name is there twice, first in line "},
		{"missing key", "  team: T024BE7LD\n", "", "team is missing in slack"},
		{"number for text", `client_ports: ["80", "443", "4726"`, `client_ports: ["80", @443, "4726"`, `estate.hosts[0].client_ports[1] is a number where text is meant; write "443"`},
		{"octal", "user: svc-itmsbot", "user: @0123", `write "0123"`},
		{"true for text", "domain: CORP", "domain: @true", `is true or false where text is meant; write "true"`},
		{"text for list", "from: [10.20.0.5]", "from: @10.20.0.5", `estate.keep[0].from is text where a list is meant`},
		{"list for text", "domain: CORP", "domain: @[CORP]", "logins[0].domain is a list where text is meant"},
		{"group for text", "domain: CORP", "domain: @{a: b}", "logins[0].domain is a group of keys where text is meant"},
		{"text for group", "winrm:\n        # Through", "winrm: @text\n      x:\n        # Through", "winrm is text where a group of keys is meant"},
		{"empty value", "domain: CORP", "domain:", "logins[0].domain has no value"},
		{"empty text", "domain: CORP", `domain: @""`, "logins[0].domain is empty"},
		{"empty list", "from: [10.20.0.5]", "from: @[]", "estate.keep[0].from is an empty list"},
		{"many lines", "domain: CORP", "domain: @|\n      CORP", "is one line of text"},
		{"anchor", "domain: CORP", "domain: @&a CORP", "anchors, aliases, merges and tags are not read here"},
		{"alias", "domain: CORP", "domain: @*a", ""},
		{"tag", "domain: CORP", "domain: @!!str CORP", "anchors, aliases, merges and tags"},
		{"enum", "role: gateway", "role: @proxy", "estate.hosts[3].role is none of smp, sql, site, gateway"},
		{"pattern", "team: T024BE7LD", "team: @example", "slack.team is not spelled as it has to be: T024BE7LD"},
		{"time span", "restore: 10m", "restore: @10 minutes", `"10 minutes" is no time span; write 90s, 10m or 1h30m`},
		{"number for time span", "restore: 10m", "restore: @600", "is a number where text is meant"},
		{"second document", "\n# The workspace", "\n@---\nname: x\n# The workspace", "a second document begins here"},
		{"syntax", "domain: CORP", `domain: "CORP`, "this is not YAML: "},

		// Secrets.
		{"secret in the file", "password: {file: /run/secrets/windows-password}", "password: @sEcReT", "secrets are not written into this file; write {env: VARIABLE} or {file: PATH}"},
		{"secret under a key", "{env: ITMSBOT_DMZ_PASSWORD}", "{@value: sEcReT}", "there is no key value in logins[1].password"},
		{"secret on a line of its own", "{env: ITMSBOT_DMZ_PASSWORD}", "\n      @plain: sEcReT", "there is no key plain"},
		{"two places", "{env: ITMSBOT_DMZ_PASSWORD}", "@{env: A, file: b}", "logins[1].password needs either env or file"},
		{"variable's name", "ITMSBOT_DMZ_PASSWORD", "@sEcReT!", "is not spelled as it has to be"},
		{"token in the file", "bot_token: {file: /run/secrets/slack-bot-token}", "bot_token: @xoxb-sEcReT", "secrets are not written"},
		{"token elsewhere", "team: T024BE7LD", "team: @xoxb-sEcReT", "slack.team is not spelled"},
		{"password in the URL", "https://sql1.", "@https://svc:sEcReT@sql1.", "without user and password"},

		// What fits together.
		{"basic on http", "5985/wsman\n        login: windows", "5985/wsman\n        login: windows\n        auth: @basic", "basic on http would send the password in clear"},
		{"ca on http", "5985/wsman\n        login: windows", "5985/wsman\n        login: windows\n        ca: @x.pem", "a ca does nothing on http"},
		{"thumbprint on http", "5985/wsman\n        login: windows", "5985/wsman\n        login: windows\n        thumbprint: @x", "a thumbprint does nothing on http"},
		{"https without trust", "\n        ca: corp-root.pem", "", "https needs a ca or a thumbprint"},
		{"short thumbprint", `"5f3a9c0e7b12d4468a90c1e2f3b4d5968770a1b2c3d4e5f60718293a4b5c6d7e"`, `@"5f3a9c0e7b12d4468a90c1e2f3b4d5968770a1b2"`, "Windows shows the SHA-1"},
		{"no such port", ":15985/", ":99999/", "no port that exists"},
		{"unknown login", "login: dmz", "login: @dmy", "there is no login dmy"},
		{"unused login", "  - name: dmz\n", "  - name: @other\n    user: x\n    password: {env: X}\n  - name: dmz\n", "nothing uses the login other"},
		{"two logins", "  - name: dmz\n", "  - name: windows\n    user: x\n    password: {env: X}\n  - name: dmz\n", "there are two logins windows"},
		{"domain in the user", "user: svc-itmsbot", `user: @CORP\svc`, "without its domain"},
		{"two hosts", "name: SITE1", "name: @smp1", "there are two hosts smp1"},
		{"one address", "http://site1.corp.example:5985", "@https://smp1.corp.example:5986", "the same address as SMP1"},
		{"no smp", "role: smp", "role: site", "no host has the role smp"},
		{"gateway without doors", "client_ports: [\"443\"]\n", "\n", "GW1 has no client_ports"},
		{"programs without doors", "role: sql\n", "role: sql\n      door_programs: @['\\x.exe']\n", "door_programs do nothing on a host without client_ports"},
		{"the bot's own port", `"4726", "50120-50124"`, `@"5000-6000"`, "5000-6000 holds 5986, by which the bot itself comes in"},
		{"port out of range", `"4726"`, `@"70000"`, "there is no such port"},
		{"range upside down", `"4726"`, `@"9-5"`, "a range ascends"},
		{"port twice", `"4726"`, `@"443"`, "443 is there already"},
		{"cmdb elsewhere", "host: SQL1", "host: @SQL9", "there is no host SQL9"},
		{"cmdb of another role", "host: SQL1", "host: @SMP1", "SMP1 is a SMP server; the CMDB is on a host of the role sql"},
		{"named instance", "sql1.corp.example:1433", `@sql1\ITMS`, "a named instance is known by its port"},
		{"cmdb's port", "sql1.corp.example:1433", "@sql1.corp.example:0", "no port that exists"},
		{"cmdb without trust", "  ca: corp-root.pem\n  # The name in the certificate, where it is another than that of the address.\n  certificate_name: itms-sql.corp.example\n", "", "cmdb needs a ca or a thumbprint"},
		{"name without ca", "  ca: corp-root.pem\n  # The name", "  thumbprint: \"" + strings.Repeat("0", 64) + "\"\n  # The name", "without a ca no name"},
		{"cmdb's login", "login: windows\n  ca", "login: @nobody\n  ca", "there is no login nobody"},
		{"vcenter on http", "https://vcenter.corp.example", "@http://vcenter.corp.example", "vcenter.url is not spelled as it has to be"},
		{"vcenter without trust", "  thumbprint: \"0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9\"\n", "", "vcenter needs a ca or a thumbprint"},
		{"vcenter on loopback", "https://vcenter.corp.example", "@https://127.0.0.1", "vCenter would be the machine"},
		{"cmdb on loopback", "sql1.corp.example:1433", "@127.0.0.1", "SQL1 would be the machine"},
		{"backups: a share", `'D:\Backup\ITMS'`, `@'\\files1\itms'`, "the folder is on another machine; the bot looks on the host itself"},
		{"backups: a long share", `'D:\Backup\ITMS'`, `@'\\?\UNC\files1\itms'`, "the folder is on another machine"},
		{"backups: a share of Unix", `'D:\Backup\ITMS'`, `@//files1/itms`, "the folder is on another machine"},
		{"backups: relative", `'D:\Backup\ITMS'`, `@Backup`, "the folder has no drive to start from"},
		{"backups: of a drive's own folder", `'D:\Backup\ITMS'`, `@'D:Backup'`, "the folder has no drive to start from"},
		{"backups: no drive", `'D:\Backup\ITMS'`, `@'\Backup'`, "the folder has no drive to start from"},
		{"backups: slashes", `'D:\Backup\ITMS'`, `@'D:/Backup'`, "the folder has no drive to start from"},
		{"backups: a pattern", `'D:\Backup\ITMS'`, `@'D:\Backup\*.zip'`, "a pattern is not looked for; name the folder"},
		{"backups: one letter open", `'D:\Backup\ITMS'`, `@'D:\Backu?'`, "a pattern is not looked for"},
		{"backups: a variable", `'D:\Backup\ITMS'`, `@'%ProgramData%\x'`, "variables of Windows are not read here"},
		{"backups: a whole drive", `'D:\Backup\ITMS'`, `@'D:\'`, "on a whole drive something is always new"},
		{"backups: a whole drive by a detour", `'D:\Backup\ITMS'`, `@'D:\.\'`, "on a whole drive something is always new"},
		{"backups: up again", `'D:\Backup\ITMS'`, `@'D:\Backup\..'`, "does not end in a dot"},
		{"backups: no name", `'D:\Backup\ITMS'`, `@'D:\a|b'`, "no folder of Windows is called so"},
		{"backups: a stream", `'D:\Backup\ITMS'`, `@'D:\a:b'`, "no folder of Windows is called so"},
		{"backups: unknown host", "- host: SMP1", "- host: @SMP9", "there is no host SMP9"},
		{"backups: twice", "    - host: SMP1\n", "    - {host: smp1, path: 'd:\\backup\\itms\\'}\n    - host: SMP1\n", `D:\Backup\ITMS of SMP1 is there already`},
		{"backups: age", "max_age: 24h", "max_age: @30m", "backups.files[0].max_age is 30m; it may be 1h to 720h"},
		{"backups: age as words", "max_age: 24h", "max_age: @one day", `"one day" is no time span`},
		{"backups: nothing", "  files:\n    - host: SMP1", "  file:\n    - host: SMP1", "there is no key file in backups; did you mean files?"},
		{"keep: any", "[10.20.0.5]", "[@Any]", "Any lets in whoever the word means on the day"},
		{"keep: keyword", "[10.20.0.5]", "[10.0.0.1, @LocalSubnet]", "LocalSubnet lets in whoever"},
		{"keep: unknown host", "hosts: [SMP1]", "hosts: [@SMP9]", "there is no host SMP9"},
		{"keep: no doors", "hosts: [SMP1]", "hosts: [@SQL1]", "SQL1 has no client doors"},
		{"keep: name twice", "name: console testers", "name: @Jump host", "there are two entries Jump host"},
		{"person twice", "U024BE7LB", "@U024BE7LA", "U024BE7LA is Ana already"},
		{"name twice", "name: Ben", "name: @Ana", "two people called Ana"},
		{"one approver", "name: Ben, role: approver", "name: Ben, role: viewer", "what cannot be undone needs 2 approvers other than who asks, and the list has 1"},
		{"more approvers than there are", `approvers: "2"`, `approvers: "3"`, "rollback needs 3 approvers other than who asks, and the list has 2"},
		{"more approvers of no action", "action: rollback", "action: rollbak", "there is no action rollbak"},
		{"a rescue account of the domain", "rescue: smp1-local", "rescue: windows", "one of the host itself"},
		{"nobody approves", "name: Ben, role: approver}\n  - {user: U024BE7LC, name: Dora, role: approver", "name: Ben, role: viewer}\n  - {user: U024BE7LC, name: Dora, role: viewer", "nobody is an approver"},
		{"expire", "expire: 30m", "expire: @2m", "proposals.expire is 2m; it may be 5m to 24h"},
		{"restore", "restore: 10m", "restore: @2h", "limits.restore is 2h; it may be 5m to 1h"},
		{"limits of nothing", "  restore: 10m", "  restore: 10m\n  restore_x: 1m", "there is no key restore_x"},
		{"queue wait", "queue_wait: 30m", "queue_wait: @5h", "limits.queue_wait is 5h; it may be 5m to 4h"},
		{"number of events", `queue_empty: "0"`, "queue_empty: @0", "is a number where text is meant"},
		{"no number", `free_gb: "15"`, `free_gb: @"15 GB"`, "is not spelled as it has to be"},
		{"percent", `space_percent: "10"`, `space_percent: @"101"`, "is not spelled as it has to be"},
		{"everybody", `widest_ipv4: "24"`, `widest_ipv4: @"0"`, "is not spelled as it has to be"},
		{"wide", `widest_ipv6: "64"`, `widest_ipv6: @"16"`, "is not spelled as it has to be"},
		{"longest opening", "longest_opening: 168h", "longest_opening: @169h", "limits.longest_opening is 169h; it may be 10m to 168h"},
		{"no way back without a reason", "way_back: none\n      because: it is rebuilt from its image within the hour\n", "way_back: @none\n", "GW1 has no way back; write because"},
		{"a reason for nothing", "way_back: none\n      because: it", "way_back: backup\n      because: @it", "because says why there is no way back; GW1 has one"},
		{"no way back of the smp", "      role: smp\n", "      role: smp\n      way_back: @none\n      because: x\n", "SMP1 is the SMP server, and without a way back of it nothing could go back"},
		{"way back unknown", "way_back: none", "way_back: @tape", "is none of snapshot, backup, none"},
		{"clear text to slack", "https://slack-gov.com/api/", "@http://slack-gov.com/api/", "the tokens would be sent in clear"},
		{"health", "127.0.0.1:8081", "@somewhere:8081", "health.listen is an address and a port"},
		{"health port", "127.0.0.1:8081", "@127.0.0.1:99999", "health.listen is an address and a port"},

		// The machine that the bot runs on, and the practice estate.
		{"loopback outside the lab", "http://site1.corp.example:5985", "@http://127.0.0.1:5985", "SITE1 would be the machine that the bot runs on"},
		{"lab and real hosts", "# lab:\n#   url: ", "lab:\n  url: ", "touches nothing real"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(text, c.old) < 1 {
				t.Fatalf("the example has no %q", c.old)
			}
			fresh, caret, placed := strings.Cut(c.new, "@")
			if placed && strings.HasPrefix(c.new, "@https://svc") {
				caret = strings.TrimPrefix(c.new, "@")
			}
			changed := strings.Replace(text, c.old, fresh+caret, 1)
			_, err := Parse("f.yaml", []byte(changed))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sEcReT") {
				t.Errorf("got\n%s\nwant %q", err, c.want)
			}
			if !placed {
				return
			}
			before := text[:strings.Index(text, c.old)] + fresh
			line := strings.Count(before, "\n") + 1
			column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
			for _, p := range e.Problems {
				if p.Line == line && p.Column == column {
					return
				}
			}
			t.Errorf("no caret at %d:%d:\n%s", line, column, err)
		})
	}
}

// TestWholeFile: what has no line of its own.
func TestWholeFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":     {"", "the file is empty"},
		"comments":  {"# only\n# this\n", "the file is empty"},
		"documents": {"---\n---\n", "the file is empty"},
		"text":      {"hello\n", "the file is text where a group of keys is meant"},
		"list":      {"- a\n", "the file is a list where a group of keys is meant"},
		"null":      {"~\n", "the file has no value"},
		"binary":    {"\x00\x01\x02", ""},
		"large":     {strings.Repeat("# x\n", fileLimit/4+1), "larger than 1 MiB"},
	} {
		if _, err := Parse("f", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestErrorShowsTheLine(t *testing.T) {
	_, err := Parse("itmsbot.yaml", []byte("# a comment\nestate: {name: Größe, hosts: []}\n"))
	want := `itmsbot.yaml:2:1: logins is missing at the top of the file
    2 | estate: {name: Größe, hosts: []}
      | ^
itmsbot.yaml:2:1: slack is missing at the top of the file
    2 | estate: {name: Größe, hosts: []}
      | ^
itmsbot.yaml:2:1: people is missing at the top of the file
    2 | estate: {name: Größe, hosts: []}
      | ^
itmsbot.yaml:2:1: database is missing at the top of the file
    2 | estate: {name: Größe, hosts: []}
      | ^
itmsbot.yaml:2:30: estate.hosts is an empty list; write an entry, or take the key out
    2 | estate: {name: Größe, hosts: []}
      |                              ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	_, err := Parse("f", []byte(strings.Repeat("x: 1\n", 30)))
	if err == nil || !strings.Contains(err.Error(), "\nand ") || strings.Count(err.Error(), "f:") > 2*most {
		t.Errorf("%v", err)
	}
}

func TestRemote(t *testing.T) {
	for text, want := range map[string]string{
		"10.20.0.5": "10.20.0.5", "10.20.1.0/28": "10.20.1.0/28", "10.20.0.5/32": "10.20.0.5", "10.0.0.0/8": "10.0.0.0/8",
		"10.20.1.4-10.20.1.9": "10.20.1.4-10.20.1.9", "10.20.1.4 - 10.20.1.9": "10.20.1.4-10.20.1.9",
		"2001:DB8::1": "2001:db8::1", "2001:db8::/64": "2001:db8::/64", "fd00::1-fd00::9": "fd00::1-fd00::9",

		"any": "", "ANY": "", "*": "", "LocalSubnet": "", "DNS": "", "Internet": "", "PlayToDevice": "",
		"0.0.0.0/0": "", "::/0": "", "0.0.0.0/1": "", "128.0.0.0/7": "", "2000::/3": "",
		"0.0.0.0-255.255.255.255": "", "10.0.0.0-13.0.0.0": "", "::1-ffff::": "",
		"10.20.1.5/28": "", "10.20.1.9-10.20.1.4": "", "10.20.1.4-10.20.1.4": "", "10.0.0.1-fd00::1": "",
		"jump.corp.example": "", "10.20.0": "", "10.20.0.5/": "", "": "", "-": "", "/": "",
		"127.0.0.1": "", "0.0.0.0": "", "224.0.0.1": "", "fe80::1%eth0": "", "::ffff:10.0.0.1": "",
	} {
		got, says := remote(text)
		if got != want && want != "" || (says == "") != (want != "") {
			t.Errorf("%q is %q %q, want %q", text, got, says, want)
		}
	}
}
