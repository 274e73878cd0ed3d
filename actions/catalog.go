package actions

// Catalog lists every action, in the order of the method. Adding one is a file
// and a line here.
var Catalog = []*Action{
	quiesce,
	block,
	reboot,
	snapshot,
	startServices,
	allowSiteServers,
	allowClient,
	allowSubnet,
	shut,
	extend,
	allowAll,
	golive,
	commit,
	rollback,
	undo,
}
