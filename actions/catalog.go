package actions

// Catalog lists every action, in the order of the method. Adding one is a file
// and a line here.
var Catalog = []*Action{
	quiesce,
	reboot,
	startServices,
	snapshot,
	block,
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
