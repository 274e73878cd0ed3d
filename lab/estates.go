package lab

import (
	"fmt"
	"strings"

	"itmsbot/lab/world"
)

// The practice estates by name.
const (
	// TheEstate is the usual one: four virtual machines, and a SQL Server for ITMS alone.
	TheEstate = "default"
	// PhysicalSQL has a SQL Server that is no virtual machine, so that its database goes
	// back by a backup.
	PhysicalSQL = "sql-physical"
	// SharedSQL has a SQL Server on which another application works too.
	SharedSQL = "shared-sql"
)

// Estates lists them.
func Estates() []string { return []string{TheEstate, PhysicalSQL, SharedSQL} }

// worldOf is the world of an estate, or the refusal of a name that is none.
func worldOf(estate string) (world.Options, error) {
	switch estate {
	case TheEstate:
		return world.Options{}, nil
	case PhysicalSQL:
		return world.Options{PhysicalSQL: true}, nil
	case SharedSQL:
		return world.Options{SharedSQL: true}, nil
	}
	return world.Options{}, fmt.Errorf("there is no practice estate %q; there are %s", estate, strings.Join(Estates(), ", "))
}
