package slack

import "time"

// rate is how fast a bucket fills and how much it holds.
type rate struct {
	perSecond float64
	burst     float64
}

// posting is Slack's limit for messages by whatever path: one a second and
// channel, with short bursts allowed. How short is not published.
func posting() rate { return rate{perSecond: 1, burst: 3} }

// tier returns the rate of a method that Slack allows perMinute times. A burst
// of a quarter of a minute's worth passes.
func tier(perMinute int) rate {
	n := float64(perMinute)
	return rate{perSecond: n / 60, burst: max(5, n/4)}
}

// bucket is a token bucket. The zero value is full.
type bucket struct {
	used float64 // tokens taken and not yet refilled
	at   time.Time
}

// take takes a token, or returns how long it will be until there is one.
func (b *bucket) take(r rate, now time.Time) time.Duration {
	if !b.at.IsZero() {
		b.used = max(0, b.used-r.perSecond*now.Sub(b.at).Seconds())
	}
	b.at = now
	if over := b.used + 1 - r.burst; over > 0 {
		return time.Duration(over / r.perSecond * float64(time.Second))
	}
	b.used++
	return 0
}

// limited returns how long a call has to wait, 0 if it may go ahead. Locked.
func (s *Server) limited(name string, m method, channel string) time.Duration {
	if name == "chat.postMessage" {
		r, err := s.room(channel)
		if err != nil {
			return 0 // it will not be posted
		}
		return s.take("post "+r.ID, posting())
	}
	if m.perMinute == 0 {
		return 0
	}
	return s.take(name, tier(m.perMinute))
}

// take takes a token from a named bucket. Locked.
func (s *Server) take(name string, r rate) time.Duration {
	if !s.cfg.RateLimits {
		return 0
	}
	b := s.buckets[name]
	if b == nil {
		b = &bucket{}
		s.buckets[name] = b
	}
	return b.take(r, time.Now())
}
