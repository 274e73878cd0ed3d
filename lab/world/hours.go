package world

// The daily profile of the managed computers: who is on, from when to when. All of
// it follows from the seed, the computer and the day, so that nothing has to be
// remembered and the same seed gives the same week.

// Seconds.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// mix is a number that follows from its parts and looks like chance (splitmix64).
func mix(parts ...uint64) uint64 {
	var x uint64
	for _, p := range parts {
		x += p + 0x9e3779b97f4a7c15
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
		x = (x ^ (x >> 27)) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}

// between is a number from first to last, both included.
func between(x uint64, first, last int64) int64 {
	return first + int64(x%uint64(last-first+1))
}

// Salts keep the chances of one computer apart.
const (
	saltAlways = iota + 1
	saltComes
	saltOn
	saltLength
	saltContact
	saltHold
	saltCut
)

// habit says how a kind of day goes.
type habit struct {
	comes        int64 // computers in a thousand that are switched on
	on, latest   int64 // the first and the last switching on, seconds after midnight
	short, long  int64 // how long they stay, seconds
	eventsInHour int64 // events that a computer makes while it is on
}

// habitOf gives the habit of a date, counted in days from 1 January 1970, which was
// a Thursday. On a Saturday the weekly inventory runs, so that few computers make
// many events.
func habitOf(date int64) habit {
	switch (date + 4) % 7 {
	case 0:
		return habit{40, 7 * hour, 14 * hour, 2 * hour, 6 * hour, 4}
	case 6:
		return habit{80, 5*hour + 30*minute, 10*hour + 30*minute, 4 * hour, 9 * hour, 4}
	}
	return habit{920, 7*hour + 30*minute, 9*hour + 30*minute, 7*hour + 30*minute, 9*hour + 30*minute, 1}
}

// alwaysOn is how many computers in a thousand are never switched off.
const alwaysOn = 40

// shift gives from when to when a computer is on at a date, Unix seconds, the end
// excluded; a shift without length is a day off.
func shift(seed, computer uint64, date int64) (on, off int64) {
	midnight := date * day
	if mix(seed, computer, saltAlways)%1000 < alwaysOn {
		return midnight, midnight + day
	}
	h, d := habitOf(date), uint64(date)
	if int64(mix(seed, computer, saltComes, d)%1000) >= h.comes {
		return midnight, midnight
	}
	on = midnight + between(mix(seed, computer, saltOn, d), h.on, h.latest)
	return on, on + between(mix(seed, computer, saltLength, d), h.short, h.long)
}
