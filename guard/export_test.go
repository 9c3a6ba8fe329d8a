package guard

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

// SetLocal replaces the bound and the clock of the counters of this process.
func (g *Login) SetLocal(most int, now func() time.Duration) {
	g.local.most = most
	if now != nil {
		g.local.now = now
	}
}

// LocalKeys is how many keys this process counts.
func (g *Login) LocalKeys() int {
	g.local.mu.Lock()
	defer g.local.mu.Unlock()
	return len(g.local.keys)
}

// Apart makes the guard treat the keys as if each were in another slot.
func (g *Login) Apart() { g.single = func() bool { return false } }

// SetDoer replaces the way to Redis.
func (g *Login) SetDoer(d script.Doer) { g.d = d }

// Twin is one key under a policy, in Redis and in this process.
type Twin struct {
	g    *Login
	l    *local
	rule rule
}

// NewTwin makes a Twin with the clock.
func (g *Login) NewTwin(key string, p Policy, now func() time.Duration) *Twin {
	p, _ = p.withDefaults("")
	l := newLocal()
	l.now = now
	return &Twin{g: g, l: l, rule: rule{name: policyAccount, key: g.prefix + "{" + key + "}:account", policy: p}}
}

// Reserve tells how long the attempt has to wait, by Redis and by this process.
func (w *Twin) Reserve(ctx context.Context, id string) (redis, here time.Duration, err error) {
	p := w.rule.policy
	got, err := reserveScript.Do(ctx, w.g.d, []string{w.rule.key},
		[]string{id, strconv.Itoa(p.Failures), ms(p.Window), strconv.Itoa(p.FreeFailures), ms(p.Delay), ms(p.MaxDelay)}).AsIntSlice()
	if err != nil {
		return 0, 0, err
	}
	_, here = w.l.reserve(id, []rule{w.rule})
	return time.Duration(got[1]) * time.Millisecond, here, nil
}

// Settle settles with f, c or s, and tells how many other failures there are.
func (w *Twin) Settle(ctx context.Context, id, what string) (redis, here int, err error) {
	r := w.rule
	r.settle = outcome(what)
	got, err := settleScript.Do(ctx, w.g.d, []string{r.key}, []string{id, what, ms(r.policy.Window)}).AsIntSlice()
	if err != nil {
		return 0, 0, err
	}
	return int(got[0]), w.l.settle(id, []rule{r}), nil
}

// ReadDevice returns the id in a device token, "" if it is not good.
func (g *Login) ReadDevice(account, token string, now time.Time) string {
	return g.devices.read(hash(g.o.Normalize(account)), token, now)
}

// IssueDevice makes a device token.
func (g *Login) IssueDevice(account, id string, now time.Time) string {
	return g.devices.issue(hash(g.o.Normalize(account)), id, now)
}

// Trie is the tree of a list.
type Trie struct{ t trie }

func (t Trie) With(e *Listed) Trie                                { return Trie{t.t.with(e)} }
func (t Trie) Without(p netip.Prefix) Trie                        { return Trie{t.t.without(p)} }
func (t Trie) Size() int                                          { return t.t.size }
func (t Trie) Empty() bool                                        { return t.t.root == [2]*node{} }
func (t Trie) All() (all []*Listed)                               { t.t.all(func(e *Listed) { all = append(all, e) }); return all }
func (t Trie) Find(a netip.Addr, live func(*Listed) bool) *Listed { return t.t.find(a, live) }

// ReadRecord reads what Redis has about a prefix.
var ReadRecord = readRecord

// Version is the version of the list that this node has.
func (l *IPList) Version() string { return l.now.Load().version }

// Lasts is how long the n-th ban lasts.
func (l *IPList) Lasts(n int) time.Duration { return l.o.Bans.lasts(n) }
