package actions

// Catalog lists every action, in the order of the method. Adding one is a file
// and a line here.
var Catalog = []*Action{
	quiesce,
	snapshot,
	block,
	allowAll,
	golive,
	commit,
	rollback,
	undo,
}
