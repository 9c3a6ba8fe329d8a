package guard

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

// Reservation is an attempt that may look at the password. Settle it once, by Success, Failure or Cancel; what comes after the first does
// nothing. None of them returns an error: the decision has been made, and what Redis did not take is logged. An attempt that
// Redis does not hear more of counts as a failure.
type Reservation struct {
	g       *Login
	id      string
	attempt Attempt
	account string // normalised
	hash    string
	prefix  string
	device  string // id of a known one
	rules   []rule
	settled atomic.Bool
}

// KnownDevice reports whether the client sent a good device token.
func (r *Reservation) KnownDevice() bool { return r.device != "" }

// Outcome is what a success brings.
type Outcome struct {
	// Device is the token to set as a cookie for Login.DeviceTTL (HttpOnly, Secure, SameSite), "" without secrets. It is good
	// for this account alone.
	Device string
	// Notices say what is unusual about this success, for a message to the user.
	Notices []Notice
}

// Notice is what is unusual about a success.
type Notice struct {
	Kind NoticeKind
	// Failures is how many attempts for the account had failed in the window of its policy.
	Failures int
}

// NoticeKind is a kind of Notice.
type NoticeKind string

const (
	// NoticeNewDevice is a success without a token of a known device.
	NoticeNewDevice NoticeKind = "new_device"
	// NoticeAfterFailures is a success after LoginOptions.NoticeFailures failures or more.
	NoticeAfterFailures NoticeKind = "after_failures"
	// NoticeUnderAttack is the success of a known device while others are kept from the account.
	NoticeUnderAttack NoticeKind = "under_attack"
)

// EventKind is a kind of Event.
type EventKind string

// The kinds of events.
const (
	EventThrottled EventKind = "throttled"
	EventFailure   EventKind = "failure"
	EventSuccess   EventKind = "success"
)

// Event is what LoginOptions.OnEvent hears.
type Event struct {
	Kind    EventKind
	Attempt Attempt
	// Account is the normalised name.
	Account string
	// Prefix is the prefix of the client's address, or "unknown".
	Prefix string
	// KnownDevice is true where the client sent a good device token.
	KnownDevice bool
	// Throttled is why an attempt was refused; nil for others.
	Throttled *Throttled
	// Notices are those of a success.
	Notices []Notice
}

// Addr is the address of the attempt.
func (e Event) Addr() netip.Addr { return e.Attempt.Addr }

func (g *Login) tell(ctx context.Context, e Event) {
	if g.o.OnEvent != nil {
		g.o.OnEvent(ctx, e)
	}
}

// Failure says that the password was wrong. The attempt stays counted.
func (r *Reservation) Failure(ctx context.Context) {
	if !r.settled.CompareAndSwap(false, true) {
		return
	}
	r.settle(ctx, r.rules, func(string) outcome { return failed })
	r.g.tell(ctx, r.event(EventFailure, nil))
}

// Cancel says that the password could not be checked. The attempt is forgotten.
func (r *Reservation) Cancel(ctx context.Context) {
	if !r.settled.CompareAndSwap(false, true) {
		return
	}
	r.settle(ctx, r.rules, func(string) outcome { return forget })
}

// Success says that the password was right. The failures of the account, of the pair and of the device are forgotten; of the prefix only
// this attempt is, or whoever has an account could try others without end.
func (r *Reservation) Success(ctx context.Context) Outcome {
	if !r.settled.CompareAndSwap(false, true) {
		return Outcome{}
	}
	names := []string{policyAccount, policyPair, policyPrefix}
	if r.device != "" {
		names = []string{policyAccount, policyPair, policyDevice}
	}
	rules := r.g.rules(r, names...)
	before := r.settle(ctx, rules, func(name string) outcome {
		if name == policyPrefix {
			return forget
		}
		return success
	})
	out := Outcome{Device: r.g.devices.issue(r.hash, r.device, time.Now())}
	if out.Device != "" && r.device == "" {
		out.Notices = append(out.Notices, Notice{NoticeNewDevice, before})
	}
	if before >= r.g.o.NoticeFailures {
		out.Notices = append(out.Notices, Notice{NoticeAfterFailures, before})
	}
	if r.device != "" && r.g.o.Account.Failures != off && before >= r.g.o.Account.Failures {
		out.Notices = append(out.Notices, Notice{NoticeUnderAttack, before})
	}
	r.g.tell(ctx, r.event(EventSuccess, out.Notices))
	return out
}

func (r *Reservation) event(kind EventKind, notices []Notice) Event {
	return Event{
		Kind: kind, Attempt: r.attempt, Account: r.account, Prefix: r.prefix, KnownDevice: r.device != "", Notices: notices,
	}
}

// settle does so in Redis and here: what this process saw counts for it when Redis goes away. It returns how many other failures there
// were under the first rule.
func (r *Reservation) settle(ctx context.Context, rules []rule, what func(name string) outcome) (others int) {
	for i := range rules {
		rules[i].settle = what(rules[i].name)
	}
	return max(r.g.local.settle(r.id, rules), r.settleThere(ctx, rules, what))
}

// settleThere settles in Redis, also where the caller's time is over.
func (r *Reservation) settleThere(ctx context.Context, rules []rule, what func(name string) outcome) (others int) {
	groups := r.g.groups(rules)
	calls := make([]script.Call, len(groups))
	for i, group := range groups {
		calls[i] = script.Call{Script: settleScript, Args: []string{r.id}}
		for _, rule := range group {
			calls[i].Keys = append(calls[i].Keys, rule.key)
			calls[i].Args = append(calls[i].Args, string(what(rule.name)), ms(rule.policy.Window))
		}
	}
	for i, reply := range script.DoMulti(context.WithoutCancel(ctx), r.g.d, calls...) {
		got, err := reply.AsIntSlice()
		if err != nil {
			r.g.rb.Logger().WarnContext(ctx, "guard: settling an attempt", "guard", r.g.o.Name, "error", err)
		} else if i == 0 && len(got) > 0 {
			others = int(got[0])
		}
	}
	return others
}
