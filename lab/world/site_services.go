package world

// The services of the servers (reference/itms.md section 2). Those that start by
// themselves run.

func auto(name, display string) Service {
	return Service{Name: name, Display: display, State: "Running", Start: "Auto"}
}

func manual(name, display, state string) Service {
	return Service{Name: name, Display: display, State: state, Start: "Manual"}
}

func smpServices() []Service {
	return append([]Service{
		auto("AeXSvc", "Altiris Service"),
		auto("AltirisClientMsgDispatcher", "Altiris Client Message Dispatcher"),
		auto("AltirisReceiverService", "Altiris File Receiver"),
		auto("EventReceiver", "Altiris Event Receiver"),
		auto("EventEngine", "Altiris Event Engine"),
		auto("AltirisSupportService", "Altiris Support Service"),
		auto("AltirisServiceHoster", "Altiris Service Hoster"),
		auto("W3SVC", "World Wide Web Publishing Service"),
	}, append(taskServices(), agentServices()...)...)
}

func siteServices() []Service {
	return append([]Service{
		auto("W3SVC", "World Wide Web Publishing Service"),
	}, append(taskServices(), agentServices()...)...)
}

func sqlServices() []Service {
	return append([]Service{
		auto("MSSQLSERVER", "SQL Server (MSSQLSERVER)"),
		auto("SQLSERVERAGENT", "SQL Server Agent (MSSQLSERVER)"),
	}, agentServices()...)
}

func gatewayServices() []Service {
	return append([]Service{
		auto("SMPInternetGateway", "SMP Internet Gateway"),
	}, agentServices()...)
}

// taskServices make a task server.
func taskServices() []Service {
	return []Service{
		auto("atrshost", "Altiris Object Host Service"),
		auto("ctdataloader", "Altiris Client Task Data Loader"),
	}
}

// agentServices are the management agent's; the helper is normally stopped.
func agentServices() []Service {
	return []Service{
		auto("AeXNSClient", "Symantec Management Agent"),
		manual("AeXAgentSrvHost", "AeXAgentSrvHost", "Stopped"),
	}
}

func windowsServices() []Service {
	return []Service{
		auto("MpsSvc", "Windows Firewall"),
		auto("WinRM", "Windows Remote Management (WS-Management)"),
		auto("LanmanServer", "Server"),
		manual("TermService", "Remote Desktop Services", "Running"),
	}
}

// signIn gives the services their accounts: ITMS works as the platform's own.
func signIn(services []Service) {
	for i := range services {
		s := &services[i]
		switch s.Name {
		case "AeXSvc", "AltirisClientMsgDispatcher", "AltirisReceiverService", "EventReceiver", "EventEngine",
			"AltirisServiceHoster", "atrshost", "ctdataloader":
			s.Account = `LAB\svc-itms`
		case "MSSQLSERVER":
			s.Account = `NT Service\MSSQLSERVER`
		case "SQLSERVERAGENT":
			s.Account = `NT Service\SQLSERVERAGENT`
		case "MpsSvc":
			s.Account = `NT AUTHORITY\LocalService`
		case "WinRM", "TermService":
			s.Account = `NT AUTHORITY\NetworkService`
		default:
			s.Account = "LocalSystem"
		}
	}
}
