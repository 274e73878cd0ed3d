package winrm_test

import (
	"net"
	"sync"
)

// door counts the connections that are open.
type door struct {
	net.Listener
	mu     sync.Mutex
	n      int
	change *sync.Cond
}

func newDoor(l net.Listener) *door {
	d := &door{Listener: l}
	d.change = sync.NewCond(&d.mu)
	return d
}

func (d *door) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	d.count(1)
	return &counted{Conn: c, door: d}, nil
}

func (d *door) count(by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n += by
	d.change.Broadcast()
}

func (d *door) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// waitClosed waits until every connection is closed.
func (d *door) waitClosed() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.n > 0 {
		d.change.Wait()
	}
}

type counted struct {
	net.Conn
	door *door
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.door.count(-1) })
	return c.Conn.Close()
}
