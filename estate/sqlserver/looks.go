package sqlserver

import (
	"context"
	"database/sql"

	"itmsbot/estate"
)

// Queue reads the event queue.
func (s *Server) Queue(ctx context.Context) (estate.Queue, error) {
	return look(ctx, s, doingQueue, func(ctx context.Context) (estate.Queue, error) {
		var q estate.Queue
		var oldest, newest sql.NullInt64
		err := s.read(ctx, s.statements.queue, func(r *rows) error {
			return r.one(&q.Now, &q.Depth, &oldest, &newest)
		})
		q.Oldest, q.Newest = oldest.Int64, newest.Int64
		return q, err
	})
}

// Backups reads the backup history of the CMDB.
func (s *Server) Backups(ctx context.Context) (estate.Backups, error) {
	return look(ctx, s, doingBackups, func(ctx context.Context) (estate.Backups, error) {
		b := estate.Backups{Full: []estate.Backup{}}
		var identity sql.NullString
		err := s.read(ctx, s.statements.backups, func(r *rows) error {
			if err := r.one(&b.Now, &b.Database, &b.Recovery, &identity); err != nil {
				return err
			}
			b.Identity = identity.String
			if err := r.next(); err != nil {
				return err
			}
			for r.Next() {
				one, err := scanBackup(r, b.Identity)
				if err != nil {
					return err
				}
				b.Full = append(b.Full, one)
			}
			return nil
		})
		return b, err
	})
}

// scanBackup reads a row; identity is that of the database now, empty when unknown.
func scanBackup(r *rows, identity string) (estate.Backup, error) {
	var b estate.Backup
	var age int64
	var of, device sql.NullString
	err := r.Scan(&age, &b.ZoneUnknown, &b.CopyOnly, &b.Snapshot, &b.Damaged, &b.Checksum, &of, &b.Bytes, &device, &b.Devices)
	b.Age = seconds(age)
	b.Device = device.String
	b.Earlier = identity != "" && of.Valid && of.String != identity
	return b, err
}

// Neighbours reads the other user databases of the instance.
func (s *Server) Neighbours(ctx context.Context) (estate.Neighbours, error) {
	return look(ctx, s, doingNeighbours, func(ctx context.Context) (estate.Neighbours, error) {
		n := estate.Neighbours{Databases: []estate.Neighbour{}}
		err := s.read(ctx, s.statements.neighbours, func(r *rows) error {
			var watched int64
			if err := r.one(&n.Now, &watched); err != nil {
				return err
			}
			n.Watched = seconds(watched)
			if err := r.next(); err != nil {
				return err
			}
			for r.Next() {
				var one estate.Neighbour
				var age sql.NullInt64
				if err := r.Scan(&one.Name, &one.State, &one.ReadOnly, &age); err != nil {
					return err
				}
				one.Written, one.Age = age.Valid, seconds(age.Int64)
				n.Databases = append(n.Databases, one)
			}
			return nil
		})
		return n, err
	})
}

// SiteServers reads which computers offer site services.
func (s *Server) SiteServers(ctx context.Context) (estate.SiteServers, error) {
	return look(ctx, s, doingSites, func(ctx context.Context) (estate.SiteServers, error) {
		l := estate.SiteServers{Servers: []estate.SiteServer{}}
		err := s.read(ctx, s.statements.sites, func(r *rows) error {
			if err := r.one(&l.Now); err != nil {
				return err
			}
			if err := r.next(); err != nil {
				return err
			}
			for r.Next() {
				var one estate.SiteServer
				var guid, name, suffix sql.NullString
				if err := r.Scan(&guid, &name, &suffix); err != nil {
					return err
				}
				one.GUID, one.Name, one.Suffix = guid.String, name.String, suffix.String
				l.Servers = append(l.Servers, one)
			}
			return nil
		})
		return l, err
	})
}

// Probe asks the instance what it is, and looks for the objects of every look.
func (s *Server) Probe(ctx context.Context) (estate.CMDB, error) {
	return look(ctx, s, "look at the SQL Server", func(ctx context.Context) (estate.CMDB, error) {
		a, v, err := s.takeInventory(ctx)
		for _, l := range []struct {
			doing string
			st    statement
		}{
			{doingQueue, s.statements.queue},
			{doingBackups, s.statements.backups},
			{doingNeighbours, s.statements.neighbours},
			{doingSites, s.statements.sites},
			{doingComputers, s.statements.computersNamed}, // needs all that computersAt needs
			{doingContacts, s.statements.clientsSince},
		} {
			a.cmdb.Looks = append(a.cmdb.Looks, estate.CMDBLook{Doing: l.doing, Missing: v.missing(l.st)})
		}
		return a.cmdb, err
	})
}

// What the looks do, for errors and for Probe.
const (
	doingQueue      = "read the event queue"
	doingBackups    = "read the backup history"
	doingNeighbours = "read the other databases"
	doingSites      = "read the site servers"
	doingComputers  = "look for a computer"
	doingContacts   = "read which computers came in"
)

// read runs a statement whose objects are there.
func (s *Server) read(ctx context.Context, st statement, read func(*rows) error, parameters ...any) error {
	if err := s.ready(ctx, st); err != nil {
		return err
	}
	err := s.run(ctx, st, read, parameters...)
	if err != nil && lost(ctx, err).kind == estate.Unavailable {
		s.known.write(inventory{}, 0) // it was there a moment ago
	}
	return err
}

// about is what an instance says about itself.
type about struct {
	cmdb  estate.CMDB
	state bool // the account may see the server's state
}

func (s *Server) about(ctx context.Context) (about, error) {
	var a about
	c := &a.cmdb
	var identity sql.NullString
	err := s.run(ctx, s.statements.server, func(r *rows) error {
		return r.one(&c.Now, &c.Server, &c.Machine, &c.Version, &c.Edition,
			&c.Clustered, &c.Available, &c.Database, &identity, &c.Login, &a.state)
	})
	c.Identity = identity.String
	return a, err
}
