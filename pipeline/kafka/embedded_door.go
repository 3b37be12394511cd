package kafka

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// A door is where clients come in. It holds the port for as long as the broker lives, also while the broker is down for
// compaction: clients then wait in front of it.
type door struct {
	tcp     net.Listener
	waiting chan net.Conn // accepted, not yet let in

	mu   sync.Mutex
	room *room // behind the door now
}

func newDoor(port int) (*door, error) {
	tcp, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, &Problem{What: fmt.Sprintf("listen on port %d of this machine", port), Err: err,
			Mend: "is another broker running there? Stop it, or choose another port: PANTHER_EMBEDDED_PORT, or embedded.port in the configuration; 0 takes any that is free"}
	}
	d := &door{tcp: tcp, waiting: make(chan net.Conn)}
	go d.accept()
	return d, nil
}

// accept ends with the listener, after which nobody takes from waiting any more.
func (d *door) accept() {
	defer close(d.waiting)
	for {
		conn, err := d.tcp.Accept()
		if err != nil {
			return
		}
		d.waiting <- conn
	}
}

// inside makes the room of a broker that is about to start. Only dial leads into it, until it is opened.
func (d *door) inside() *room {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = &room{door: d, dialled: make(chan net.Conn), opened: make(chan struct{}), closed: make(chan struct{})}
	return d.room
}

// shut ends the room's broker's accepting of connections, for good.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room != nil {
		d.room.Close()
		d.room = nil
	}
}

// close gives the port back, and hangs up on who still waits.
func (d *door) close() {
	d.shut()
	d.tcp.Close()
	for conn := range d.waiting {
		conn.Close()
	}
}

// A room is the listener of one run of the broker.
type room struct {
	door    *door
	dialled chan net.Conn
	opened  chan struct{} // closed once clients may come in
	closed  chan struct{}
	once    sync.Once
}

func (r *room) listen(_, _ string) (net.Listener, error) { return r, nil }

// dial connects to the broker from within, whether it is open or not.
func (r *room) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case r.dialled <- there:
		return here, nil
	case <-r.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *room) open() { close(r.opened) }

// Accept waits for the next client.
func (r *room) Accept() (net.Conn, error) {
	select {
	case conn := <-r.dialled:
		return conn, nil
	case <-r.closed:
		return nil, net.ErrClosed
	case <-r.opened:
	}
	select {
	case conn := <-r.dialled:
		return conn, nil
	case conn, ok := <-r.door.waiting:
		if !ok {
			return nil, net.ErrClosed
		}
		return conn, nil
	case <-r.closed:
		return nil, net.ErrClosed
	}
}

// Close lets nobody in any more.
func (r *room) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Addr is the address that the broker tells its clients.
func (r *room) Addr() net.Addr { return r.door.tcp.Addr() }
