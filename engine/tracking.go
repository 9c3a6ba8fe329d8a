package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

// trackingMode is what a client gave to CLIENT TRACKING ON.
type trackingMode struct {
	on, broadcast, optIn, optOut, noLoop bool
	caching                              bool  // CLIENT CACHING, for the next command or transaction
	redirect                             int64 // the id of the client that is told; 0 for this one
	lost                                 bool  // that client is gone
	prefixes                             []string
}

// tracking knows which clients hold copies of which keys, as far as they asked for it.
type tracking struct {
	clients int
	// keys are those read in the default mode, whatever their database, with the ids of the readers. An id may be that
	// of a client that is gone.
	keys  dict.Dict[readers]
	items int
	over  int // how often in a row there were too many keys
	// prefixes are those of broadcasting clients. They are told at the end of a stretch of work, all changes in one message.
	prefixes map[string]*broadcast
	changed  bool // some broadcast has keys
	// pending are keys that the client whose command is running has to be told about: after the reply.
	pending []pendingPush
}

// readers are ids of clients. Most keys have one reader.
type readers struct {
	first int64
	more  map[int64]struct{}
}

func (r *readers) add(id int64) bool {
	switch r.first {
	case id:
		return false
	case 0:
		r.first = id
		return true
	}
	if _, there := r.more[id]; there {
		return false
	}
	if r.more == nil {
		r.more = map[int64]struct{}{}
	}
	r.more[id] = struct{}{}
	return true
}

type broadcast struct {
	clients []*client
	keys    map[string]*client // that were changed, with who did it first
}

// pendingPush is a message for to about keys that of has read. No key stands for all keys.
type pendingPush struct {
	of  *client
	key []byte
}

// current is the client whose command runs, nil if none does.
func (e *Engine) current() *client {
	if e.running == nil {
		return nil
	}
	return e.running.cl
}

// invalidate tells clients that keep a copy of a key that it has changed. by is the client that changed it, nil for the
// engine itself.
func (e *Engine) invalidate(key []byte, by *client) {
	t := &e.tracking
	if t.clients == 0 {
		return
	}
	for prefix, b := range t.prefixes {
		if strings.HasPrefix(string(key), prefix) {
			if b.keys == nil {
				b.keys = map[string]*client{}
			}
			if _, there := b.keys[string(key)]; !there {
				b.keys[string(key)] = by
			}
			t.changed = true
		}
	}
	e.forgetReaders(t.keys.Get(key))
}

// forgetReaders tells the readers of a key that it has changed; they have to read it again to be told again.
func (e *Engine) forgetReaders(n *dict.Node[readers]) {
	if n == nil {
		return
	}
	t := &e.tracking
	r := n.Val
	t.keys.Remove(n)
	t.items -= 1 + len(r.more)
	e.tellReader(r.first, n.Key())
	for id := range r.more {
		e.tellReader(id, n.Key())
	}
}

func (e *Engine) tellReader(id int64, key string) {
	cl := e.clients.byID[id]
	if cl == nil || !cl.tracking.on || cl.tracking.broadcast || cl.tracking.noLoop && cl == e.current() {
		return
	}
	e.tell(cl, []byte(key))
}

// tell sends an invalidation to a client, or to the one it named instead: at once, or after the reply of the command
// that runs. A nil key stands for all keys.
func (e *Engine) tell(cl *client, key []byte) {
	if now := e.current(); now != nil && (cl == now || cl.tracking.redirect == now.id) {
		e.tracking.pending = append(e.tracking.pending, pendingPush{cl, key})
		return
	}
	if key == nil {
		e.push(cl, nil, true)
		return
	}
	e.push(cl, [][]byte{key}, false)
}

// tellPending sends what had to wait for the reply.
func (e *Engine) tellPending() {
	list := e.tracking.pending
	e.tracking.pending = nil
	for _, p := range list {
		if !p.of.gone {
			e.tell(p.of, p.key)
		}
	}
}

// push writes an invalidation: of keys, or of all.
func (e *Engine) push(cl *client, keys [][]byte, all bool) {
	to, v3 := cl, cl.w.V3
	if id := cl.tracking.redirect; id != 0 {
		if to = e.clients.byID[id]; to == nil {
			cl.tracking.lost = true
			if v3 {
				cl.w.Push(2)
				cl.w.BulkString("tracking-redir-broken")
				cl.w.Int(id)
				e.replies(cl)
			}
			return
		}
	}
	switch {
	case to.w.V3:
		to.w.Push(2)
		to.w.BulkString("invalidate")
	case to != cl && to.subs.count() > 0:
		to.w.Push(3)
		to.w.BulkString("message")
		to.w.BulkString("__redis__:invalidate")
	default:
		return // version 2 has no messages outside of a subscription
	}
	switch {
	case !all:
		to.w.Array(len(keys))
		for _, key := range keys {
			to.w.Bulk(key)
		}
	case v3:
		to.w.Raw([]byte("_\r\n")) // in the words of the reader's protocol, whoever is told
	default:
		to.w.Raw([]byte("$-1\r\n"))
	}
	e.replies(to)
}

// invalidateAll tells every client that keeps copies that a database was emptied.
func (e *Engine) invalidateAll() {
	t := &e.tracking
	if t.clients == 0 {
		return
	}
	for _, cl := range e.clients.inOrder() {
		if cl.tracking.on {
			e.tell(cl, nil)
		}
	}
	t.keys.Clear()
	t.items = 0
}

// broadcasts tells the clients that follow prefixes what was changed.
func (e *Engine) broadcasts() {
	t := &e.tracking
	if !t.changed {
		return
	}
	t.changed = false
	for _, p := range slices.Sorted(maps.Keys(t.prefixes)) {
		b := t.prefixes[p]
		if len(b.keys) == 0 {
			continue
		}
		all := make([][]byte, 0, len(b.keys))
		for key := range b.keys {
			all = append(all, []byte(key))
		}
		slices.SortFunc(all, func(x, y []byte) int { return cmp.Compare(string(x), string(y)) })
		for _, cl := range b.clients {
			keys := all
			if cl.tracking.noLoop {
				keys = slices.DeleteFunc(slices.Clone(all), func(key []byte) bool { return b.keys[string(key)] == cl })
			}
			if len(keys) > 0 {
				e.push(cl, keys, false)
			}
		}
		b.keys = nil
	}
}

// track notes which keys a client has read. A script counts as reading all keys it was given.
func (e *Engine) track(c *call) {
	if e.tracking.clients == 0 || strings.HasPrefix(c.cmd.name, "eval") {
		return
	}
	if c.cl.script {
		if c = e.running; c == nil {
			return
		}
	}
	m := &c.cl.tracking
	if !m.on || m.broadcast || m.optIn && !m.caching || m.optOut && m.caching || c.cmd.flags&pubSub != 0 {
		return
	}
	for _, i := range c.cmd.keyIndexes(c.args) {
		n, _ := e.tracking.keys.Put(c.args[i])
		if n.Val.add(c.cl.id) {
			e.tracking.items++
		}
	}
}

// limitTracked forgets keys, as if they had changed, while there are more than tracking-table-max-keys. The longer
// there are too many, the more go at once.
func (e *Engine) limitTracked() {
	t, most := &e.tracking, e.config.trackedKeys
	if most == 0 || t.keys.Len() <= most {
		t.over = 0
		return
	}
	t.over++
	for range 100 * t.over {
		if t.keys.Len() <= most {
			t.over = 0
			return
		}
		e.forgetReaders(t.keys.Random())
	}
}

// startTracking switches a client on, or adds prefixes to those it has.
func (e *Engine) startTracking(cl *client, m trackingMode) {
	t := &e.tracking
	if !cl.tracking.on {
		t.clients++
	}
	prefixes := m.prefixes
	if m.broadcast && len(prefixes) == 0 {
		prefixes = []string{""}
	}
	m.prefixes = cl.tracking.prefixes
	for _, p := range prefixes {
		if slices.Contains(m.prefixes, p) {
			continue
		}
		m.prefixes = append(m.prefixes, p)
		if t.prefixes == nil {
			t.prefixes = map[string]*broadcast{}
		}
		b := t.prefixes[p]
		if b == nil {
			b = &broadcast{}
			t.prefixes[p] = b
		}
		b.clients = append(b.clients, cl)
	}
	slices.Sort(m.prefixes)
	m.caching = cl.tracking.caching
	cl.tracking = m
}

// untrack switches a client off. Keys it has read are forgotten when they change, or with the last client.
func (e *Engine) untrack(cl *client) {
	if !cl.tracking.on {
		return
	}
	t := &e.tracking
	for _, p := range cl.tracking.prefixes {
		b := t.prefixes[p]
		b.clients = without(b.clients, cl)
		if len(b.clients) == 0 {
			delete(t.prefixes, p)
		}
	}
	cl.tracking = trackingMode{}
	if t.clients--; t.clients == 0 {
		*t = tracking{}
	}
}
