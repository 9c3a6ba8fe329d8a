package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Login decides about attempts to log in. It is safe for concurrent use.
type Login struct {
	rb      *redbrick.Client
	d       script.Doer
	o       LoginOptions
	prefix  string
	devices devices
	local   *local
	single  func() bool // one server holds all keys
	blind   atomic.Bool // it has been said that no address was known
}

// Names of the policies, as Throttled has them.
const (
	policyAccount = "account"
	policyPrefix  = "prefix"
	policyPair    = "pair"
	policyDevice  = "device"
)

// NewLogin makes a Login. It does not need Redis to be there.
func NewLogin(rb *redbrick.Client, o LoginOptions) (*Login, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &Login{rb: rb, d: rb.Hot(), o: o, prefix: rb.Namespace() + "guard:" + o.Name + ":", local: newLocal()}
	if g.devices, err = newDevices(o); err != nil {
		return nil, err
	}
	g.single = func() bool { return rb.Redis() != nil && !rb.Features().Cluster }
	shape := func(rest, slot, purpose string, p Policy) keyspace.Shape {
		return keyspace.Shape{
			Owner: "guard " + o.Name, Pattern: "guard:" + o.Name + ":" + rest, Type: "zset", TTL: p.Window.String() + " after the last attempt",
			Slot: slot, Foreign: "read", Purpose: "failed and unsettled attempts to log in " + purpose,
		}
	}
	err = errors.Join(useLayout(rb), rb.Register(
		shape("{<account>}:account", "{<account>}", "to an account (its hash), by time in ms", o.Account),
		shape("{<account>}:pair:<prefix>", "{<account>}", "to an account from a prefix", o.Pair),
		shape("{<account>}:device:<device>", "{<account>}", "to an account from a known device", o.Device),
		shape("{<prefix>}:prefix", "{<prefix>}", "from a prefix", o.Prefix),
	))
	if err != nil {
		return nil, err
	}
	return g, nil
}

// layoutVersion is that of all keys of this package.
const layoutVersion = 1

// useLayout asks whether this release may read what lies in Redis.
func useLayout(rb *redbrick.Client) error {
	return rb.UseLayout("guard", layoutVersion, layoutVersion)
}

// DeviceTTL is how long the cookie with a device token should last.
func (g *Login) DeviceTTL() time.Duration { return g.o.DeviceTTL }

// Attempt is one attempt to log in.
type Attempt struct {
	// Account is the name as typed: e-mail or user name.
	Account string
	// Addr is the address of the client. Attempts without a valid one are held to the policies of the account alone, not to that of
	// the prefix, which all of them would share; the log says so once.
	Addr netip.Addr
	// Device is the device token that the client sent, "" for none. One that is not good counts for nothing.
	Device string
}

// rule is a policy applied to an attempt.
type rule struct {
	name   string
	key    string
	policy Policy
	settle outcome
}

// outcome is what settling does to a key.
type outcome string

const (
	failed  outcome = "f"
	forget  outcome = "c"
	success outcome = "s"
)

// Reserve counts the attempt as failed before the password is looked at, and refuses it with a *Throttled if a policy does
// not allow it now; that changes nothing. An attempt that was reserved has to be settled by Success, Failure or Cancel; one that never is
// (the process died) stays a failure.
//
// While Redis cannot be asked each policy does what its Away says. Other errors are ErrAccount and that of ctx.
func (g *Login) Reserve(ctx context.Context, a Attempt) (*Reservation, error) {
	account := g.o.Normalize(a.Account)
	if account == "" {
		return nil, ErrAccount
	}
	h := hash(account)
	from := clientip.Name(a.Addr, g.o.IPv6Bits)
	if from == "" {
		if from = noPrefix; !g.blind.Swap(true) {
			g.rb.Logger().WarnContext(ctx, "guard: an attempt to log in without the client's address: attempts like it are limited by account alone", "guard", g.o.Name)
		}
	}
	r := &Reservation{g: g, id: rand.Text(), attempt: a, account: account, hash: h, prefix: from, device: g.devices.read(h, a.Device, time.Now())}
	if r.device != "" {
		r.rules = g.rules(r, policyDevice)
	} else {
		r.rules = g.rules(r, policyAccount, policyPair, policyPrefix)
	}
	if err := r.reserve(ctx); err != nil {
		var t *Throttled
		if errors.As(err, &t) {
			g.tell(ctx, Event{Kind: EventThrottled, Attempt: a, Account: account, Prefix: from, KnownDevice: r.device != "", Throttled: t})
		}
		return nil, err
	}
	return r, nil
}

// noPrefix stands for the prefix where no address is known. It has no policy of its own: whoever fails would lock out all others.
const noPrefix = "unknown"

// rules are those of the named policies that are on.
func (g *Login) rules(r *Reservation, names ...string) []rule {
	all := make([]rule, 0, len(names))
	for _, name := range names {
		rest, p := "{"+r.hash+"}:"+name, g.o.Account
		switch name {
		case policyPair:
			rest, p = rest+":"+r.prefix, g.o.Pair
		case policyDevice:
			rest, p = rest+":"+r.device, g.o.Device
		case policyPrefix:
			rest, p = "{"+r.prefix+"}:"+name, g.o.Prefix
		}
		if p.Failures != off && (name != policyPrefix || r.prefix != noPrefix) {
			all = append(all, rule{name: name, key: g.prefix + rest, policy: p})
		}
	}
	return all
}

// groups splits rules into those whose keys share a slot.
func (g *Login) groups(rules []rule) [][]rule {
	if g.single() {
		return [][]rule{rules}
	}
	var account, prefix []rule
	for _, r := range rules {
		if r.name == policyPrefix {
			prefix = append(prefix, r)
		} else {
			account = append(account, r)
		}
	}
	var all [][]rule
	for _, group := range [][]rule{account, prefix} {
		if len(group) > 0 {
			all = append(all, group)
		}
	}
	return all
}

func (r *Reservation) reserve(ctx context.Context) error {
	groups := r.g.groups(r.rules)
	calls := make([]script.Call, len(groups))
	for i, group := range groups {
		calls[i] = script.Call{Script: reserveScript, Args: []string{r.id}}
		for _, rule := range group {
			p := rule.policy
			calls[i].Keys = append(calls[i].Keys, rule.key)
			calls[i].Args = append(calls[i].Args, strconv.Itoa(p.Failures), ms(p.Window), strconv.Itoa(p.FreeFailures), ms(p.Delay), ms(p.MaxDelay))
		}
	}
	var worst *Throttled
	var away, counted []rule
	for i, reply := range script.DoMulti(ctx, r.g.d, calls...) {
		got, err := reply.AsIntSlice()
		switch {
		case err != nil || len(got) != 2:
			r.g.rb.Logger().WarnContext(ctx, "guard: reserving an attempt", "guard", r.g.o.Name, "error", err)
			away = append(away, groups[i]...)
		case got[0] == 0:
			counted = append(counted, groups[i]...)
		default:
			wait := time.Duration(got[1]) * time.Millisecond
			if worst == nil || wait > worst.RetryAfter {
				worst = &Throttled{Policy: groups[i][got[0]-1].name, RetryAfter: wait}
			}
		}
	}
	var refused error
	switch {
	case worst != nil:
		refused = worst
	case len(away) > 0:
		refused = r.reserveHere(ctx, away)
	}
	if refused != nil && len(counted) > 0 { // nothing is left of it
		r.settleThere(ctx, counted, func(string) outcome { return forget })
	}
	return refused
}

// reserveHere decides in this process.
func (r *Reservation) reserveHere(ctx context.Context, rules []rule) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	for _, rule := range rules {
		if rule.policy.Away == Closed {
			return fmt.Errorf("guard: policy %s: %w", rule.name, redbrick.ErrUnavailable)
		}
	}
	if binding, wait := r.g.local.reserve(r.id, rules); binding >= 0 {
		return &Throttled{Policy: rules[binding].name, RetryAfter: wait, Local: true}
	}
	return nil
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
