package actions

// Section is one section of the method, with its items in their order.
type Section struct {
	// Number is the method's, such as "1.4"; empty for what it does not number.
	Number, Title string
	// Loose sections have no numbered items.
	Loose bool
	Items []Item
	// Signs are the facts that people vouch for when the section is done.
	Signs []string
}

// Item is one thing to do.
type Item struct {
	// Text says what the method asks for.
	Text string
	// Look is the command that shows how it stands, empty for none.
	Look string
	// Hand is what people do where no action does it.
	Hand string
}

// Method is the run book that the product follows. What the bot does of it follows from
// the catalog; the words here are for the rest, and for who has to do it by hand.
var Method = []Section{
	{Number: "1.1", Title: "A server of the target version, to learn on", Items: []Item{
		{Text: "Check basic function, stability and the processes of every day", Hand: "Build it apart from the estate; read its logs every day, and raise support cases early."},
		{Text: "Read the release notes of the target version", Hand: "Look for known issues that touch what you use."},
		{Text: "Write down what will change for your users", Hand: "It becomes the note that they get before the day."},
	}},
	{Number: "1.2", Title: "The upgrade on a copy", Loose: true, Items: []Item{
		{Text: "Upgrade a mirror copy of the SMP, or a fresh server that matches it", Hand: "Keep it in a network of its own. The bot tells it from the SMP by the BIOS UUID and touches neither when both have the same."},
		{Text: "Do on it what each role does every day", Hand: "What breaks here does not break on the day."},
	}},
	{Number: "1.3", Title: "In the weeks before", Items: []Item{
		{Text: "Bring the live SMP into good order", Look: "logs", Hand: "Deal with every group of errors that you do not know. Decide on CPU, RAM and disk."},
		{Text: "Run SMPDiag", Hand: "Resolve everything that requires action."},
		{Text: "Gather the acceptance tests", Hand: "Agree with each user group which test failing means a rollback, and which may be mended later."},
		{Text: "Build the checklist, with a back-out for each step", Hand: "This page is its beginning. Rehearse the day with `itmsbot lab`."},
		{Text: "Schedule the upgrade and tell everybody", Hand: "Say how long ITMS is away, and how long clients take to upgrade."},
	}},
	{Number: "1.4", Title: "Quiesce the estate", Items: []Item{
		{Text: "Close the doors to clients", Look: "firewall"},
		{Text: "Wait until the event queues are empty", Look: "queues"},
		{Text: "Read the logs of Windows and the SMP", Look: "logs"},
		{Text: "Check free disk space, 15 GB at least", Look: "disk"},
		{Text: "Check that backups are current", Look: "backups"},
		{Text: "Restart the SMP", Hand: "Restart it, and wait for its services."},
		{Text: "Snapshot every virtual server that the upgrade touches, as one set", Look: "snapshots"},
	}},
	{Number: "1.5", Title: "Upgrade the SMP", Signs: []string{smpUpgraded, smpVerified}, Items: []Item{
		{Text: "Install what the upgrade requires", Hand: "On the SMP, from the release notes."},
		{Text: "Upgrade Symantec Installation Manager", Hand: "SIM asks for it by itself. It needs the internet from the SMP; the closed doors do not stop that."},
		{Text: "See the new products", Hand: "They appear when SIM is upgraded."},
		{Text: "Choose the upgrades and download them", Hand: "In SIM."},
		{Text: "Install and configure", Hand: "Allow 90 minutes for each, and hours where there are many schedules."},
		{Text: "Restart the SMP", Hand: "Restart it when SIM is done and the marker of the schedules is gone."},
		{Text: "Look for partial installs", Hand: "Ctrl+Shift+P in SIM."},
		{Text: "Check that the services have started", Look: "services"},
		{Text: "Check the targeted agent settings", Hand: "Upgrades change them. Compare with the list from before."},
		{Text: "Check the upgrade policies of agent and plug-ins", Hand: "The installer switches them off. Put targets and schedules right, and leave them off."},
		{Text: "Enter the credentials of IT Analytics again", Hand: "Where you use it."},
		{Text: "Read the logs again", Look: "logs"},
		{Text: "Run the tests of the console", Hand: "As a user of each role, not as an administrator."},
	}},
	{Number: "1.6", Title: "Upgrade the site server", Signs: []string{siteUpgraded}, Items: []Item{
		{Text: "Install what the site server requires", Hand: "The .NET Framework of the release notes."},
		{Text: "Enable its upgrade policy, and check that its target holds it", Hand: "In the console."},
		{Text: "Let the site server in to the SMP", Look: "firewall", Hand: "An allow rule on the SMP for the address of the site server."},
		{Text: "Read the logs, and look at Site Server Settings", Look: "logs", Hand: "The console shows the new version."},
	}},
	{Number: "1.7", Title: "A single client", Signs: []string{clientTested}, Items: []Item{
		{Text: "Enable the upgrade policies of agent and plug-ins", Hand: "In the console."},
		{Text: "Let the one client in", Look: "firewall", Hand: "An allow rule for its address on SMP and site server."},
		{Text: "Watch it upgrade", Look: "queues", Hand: "Agent health in the console shows the plug-ins."},
		{Text: "Confirm what the plug-ins do", Hand: "A dummy program, then a hardware inventory by a task: one proof of two."},
		{Text: "Run the tests of the client", Hand: "As a user of each role."},
	}},
	{Number: "1.8", Title: "Upgrade the internet gateway", Signs: []string{gatewayUpgraded}, Items: []Item{
		{Text: "Close the gateway to all clients", Look: "firewall", Hand: "Switch the rules off that let clients in on the gateway."},
		{Text: "Install what the gateway requires", Hand: "The .NET Framework of the release notes."},
		{Text: "Upgrade the gateway", Hand: "Its package, on the gateway."},
		{Text: "Let one client in from the internet", Look: "firewall", Hand: "An allow rule on the gateway for its public address."},
		{Text: "Watch it upgrade", Look: "queues", Hand: "Agent health in the console."},
		{Text: "Confirm what the plug-ins do", Hand: "As for the client of 1.7."},
		{Text: "Confirm that its agent goes to the cloud and comes back", Hand: "Over the VPN, whose address needs a way in to SMP and site server."},
		{Text: "Run the tests of cloud clients", Hand: "As a user of each role."},
	}},
	{Number: "1.9", Title: "More clients", Signs: []string{testingPassed}, Items: []Item{
		{Text: "Let a subnet in, then the next", Look: "firewall", Hand: "An allow rule for each on SMP and site server."},
		{Text: "Watch them upgrade", Look: "queues", Hand: "The next subnet when the backlog of the last is gone."},
		{Text: "Confirm what the plug-ins do", Hand: "On some of them."},
		{Text: "Read the logs", Look: "logs"},
	}},
	{Number: "1.10", Title: "Go live", Items: []Item{
		{Text: "Open the SMP to all clients", Look: "firewall"},
		{Text: "Open the gateway to all clients", Look: "firewall"},
		{Text: "Watch the logs", Look: "logs"},
		{Text: "Commit the snapshots", Look: "snapshots", Hand: "Remove the set in vCenter, the SQL Server last, within 72 hours."},
	}},
	{Title: "The week after", Loose: true, Items: []Item{
		{Text: "Major issues of the upgrade", Hand: "There should be few; have the people for them named before the day."},
		{Text: "Minor issues", Hand: "Users look closer than before. Find out of each whether it is new."},
		{Text: "Questions", Hand: "Have an answer ready that says what was announced when, and what has changed."},
	}},
}
