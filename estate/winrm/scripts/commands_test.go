package scripts

// What the scripts may use. All of it is in Windows PowerShell 5.1 with the modules of
// Server 2016, as documented by Microsoft for that version:
// https://learn.microsoft.com/powershell/module/netsecurity, nettcpip, netconnection
// and scheduledtasks, ?view=windowsserver2016-ps. Who adds a line has looked there.

// commands are the commands with the parameters that the scripts use.
func commands() map[string][]string {
	return map[string][]string{
		// Language.
		"ConvertFrom-Json": {},
		"ConvertTo-Json":   {"Compress"},
		"ForEach-Object":   {},
		"Set-StrictMode":   {"Version"},
		"Sort-Object":      {"Unique", "Property", "Descending"},
		"Where-Object":     {},

		// Registry.
		"Get-ChildItem":       {"LiteralPath", "Filter", "File"}, // files too
		"Get-Item":            {"LiteralPath"},
		"New-Item":            {"Path"},
		"New-ItemProperty":    {"LiteralPath", "Name", "Value", "PropertyType", "Force"},
		"Remove-ItemProperty": {"LiteralPath", "Name"},
		"Test-Path":           {"LiteralPath"},

		// Module NetSecurity.
		"Copy-NetFirewallRule":               {"InputObject", "NewName"},
		"Disable-NetFirewallRule":            {"InputObject"},
		"Enable-NetFirewallRule":             {"InputObject"},
		"Get-NetFirewallAddressFilter":       {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallApplicationFilter":   {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallInterfaceFilter":     {"AssociatedNetFirewallRule"},
		"Get-NetFirewallInterfaceTypeFilter": {"AssociatedNetFirewallRule"},
		"Get-NetFirewallPortFilter":          {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallProfile":             {"PolicyStore"},
		"Get-NetFirewallRule":                {"PolicyStore", "TracePolicyStore", "Direction", "Enabled", "Action"},
		"Get-NetFirewallSecurityFilter":      {"AssociatedNetFirewallRule"},
		"Get-NetFirewallServiceFilter":       {"AssociatedNetFirewallRule"},
		"New-NetFirewallRule": {
			"PolicyStore", "Name", "DisplayName", "Group", "Enabled", "Profile", "Direction",
			"Action", "Protocol", "LocalPort", "RemoteAddress",
		},
		"Remove-NetFirewallRule": {"InputObject"},
		"Set-NetFirewallRule":    {"InputObject", "NewDisplayName", "Enabled", "Protocol", "LocalPort"},

		// Modules NetTCPIP and NetConnection.
		"Get-NetConnectionProfile": {},
		"Get-NetIPAddress":         {},
		"Get-NetTCPConnection":     {"State"},

		// Modules CimCmdlets and Microsoft.PowerShell.Management.
		"Get-CimInstance":            {"ClassName", "Filter"},
		"Get-Service":                {"Name"},
		"Stop-Service":               {"InputObject", "NoWait"},
		"Start-Process":              {"FilePath", "ArgumentList", "NoNewWindow", "Wait", "PassThru"},
		"Test-ComputerSecureChannel": {},

		// Module ScheduledTasks.
		"Get-ScheduledTask":          {"TaskName", "TaskPath"},
		"New-ScheduledTaskAction":    {"Execute", "Argument"},
		"New-ScheduledTaskPrincipal": {"UserId", "LogonType", "RunLevel"},
		"New-ScheduledTaskSettingsSet": {
			"DeleteExpiredTaskAfter", "ExecutionTimeLimit", "AllowStartIfOnBatteries",
			"DontStopIfGoingOnBatteries", "MultipleInstances", "StartWhenAvailable",
		},
		"New-ScheduledTaskTrigger": {"Once", "At", "RepetitionInterval"},
		"Register-ScheduledTask": {
			"TaskName", "TaskPath", "Description", "Action", "Trigger", "Settings", "Principal", "Force",
		},
		"Unregister-ScheduledTask": {"TaskName", "TaskPath", "Confirm"},
	}
}

// types are the .NET types that the scripts name.
func types() []string {
	return []string{
		"int", "long", "bool", "byte", "char", "string", "ordered", "ref", "regex",
		"ArgumentException", "InvalidOperationException",
		"Array", "BitConverter", "Convert", "DateTime", "DateTimeOffset", "Environment", "Globalization.CultureInfo", "Globalization.DateTimeStyles",
		"Diagnostics.Eventing.Reader.EventLogQuery", "Diagnostics.Eventing.Reader.EventLogReader", "Diagnostics.Stopwatch",
		"IO.Directory", "IO.DirectoryInfo", "IO.File", "IO.Path", "Math", "Net.IPAddress", "Net.WebUtility", "StringComparison",
		"Microsoft.Win32.Registry", "Microsoft.Win32.RegistryKeyPermissionCheck", "Microsoft.Win32.RegistryOptions",
		"Security.Cryptography.SHA256CryptoServiceProvider", "Text.Encoding", "TimeSpan", "Xml.XmlDocument",
	}
}

// localised are properties whose text is in the language of Windows.
func localised() []string {
	return []string{
		"DisplayName", "DisplayGroup", "Description", "Caption", "Message", "StatusDescription",
	}
}

// ourOwnText are comparisons of such a property with what a script wrote there itself.
func ourOwnText() []string {
	return []string{
		"[string]$Rule.DisplayName -ceq $Want.display",
		"[string]$old[0].Description -cne $in.key",
		"[string]$task[0].Description -ceq $in.key",
		"$marker -ceq [string]$task[0].Description",
	}
}

// ourLogs are the places where System is an event log and not an account. The names of
// logs are not translated; the one that people see is.
func ourLogs() []string {
	return []string{
		`[Diagnostics.Eventing.Reader.EventLogQuery]::new('System', 'LogName', "*[System[Provider[@Name='NETLOGON'] and EventID=5823]]")`,
		"Read-WindowsLog $review 'System' 15",
	}
}
