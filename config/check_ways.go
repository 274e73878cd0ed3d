package config

import "itmsbot/estate"

// checkWaysBack: SMP and SQL Server go back together, each by its own way, so
// that neither may have none; and a host without one says why (DESIGN, decisions).
func (d *decoder) checkWaysBack(c *Config) {
	for i, h := range c.Estate.Hosts {
		path := hostPath(i)
		none := h.WayBack == string(estate.NoWay)
		switch {
		case none && (h.Role == estate.SMP || h.Role == estate.SQL):
			d.on(path+".way_back", "%s is the %s, and without a way back of it nothing could go back; write snapshot or backup", h.Name, h.Role)
		case none && h.Because == "":
			d.on(path+".way_back", "%s has no way back; write because, with the reason for it", h.Name)
		case !none && h.Because != "":
			d.on(path+".because", "because says why there is no way back; %s has one", h.Name)
		case h.WayBack == string(estate.BySnapshot) && c.VCenter == nil:
			d.on(path, "%s goes back by a snapshot, and there is no vcenter; name it, or write way_back: backup", h.Name)
		}
	}
}
