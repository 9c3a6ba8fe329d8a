package guard

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// IPList keeps networks that are let in or kept out: in Redis for all nodes, and in the memory of each for its requests. It is
// safe for concurrent use.
type IPList struct {
	rb      *redbrick.Client
	d       script.Doer
	name    string
	o       IPListOptions
	proxies clientip.Proxies
	keys    listKeys
	channel string

	now   atomic.Pointer[snapshot]
	mu    sync.Mutex // for those who change now
	dirty chan struct{}

	started *startedLists
	running sync.Mutex         // guards end, done
	end     context.CancelFunc // nil: not started
	done    chan struct{}
}

// listKeys share a slot.
type listKeys struct{ list, until, version, audit, base string }

// snapshot is the list as this node knows it. It is never changed.
type snapshot struct {
	list    trie
	sets    trie
	version string
	changes uint64 // grows with each snapshot
	loaded  bool
	clock   time.Time     // of Redis
	at      time.Duration // when that was so, by the clock of this process
}

// began is what the process's clock counts from.
var began = time.Now()

// NewIPList makes the list called name. It is empty until Start has read it.
func NewIPList(rb *redbrick.Client, name string, o IPListOptions) (*IPList, error) {
	o.Sets = slices.Clone(o.Sets)
	o, err := o.withDefaults()
	if err := errors.Join(err, checkListName(name)); err != nil {
		return nil, err
	}
	proxies, err := clientip.New(o.TrustedProxies...)
	if err != nil {
		return nil, bad("IPListOptions.TrustedProxies", o.TrustedProxies, clientip.Expected)
	}
	base := rb.Namespace() + "iplist:{" + name + "}"
	l := &IPList{
		rb: rb, d: rb, name: name, o: o, proxies: proxies, channel: rb.Namespace() + "~iplist:" + name, dirty: make(chan struct{}, 1),
		keys: listKeys{base, base + ":until", base + ":version", base + ":audit", base},
	}
	l.now.Store(&snapshot{version: "0"})
	shape := func(rest, typ, ttl, purpose string) keyspace.Shape {
		return keyspace.Shape{
			Owner: "iplist", Pattern: "iplist:{<list>}" + rest, Type: typ, TTL: ttl, Slot: "{<list>}", Foreign: "read", Purpose: purpose,
		}
	}
	shapes := []keyspace.Shape{
		shape("", "hash", "none", "networks let in or kept out, with reason, author and end, as JSON"),
		shape(":until", "zset", "none", "entries that end, by the ms in which they do"),
		shape(":version", "string", "none", "grows with every change of the list"),
		shape(":audit", "stream", "none, capped", "what was done to the list"),
		shape(":offences:<subnet>", "string", "Bans.Memory after the last one", "offences of a subnet"),
		shape(":offenders:<subnet>", "zset", "Bans.Memory after the last one", "subnets of a wider one that offended"),
	}
	if err := errors.Join(rb.Register(shapes...), useLayout(rb)); err != nil {
		return nil, err
	}
	if l.started, err = startedOf(rb); err != nil {
		return nil, err
	}
	return l, nil
}

// Verdict is what a list says of an address.
type Verdict struct {
	// Denied is true for an address that is kept out.
	Denied bool
	// By is the entry that decided, nil where none did: the address is not listed.
	By *Listed
	// Loaded is false while the list has never been read.
	Loaded bool
}

// Check tells whether an address is kept out, from memory. The entry with the longest prefix decides; one that ended decides nothing. Between
// the list itself and plain sets the longer prefix decides, too, and the list where they are equal. An IPv6 address that stands for an
// IPv4 one (NAT64, 6to4) is that where nothing is listed for it as it is. An invalid address is not listed.
func (l *IPList) Check(a netip.Addr) Verdict {
	s := l.now.Load()
	v := Verdict{Denied: l.o.AllowOnly, Loaded: s.loaded}
	if a = a.Unmap().WithZone(""); !a.IsValid() {
		return v
	}
	if v.By = s.find(a); v.By == nil { // Offend lists an address that stands for an IPv4 one as that
		v.By = s.find(clientip.Subnet(a, a.BitLen()).Addr())
	}
	if v.By != nil {
		v.Denied = v.By.Kind == Deny
	}
	return v
}

// find gives the entry that decides about an address.
func (s *snapshot) find(a netip.Addr) *Listed {
	now := s.time()
	live := func(e *Listed) bool { return e.Until.IsZero() || now.Before(e.Until) }
	found := s.list.find(a, live)
	if set := s.sets.find(a, live); set != nil && (found == nil || set.Prefix.Bits() > found.Prefix.Bits()) {
		found = set
	}
	return found
}

// time is that of Redis as this process reckons it.
func (s *snapshot) time() time.Time { return s.clock.Add(time.Since(began) - s.at) }

// Entries lists what stands now, by address: the list itself, then plain sets.
func (l *IPList) Entries() []Listed {
	s := l.now.Load()
	now := s.time()
	out := make([]Listed, 0, s.list.size+s.sets.size)
	add := func(e *Listed) {
		if e.Until.IsZero() || now.Before(e.Until) {
			out = append(out, *e)
		}
	}
	s.list.all(add)
	s.sets.all(add)
	return out
}

// Deny keeps a network out. It takes the place of what stood for the same prefix. This process, if the list was
// started, knows of it when Deny returns, the others within moments.
func (l *IPList) Deny(ctx context.Context, p netip.Prefix, e Entry) error {
	_, err := l.put(ctx, "put", Deny, p, e)
	return err
}

// Allow lets a network in: it is an exception to shorter prefixes that are kept out, and what AllowOnly asks for. Else as Deny.
func (l *IPList) Allow(ctx context.Context, p netip.Prefix, e Entry) error {
	_, err := l.put(ctx, "put", Allow, p, e)
	return err
}

// Remove takes the entry of exactly this prefix out of the list and reports whether there was one. by is for the audit trail.
func (l *IPList) Remove(ctx context.Context, p netip.Prefix, by string) (removed bool, err error) {
	done, err := l.put(ctx, "remove", "", p, Entry{By: by})
	return done != nil, err
}

// put changes the list and returns what stands then; nil where nothing was removed.
func (l *IPList) put(ctx context.Context, action string, kind Kind, p netip.Prefix, e Entry) (*Listed, error) {
	p, err := canonical(p)
	if err != nil {
		return nil, err
	}
	begin, err := e.begin(kind)
	if err != nil {
		return nil, err
	}
	args := []string{
		action, p.String(), begin, ms(e.TTL), strconv.Itoa(l.o.MaxEntries), strconv.Itoa(l.o.AuditLen), l.channel, string(kind), e.Reason, e.By,
	}
	reply, err := putScript.Do(ctx, l.d, []string{l.keys.list, l.keys.until, l.keys.version, l.keys.audit}, args).ToArray()
	if err != nil {
		return nil, fmt.Errorf("guard: list %q: %s %v: %w", l.name, action, p, err)
	}
	status, err := reply[0].AsInt64()
	texts := make([]string, len(reply))
	for i := 1; i < len(reply) && err == nil; i++ {
		texts[i], err = reply[i].ToString()
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("guard: list %q: %s %v: %w", l.name, action, p, err)
	case status < 0:
		return nil, fmt.Errorf("guard: list %q: %w: %d entries", l.name, ErrFull, l.o.MaxEntries)
	case status > 0:
		l.apply(texts[1], texts[2], p.String(), texts[3])
	}
	if texts[3] == "" { // removed
		if status == 0 {
			return nil, nil //nolint:nilnil // there was none
		}
		return &Listed{Prefix: p}, nil
	}
	return readRecord(p.String(), texts[3])
}
