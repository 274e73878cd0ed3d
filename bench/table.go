package main

// row is one line of the page: a figure, what it is held against, and the aim.
type row struct {
	what   string
	ours   string  // key of the figure
	scale  float64 // from the benchmark's unit to the page's; 0 is 1
	unit   string
	digits int
	// beside are the keys of the baseline; several are added up.
	beside []string
	times  float64 // what the baseline is multiplied by; 0 is 1
	named  string  // the baseline in words
	aim    aim
}

// aim is what a figure should reach; the zero value is none.
type aim struct {
	words string
	// most and least bound the figure: the baseline times factor, plus more.
	most, least  bool
	factor, more float64
}

// section is a heading, what was done, and its lines.
type section struct {
	title, text string
	rows        []row
}

// sections are the page, in the order of the table of aims.
var sections = []section{
	{"From a command to its acknowledgement", "A person types `/itms help` in" + ` the practice workspace, over HTTP and Socket Mode on loopback; bot and workspace share
the processors. The bot writes every delivery to disk before it acknowledges, and meanwhile decides and answers the
earlier ones (the help is its longest answer). The baseline is a loop around slack-go that acknowledges and does nothing
else, on the same workspace. 2,000 commands a run. "Reads" waits for the answer before the next command is typed, as a
person does; "answered" counts until the last answer has come.`, []row{
		{what: "1 caller, p50", ours: "Ack/by=bot/callers=1 p50-ms", unit: "ms", digits: 3,
			beside: []string{"Ack/by=bare/callers=1 p50-ms", "IntakeCommit p50-ms"}, named: "bare loop + one commit",
			aim: aim{words: "at most that + 0.2 ms", most: true, factor: 1, more: 0.2}},
		{what: "1 caller who reads, p50", ours: "Ack/by=bot/callers=1/reads p50-ms", unit: "ms", digits: 3,
			beside: []string{"Ack/by=bare/callers=1 p50-ms", "IntakeCommit p50-ms"}, named: "bare loop + one commit",
			aim: aim{words: "at most that + 0.2 ms", most: true, factor: 1, more: 0.2}},
		{what: "one commit, p50", ours: "IntakeCommit p50-ms", unit: "ms", digits: 3},
		{what: "1 caller, p99", ours: "Ack/by=bot/callers=1 p99-ms", unit: "ms", digits: 2, beside: []string{"Ack/by=bare/callers=1 p99-ms"}, named: "bare loop"},
		{what: "1 caller", ours: "Ack/by=bot/callers=1 commands/s", unit: "commands/s", beside: []string{"Ack/by=bare/callers=1 commands/s"}, named: "bare loop"},
		{what: "32 callers, p50", ours: "Ack/by=bot/callers=32 p50-ms", unit: "ms", digits: 2, beside: []string{"Ack/by=bare/callers=32 p50-ms"}, named: "bare loop"},
		{what: "32 callers, p99", ours: "Ack/by=bot/callers=32 p99-ms", unit: "ms", digits: 1, beside: []string{"Ack/by=bare/callers=32 p99-ms"}, named: "bare loop"},
		{what: "32 callers", ours: "Ack/by=bot/callers=32 commands/s", unit: "commands/s", beside: []string{"Ack/by=bare/callers=32 commands/s"}, named: "bare loop",
			aim: aim{words: "at least half of it", least: true, factor: 0.5}},
		{what: "32 callers, answered", ours: "Ack/by=bot/callers=32 answered/s", unit: "commands/s"},
	}},
	{"Closing doors", `Both stages of 1.4 item 1, keep list and doors, by the engine with the trail on disk, over sealed WinRM to simulated
servers of which every script takes 400 ms. All servers are alike, so that one alone is what the slowest of fifty would
take by itself; each runs nine scripts, one after the other.`, []row{
		{what: "50 servers", ours: "CloseDoors/hosts=50 ns/op", scale: 1e-9, unit: "s", digits: 2, beside: []string{"CloseDoors/hosts=1 ns/op"}, named: "one server alone",
			aim: aim{words: "under 1.1 times that", most: true, factor: 1.1}},
		{what: "50 servers", ours: "CloseDoors/hosts=50 ns/op", scale: 1e-9, unit: "s", digits: 2, beside: []string{"CloseDoors/hosts=1 ns/op"}, times: 50,
			named: "one after the other (50 times one)"},
	}},
	{"Opening and closing by name", `A subnet is let in for an hour on servers whose doors are closed, and shut out again: plan, rules, the server's own task
that ends it, and the looks, over the same wires; every script takes 400 ms. Planning asks every server, too.`, []row{
		{what: "50 servers, opening", ours: "OpenAndClose/hosts=50 s/opening", unit: "s", digits: 2, beside: []string{"OpenAndClose/hosts=1 s/opening"}, named: "one server alone"},
		{what: "50 servers, closing", ours: "OpenAndClose/hosts=50 s/closing", unit: "s", digits: 2, beside: []string{"OpenAndClose/hosts=1 s/closing"}, named: "one server alone"},
	}},
	{"A look at a firewall", `One server of which a cmdlet takes 40 ms to call and 0.2 ms for each rule, or filter of a rule, that it gives; with ten
rules that let somebody in, and with 600. A look is one script in one round trip. It reads the rules in force with their
ports, addresses and programs, four lists, and the names of the local rules, a fifth; where the doors were closed, it
reads the ports, addresses and programs of the local store too. The four lists of 600 are 0.48 s by themselves, and
what does not grow is 0.40 s, of ten calls: with another few calls the ratio would be better and the look slower.`, []row{
		{what: "600 rules", ours: "FirewallLook/rules=600/doors=open ns/op", scale: 1e-6, unit: "ms", beside: []string{"FirewallLook/rules=10/doors=open ns/op"}, named: "10 rules",
			aim: aim{words: "under twice that", most: true, factor: 2}},
		{what: "600 rules, doors closed", ours: "FirewallLook/rules=600/doors=closed ns/op", scale: 1e-6, unit: "ms",
			beside: []string{"FirewallLook/rules=10/doors=closed ns/op"}, named: "10 rules, doors closed", aim: aim{words: "under twice that", most: true, factor: 2}},
	}},
	{"Snapshots", `Fifty virtual machines of the practice vCenter, each task takes 500 ms. The baselines are govmomi alone.`, []row{
		{what: "50 machines", ours: "FiftySnapshots ns/op", scale: 1e-9, unit: "s", digits: 2, beside: []string{"BareSnapshots/together=50 ns/op"},
			named: "govmomi, a goroutine for each", aim: aim{words: "under 1.0 s", most: true, more: 1}},
		{what: "50 machines", ours: "FiftySnapshots ns/op", scale: 1e-9, unit: "s", digits: 2, beside: []string{"BareSnapshots/in-turn=10 ns/op"}, times: 5,
			named: "govmomi, one after the other (5 times ten)"},
	}},
	{"The way back", `The four servers of the practice estate go back to their set, from the approval until the card says done: second look,
doors, evidence, power, reverts, boots and proof. Every task of vCenter takes 500 ms, and a minute of the world one second.
The baseline is the sum of the slowest alone: the same tasks and boots in the same order, by govmomi.`, []row{
		{what: "four servers", ours: "Rollback/by=bot ns/op", scale: 1e-9, unit: "s", digits: 2, beside: []string{"Rollback/by=bare ns/op"},
			named: "tasks and boots alone", aim: aim{words: "under 1.2 times that", most: true, factor: 1.2}},
	}},
	{"The trail", `Events a second, each on disk before its caller goes on: hash chain, derived tables and all. The baseline puts the same row
into the same table with the same settings and commits, and does nothing else.`, []row{
		{what: "1 caller", ours: "Append/callers=1 events/s", unit: "events/s", beside: []string{"BareInsert events/s"}, named: "bare INSERT and COMMIT"},
		{what: "32 callers", ours: "Append/callers=32 events/s", unit: "events/s", beside: []string{"BareInsert events/s"}, named: "bare INSERT and COMMIT, one caller"},
	}},
	{"itmsbot serve", `The program as it is shipped, in a process of its own; estate and workspace in another. Start is from exec until the
workspace has its socket, with a database that is there. Memory is what the kernel calls resident, in millions of bytes:
two seconds after connecting, and after a thousand commands (help, status, audit, firewall in turn) have been answered.`, []row{
		{what: "start to connected, p50", ours: "Serve/start/by=bot p50-ms", unit: "ms", digits: 1, beside: []string{"Serve/start/by=bare p50-ms"}, named: "slack-go alone"},
		{what: "memory, idle", ours: "Serve/memory idle-MB", unit: "MB", digits: 1, aim: aim{words: "under 60 MB", most: true, more: 60}},
		{what: "memory, after 1,000 commands", ours: "Serve/memory after-1000-MB", unit: "MB", digits: 1, aim: aim{words: "under 60 MB", most: true, more: 60}},
		{what: "memory, the most it was", ours: "Serve/memory peak-MB", unit: "MB", digits: 1},
	}},
}
