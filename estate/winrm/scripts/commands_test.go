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
		"Sort-Object":      {"Unique"},
		"Where-Object":     {},

		// Registry.
		"Get-Item":            {"LiteralPath"},
		"New-Item":            {"Path"},
		"New-ItemProperty":    {"LiteralPath", "Name", "Value", "PropertyType", "Force"},
		"Remove-ItemProperty": {"LiteralPath", "Name"},
		"Test-Path":           {"LiteralPath"},

		// Module NetSecurity.
		"Disable-NetFirewallRule":          {"InputObject"},
		"Enable-NetFirewallRule":           {"InputObject"},
		"Get-NetFirewallAddressFilter":     {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallApplicationFilter": {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallPortFilter":        {"PolicyStore", "AssociatedNetFirewallRule"},
		"Get-NetFirewallProfile":           {"PolicyStore"},
		"Get-NetFirewallRule":              {"PolicyStore", "TracePolicyStore", "Direction", "Enabled", "Action"},
		"New-NetFirewallRule": {
			"PolicyStore", "Name", "DisplayName", "Group", "Enabled", "Profile", "Direction",
			"Action", "Protocol", "LocalPort", "RemoteAddress",
		},
		"Remove-NetFirewallRule": {"InputObject"},

		// Modules NetTCPIP and NetConnection.
		"Get-NetConnectionProfile": {},
		"Get-NetIPAddress":         {},
		"Get-NetTCPConnection":     {},

		// Module ScheduledTasks.
		"Get-ScheduledTask":          {"TaskName", "TaskPath"},
		"New-ScheduledTaskAction":    {"Execute", "Argument"},
		"New-ScheduledTaskPrincipal": {"UserId", "LogonType", "RunLevel"},
		"New-ScheduledTaskSettingsSet": {
			"DeleteExpiredTaskAfter", "ExecutionTimeLimit", "AllowStartIfOnBatteries",
			"DontStopIfGoingOnBatteries", "MultipleInstances",
		},
		"New-ScheduledTaskTrigger": {"Once", "At"},
		"Register-ScheduledTask": {
			"TaskName", "TaskPath", "Description", "Action", "Trigger", "Settings", "Principal", "Force",
		},
		"Unregister-ScheduledTask": {"TaskName", "TaskPath", "Confirm"},
	}
}

// types are the .NET types that the scripts name.
func types() []string {
	return []string{
		"int", "string", "ordered",
		"ArgumentException", "InvalidOperationException",
		"Convert", "DateTime", "DateTimeOffset", "Environment", "Globalization.CultureInfo",
		"Net.IPAddress", "Text.Encoding", "TimeSpan",
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
