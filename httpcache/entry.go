package httpcache

import (
	"encoding/binary"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/store"
)

// entry is a stored response. What is in it does not change.
type entry struct {
	status int
	header http.Header // as it is sent, but for Age, Cache-Status and X-Cache
	fields []field     // the same, quick to go through
	body   []byte
	fresh  rfc9111.Freshness
	// open: it may answer requests with credentials. The response said so, or the rule.
	open bool
	// received is the wall clock of the process that fetched it, for conditions without Last-Modified.
	received time.Time
	life     time.Duration // in Redis, from when it was stored
	at       time.Duration // when its age was fresh.Age, on the clock of this process
	seq      uint64
	tags     []string

	// asked is what the request that fetched it said in the fields of Vary; nil for one from Redis.
	asked []byte
	// What is found with it, not stored in it.
	cells []*near.Cell
	ttl   time.Duration
	told  atomic.Pointer[told]
	key   string // where it lies; "" for one that is not stored
	// vary is Vary of a response that is sent in codings too, nil for others; forms are those that there are.
	vary  []string
	forms [codings]atomic.Pointer[entry]
}

type field struct {
	name   string
	values []string
}

// age is the current age (RFC 9111 section 4.2.3).
func (e *entry) age(now time.Duration) time.Duration { return e.fresh.Age + max(now-e.at, 0) }

// seal makes the fields that are quick to go through, with slices that nobody can append to in place.
func (e *entry) seal() *entry {
	if e.status != http.StatusNoContent && e.status != http.StatusNotModified {
		e.header["Content-Length"] = []string{strconv.Itoa(len(e.body))}
	}
	e.fields = make([]field, 0, len(e.header))
	for name, values := range e.header {
		e.header[name] = slices.Clip(values)
		e.fields = append(e.fields, field{name, e.header[name]})
	}
	return e
}

// size is about what the entry takes in memory.
func (e *entry) size() int {
	n := len(e.body) + 512
	for name, values := range e.header {
		n += len(name) + 96
		for _, v := range values {
			n += len(v) + 16
		}
	}
	for i := range e.forms {
		if f := e.forms[i].Load(); f != nil && f != notSmaller {
			n += f.size()
		}
	}
	return n
}

// longestLife is how long anything is kept; with tags store.MaxTaggedTTL is.
const longestLife = 30 * 24 * time.Hour

// lifeOf is how long an entry is kept: while it can be served, and for a while longer where it can be validated.
func lifeOf(f rfc9111.Freshness, h http.Header, tagged bool) time.Duration {
	life := max(f.Lifetime-f.Age, 0) + max(f.StaleWhileRevalidate, f.StaleIfError)
	if len(h["Etag"]) > 0 || len(h["Last-Modified"]) > 0 {
		life += min(max(f.Lifetime, time.Minute), time.Hour)
	}
	if tagged {
		return min(life, store.MaxTaggedTTL)
	}
	return min(life, longestLife)
}

// codec names the form of what is stored, in the frame.
const codec = "http1"

const (
	flagOpen = 1 << iota
	flagExplicit
	flagHeuristic
	flagNoCache
	flagMustRevalidate
	flagImmutable
)

// encode writes the entry as it is stored now.
func (e *entry) encode(now time.Duration) []byte {
	flags := uint64(0)
	for _, f := range []struct {
		is  bool
		bit uint64
	}{
		{e.open, flagOpen}, {e.fresh.Explicit, flagExplicit}, {e.fresh.Heuristic, flagHeuristic}, {e.fresh.NoCache, flagNoCache},
		{e.fresh.MustRevalidate, flagMustRevalidate}, {e.fresh.Immutable, flagImmutable},
	} {
		if f.is {
			flags |= f.bit
		}
	}
	frame := store.Frame{Codec: codec, Tags: e.tags}
	if len(e.tags) > 0 {
		frame.Seq = e.seq
	}
	b := frame.Append(make([]byte, 0, len(e.body)+1024))
	for _, n := range []uint64{
		uint64(e.status), flags, uint64(e.life), uint64(e.age(now)), uint64(e.fresh.Lifetime), //nolint:gosec // not negative
		uint64(e.fresh.StaleWhileRevalidate), uint64(e.fresh.StaleIfError), uint64(e.received.UnixMilli()), uint64(len(e.header)), //nolint:gosec // not negative
	} {
		b = binary.AppendUvarint(b, n)
	}
	for name, values := range e.header {
		b = binary.AppendUvarint(appendText(b, name), uint64(len(values)))
		for _, v := range values {
			b = appendText(b, v)
		}
	}
	return append(b, e.body...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errEntry = errors.New("httpcache: no response in the form of this version")

// decode reads what encode wrote and was found with the remaining life ttl at the time now. The body points into b.
func decode(b []byte, ttl, now time.Duration) (*entry, error) {
	frame, err := store.Parse(b)
	if err != nil || frame.Codec != codec || frame.Compressed || frame.Encrypted {
		return nil, errors.Join(errEntry, err)
	}
	r := reader{rest: frame.Body}
	e := &entry{seq: frame.Seq, tags: frame.Tags, ttl: ttl}
	e.status = int(r.number(999)) //nolint:gosec // bounded
	flags := r.number(flagImmutable<<1 - 1)
	duration := func() time.Duration { return time.Duration(r.number(uint64(rfc9111.Forever) * 2)) } //nolint:gosec // bounded
	e.life = duration()
	age := duration()
	e.fresh = rfc9111.Freshness{
		Age: age, Lifetime: duration(), StaleWhileRevalidate: duration(), StaleIfError: duration(),
		Explicit: flags&flagExplicit != 0, Heuristic: flags&flagHeuristic != 0, NoCache: flags&flagNoCache != 0,
		MustRevalidate: flags&flagMustRevalidate != 0, Immutable: flags&flagImmutable != 0,
	}
	e.open = flags&flagOpen != 0
	e.received = time.UnixMilli(int64(r.number(1 << 53))) //nolint:gosec // bounded
	n := r.number(uint64(len(r.rest)))
	e.header = make(http.Header, n+3)
	for range n {
		name := r.text()
		values := make([]string, r.number(uint64(len(r.rest))))
		for i := range values {
			values[i] = r.text()
		}
		e.header[name] = values
	}
	if r.bad || e.status < 200 {
		return nil, errEntry
	}
	e.body = r.rest
	e.at = now - max(e.life-ttl, 0)
	return e.seal(), nil
}

// reader takes fields off the front of rest, up to the first error.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > most {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) text() string {
	n := r.number(uint64(len(r.rest)))
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// told is what a hit tells of itself; it changes once a second.
type told struct {
	second int64
	age    []string
	status []string
}

func (e *entry) tell(identity string, age time.Duration) *told {
	second := int64(age / time.Second)
	if t := e.told.Load(); t != nil && t.second == second {
		return t
	}
	s := rfc9111.Status{Cache: identity, Hit: true, TTL: rfc9111.Seconds{Set: true, D: e.fresh.Lifetime - age}}
	t := &told{second: second, age: []string{strconv.FormatInt(second, 10)}, status: e.statusLine(s)}
	e.told.Store(t)
	return t
}

// statusLine is Cache-Status with our member behind those of caches nearer to the origin.
func (e *entry) statusLine(s rfc9111.Status) []string {
	return []string{statusLine(e.header["Cache-Status"], s)}
}

func statusLine(before []string, s rfc9111.Status) string {
	b := make([]byte, 0, 64)
	if len(before) > 0 {
		b = append(append(b, strings.Join(before, ", ")...), ", "...)
	}
	return string(s.Append(b))
}
