package engine

import (
	"crypto/sha1" //nolint:gosec // the digest is Redis's, to compare data with it
	"encoding/binary"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

func debugCommands() []command {
	const g = "server"
	const f = admin | noScript | loading | stale
	return []command{
		{name: "debug", arity: -2, flags: f, group: g, since: "1.0.0", summary: "A container for debugging commands.", subs: []*command{
			{name: "debug|sleep", arity: 3, flags: f, run: cmdDebugSleep, group: g, since: "1.0.0", summary: "Stops the engine for so many seconds."},
			{name: "debug|object", arity: -3, flags: f, keys: keySpec{2, 2, 1}, run: cmdDebugObject, group: g, since: "1.0.0", summary: "Shows low level information about a key."},
			{name: "debug|digest", arity: 2, flags: f, run: cmdDebugDigest, group: g, since: "2.4.0", summary: "Returns a digest of all data."},
			{name: "debug|digest-value", arity: -2, flags: f, run: cmdDebugDigestValue, group: g, since: "5.0.0", summary: "Returns digests of keys."},
			{name: "debug|set-active-expire", arity: 3, flags: f, run: cmdDebugSetActiveExpire, group: g, since: "3.0.0", summary: "Turns active expiry off and on."},
			{name: "debug|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "1.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

// cmdDebugSleep stops the engine, not the client: nobody is served meanwhile.
func cmdDebugSleep(c *call) {
	f, ok := num.Float(c.args[2])
	if !ok {
		f = 0 // as C's strtod reads what is no number
	}
	wait := time.NewTimer(time.Duration(f * float64(time.Second)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-c.e.stop:
	}
	c.ok()
}

func cmdDebugSetActiveExpire(c *call) {
	c.e.lazyOnly = len(c.args[2]) > 0 && c.args[2][0] == '0'
	c.ok()
}

func cmdDebugObject(c *call) {
	n := c.db.keys.Get(c.args[2])
	if n == nil {
		c.fail(errNoKey)
		return
	}
	idle := n.Val.idle(c.e.clock.us) / 1e6
	c.w.Status(fmt.Sprintf("Value at:%p refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		n, encodingOf(n), sizeOf(n), (c.e.clock.us/1e6-idle)&(1<<24-1), idle))
}

// digest is a sum of data that does not depend on where it lies. It is Redis's, so that data can be compared with a
// server's.
type digest [sha1.Size]byte

// xor adds something whose order does not matter.
func (d *digest) xor(b []byte) {
	sum := sha1.Sum(b) //nolint:gosec // see above
	for i := range d {
		d[i] ^= sum[i]
	}
}

// mix adds something whose order matters.
func (d *digest) mix(b []byte) {
	d.xor(b)
	*d = sha1.Sum(d[:]) //nolint:gosec // see above
}

func (d *digest) mixInt(n int) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n))
	d.mix(b[:])
}

// value adds the value under a key.
func (d *digest) value(n *node) {
	d.mixInt(int(n.Val.kind))
	if o := n.Val.object(); o != nil {
		o.digest(d)
	} else {
		d.mix(n.Val.text())
	}
	if n.Val.expire != 0 {
		d.xor([]byte("!!expire!!"))
	}
}

func (e *Engine) digest() (sum digest) {
	for _, db := range e.dbs {
		if db.keys.Len() == 0 {
			continue
		}
		sum.mixInt(db.id)
		for n := range db.keys.All {
			var d digest
			d.mix([]byte(n.Key()))
			d.value(n)
			sum.xor(d[:])
		}
	}
	return sum
}

func cmdDebugDigest(c *call) {
	sum := c.e.digest()
	c.w.Status(fmt.Sprintf("%x", sum[:]))
}

func cmdDebugDigestValue(c *call) {
	c.w.Array(len(c.args) - 2)
	for _, key := range c.args[2:] {
		var d digest
		if n := c.db.keys.Get(key); n != nil {
			d.value(n)
		}
		c.w.Status(fmt.Sprintf("%x", d[:]))
	}
}
