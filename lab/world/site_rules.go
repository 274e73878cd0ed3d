package world

// What a server's firewall holds besides the doors: what Windows Server 2016 and
// its group policy bring, by the names that Windows gives them. Program rules with
// any port are among them; they are doors only for the program they name.

// inbound makes an enabled local allow rule for every profile and address.
func inbound(name, display, group, protocol, ports, program string) Rule {
	return Rule{
		Name: name, Display: display, Group: group, Enabled: true, Action: "Allow",
		Store: storeLocal, Source: sourceLocal, Profile: "Any",
		Protocol: protocol, Ports: []string{ports}, Remote: []string{"Any"}, Program: program,
	}
}

// handRule is a client rule that somebody made when ITMS was installed.
func handRule(name, display, ports string) Rule {
	return inbound(name, display, "", "TCP", ports, "Any")
}

// agentRule is what the management agent's installer makes.
func agentRule() Rule {
	return inbound("{6B0C4E1B-8F1D-4C6A-93A1-7F0B5D2E9A10}", "Symantec Management Agent", "", "TCP", "Any", agent)
}

// iisRules are the wide rules that the web server role brings.
func iisRules() []Rule {
	const group = "World Wide Web Services (HTTP)"
	return []Rule{
		inbound("IIS-WebServerRole-HTTP-In-TCP", "World Wide Web Services (HTTP Traffic-In)", group, "TCP", "80", kernel),
		inbound("IIS-WebServerRole-HTTPS-In-TCP", "World Wide Web Services (HTTPS Traffic-In)", "Secure World Wide Web Services (HTTPS)", "TCP", "443", kernel),
	}
}

// windowsRules are those of Windows itself.
func windowsRules() []Rule {
	const remote = "Windows Remote Management"
	return []Rule{
		only(inbound("WINRM-HTTP-In-TCP-NoScope", "Windows Remote Management (HTTP-In)", remote, "TCP", "5985", kernel), "Domain, Private", "Any"),
		only(inbound("WINRM-HTTP-In-TCP", "Windows Remote Management (HTTP-In)", remote, "TCP", "5985", kernel), "Public", "LocalSubnet"),
		// Windows brings no rule for the listener with TLS; who makes one makes this.
		only(inbound("WINRM-HTTPS-In-TCP", "Windows Remote Management (HTTPS-In)", remote, "TCP", "5986", kernel), "Domain, Private", "Any"),
		only(inbound("WINRM-HTTPS-In-TCP-PUBLIC", "Windows Remote Management (HTTPS-In)", remote, "TCP", "5986", kernel), "Public", "LocalSubnet"),
		off(inbound("WINRM-HTTP-Compat-In-TCP", "Windows Remote Management - Compatibility Mode (HTTP-In)", remote, "TCP", "80", kernel)),
		inbound("RemoteDesktop-UserMode-In-TCP", "Remote Desktop - User Mode (TCP-In)", "Remote Desktop", "TCP", "3389", svchost),
		inbound("RemoteDesktop-UserMode-In-UDP", "Remote Desktop - User Mode (UDP-In)", "Remote Desktop", "UDP", "3389", svchost),
		only(inbound("FPS-SMB-In-TCP", "File and Printer Sharing (SMB-In)", "File and Printer Sharing", "TCP", "445", kernel), "Domain, Private", "Any"),
		only(inbound("FPS-NB_Session-In-TCP", "File and Printer Sharing (NB-Session-In)", "File and Printer Sharing", "TCP", "139", kernel), "Domain, Private", "LocalSubnet"),
		inbound("FPS-ICMP4-ERQ-In", "File and Printer Sharing (Echo Request - ICMPv4-In)", "File and Printer Sharing", "ICMPv4", "Any", "Any"),
		inbound("CoreNet-DHCP-In", "Core Networking - Dynamic Host Configuration Protocol (DHCP-In)", "Core Networking", "UDP", "68", svchost),
		inbound("CoreNet-IPHTTPS-In", "Core Networking - IPHTTPS (TCP-In)", "Core Networking", "TCP", "IPHTTPSIn", kernel),
		inbound("CoreNet-ICMP4-DUFRAG-In", "Core Networking - Destination Unreachable Fragmentation Needed (ICMPv4-In)", "Core Networking", "ICMPv4", "Any", kernel),
		inbound("WMI-RPCSS-In-TCP", "Windows Management Instrumentation (DCOM-In)", "Windows Management Instrumentation (WMI)", "TCP", "135", svchost),
		inbound("WMI-WINMGMT-In-TCP", "Windows Management Instrumentation (WMI-In)", "Windows Management Instrumentation (WMI)", "TCP", "Any", svchost),
		off(inbound("RemoteEventLogSvc-In-TCP", "Remote Event Log Management (RPC)", "Remote Event Log Management", "TCP", "RPC", svchost)),
		off(inbound("RemoteTask-In-TCP", "Remote Scheduled Tasks Management (RPC)", "Remote Scheduled Tasks Management", "TCP", "RPC", svchost)),
	}
}

// policyRules are those that group policy brings to every server.
func policyRules() []Rule {
	monitoring := only(inbound("{3D8A7E50-4A51-4F0C-9C33-0D5E6B1F2C77}", "Monitoring agent (TCP 5666)", "", "TCP", "5666", "Any"), "Any", "10.20.0.6")
	backup := only(inbound("{A1E2C9F4-7B3D-4E8A-8F60-5C4D3B2A1908}", "Backup agent (TCP 10000)", "", "TCP", "10000", "Any"), "Any", "10.20.0.7")
	return []Rule{byPolicy(monitoring), byPolicy(backup)}
}

func byPolicy(r Rule) Rule {
	r.Store, r.Source = storeGPO, "Server baseline"
	return r
}

func off(r Rule) Rule {
	r.Enabled = false
	return r
}

// only narrows a rule to profiles and an address.
func only(r Rule, profile, remote string) Rule {
	r.Profile, r.Remote = profile, []string{remote}
	return r
}
