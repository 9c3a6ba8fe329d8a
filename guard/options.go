package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Away says what a policy does while Redis cannot be asked. A login is never without limits.
type Away int

const (
	// Local counts in this process alone: each process allows the policy's failures. What it saw fail before counts, too.
	Local Away = iota
	// Closed refuses every attempt with redbrick.ErrUnavailable.
	Closed
)

// Policy is how many attempts may fail. The zero value is 5 failures in 900 s.
type Policy struct {
	// Failures is how many may fail within Window, 1 to 1,000. 0 means 5, -1 switches the policy off.
	Failures int
	// Window is how long a failure counts, 1 s to 30 days. 0 means 900 s.
	Window time.Duration
	// FreeFailures is after how many failures the next attempt has to wait for Delay; each further failure doubles that, up to
	// MaxDelay. Delay 0 means that there are no delays, MaxDelay 0 means Window.
	FreeFailures    int
	Delay, MaxDelay time.Duration
	// Away is what is done while Redis is away.
	Away Away
}

const (
	defaultFailures  = 5
	maxFailures      = 1000
	defaultWindow    = 900 * time.Second
	maxWindow        = 30 * 24 * time.Hour
	defaultDeviceTTL = 180 * 24 * time.Hour
	defaultBits      = 64
	minSecret        = 32
	off              = -1
)

func (p Policy) withDefaults(field string) (Policy, []error) {
	p.Failures, p.Window = or(p.Failures, defaultFailures), or(p.Window, defaultWindow)
	p.MaxDelay = or(p.MaxDelay, p.Window)
	var faults []error
	fault := func(name string, value any, expected string) {
		faults = append(faults, bad(field+"."+name, value, expected))
	}
	if p.Failures < off || p.Failures > maxFailures {
		fault("Failures", p.Failures, "1 to 1,000, 0 for 5, or -1 to switch the policy off")
	}
	if p.Window < time.Second || p.Window > maxWindow {
		fault("Window", p.Window, "1s to 720h, or 0 for 900s")
	}
	if p.FreeFailures < 0 {
		fault("FreeFailures", p.FreeFailures, "0 or more")
	}
	if p.Delay < 0 || p.Delay > 0 && p.Delay < time.Millisecond {
		fault("Delay", p.Delay, "at least 1ms, or 0 for none")
	}
	if p.MaxDelay < p.Delay || p.MaxDelay > p.Window {
		fault("MaxDelay", p.MaxDelay, "Delay to Window, or 0 for Window")
	}
	if p.Away != Local && p.Away != Closed {
		fault("Away", p.Away, "Local or Closed")
	}
	return p, faults
}

// LoginOptions are the options of a Login. The zero value is good; without Secrets no device is known.
type LoginOptions struct {
	// Name tells several guards of one service apart. Empty means "login".
	Name string
	// Account, Prefix and Pair limit attempts by the account, by the prefix of the client's address, and by both together. A
	// known device is held to Device alone.
	Account, Prefix, Pair, Device Policy
	// IPv6Bits is how much of an IPv6 address is one client, 16 to 128. 0 means 64. An IPv4 address is one as a whole.
	IPv6Bits int
	// Secrets sign device tokens, SESSION_SECRET as a rule, at least 32 bytes each. The first one signs, the others are still
	// believed.
	Secrets [][]byte
	// DeviceTTL is for how long a device is known after its last login. 0 means 180 days.
	DeviceTTL time.Duration
	// Normalize makes one name of all spellings of an account. Nil means Normalize of this package.
	Normalize func(account string) string
	// NoticeFailures is from how many failures on a success is remarked upon. 0 means 3.
	NoticeFailures int
	// OnEvent hears of every attempt that was refused, failed or succeeded, for logs and for messages to the user. It must not block.
	OnEvent func(ctx context.Context, e Event)
	// AllowInsecure says why Secrets may be shorter.
	AllowInsecure string
}

func (o LoginOptions) withDefaults() (LoginOptions, error) {
	o.Name, o.IPv6Bits, o.DeviceTTL = or(o.Name, "login"), or(o.IPv6Bits, defaultBits), or(o.DeviceTTL, defaultDeviceTTL)
	o.NoticeFailures = or(o.NoticeFailures, 3)
	if o.Normalize == nil {
		o.Normalize = Normalize
	}
	var faults, all []error
	for field, p := range map[string]*Policy{"Account": &o.Account, "Prefix": &o.Prefix, "Pair": &o.Pair, "Device": &o.Device} {
		*p, faults = p.withDefaults("LoginOptions." + field)
		all = append(all, faults...)
	}
	if keyspace.ValidName(o.Name) != nil {
		all = append(all, bad("LoginOptions.Name", o.Name, "letters, digits and _ : . -"))
	}
	if o.Account.Failures == off && o.Pair.Failures == off {
		all = append(all, bad("LoginOptions.Account.Failures", off, "a limit there or in Pair: a password may not be guessed without end"))
	}
	if o.Device.Failures == off {
		all = append(all, bad("LoginOptions.Device.Failures", off, "a limit: a device token can be stolen"))
	}
	if o.IPv6Bits < 16 || o.IPv6Bits > 128 {
		all = append(all, bad("LoginOptions.IPv6Bits", o.IPv6Bits, "16 to 128, or 0 for 64"))
	}
	for i, s := range o.Secrets {
		if len(s) == 0 || len(s) < minSecret && o.AllowInsecure == "" {
			all = append(all, bad(fmt.Sprintf("LoginOptions.Secrets[%d]", i), fmt.Sprint(len(s), " bytes"), "at least 32 bytes, or AllowInsecure"))
		}
	}
	if o.DeviceTTL < time.Second {
		all = append(all, bad("LoginOptions.DeviceTTL", o.DeviceTTL, "at least 1s, or 0 for 180 days"))
	}
	if o.NoticeFailures < 1 {
		all = append(all, bad("LoginOptions.NoticeFailures", o.NoticeFailures, "at least 1, or 0 for 3"))
	}
	return o, errors.Join(all...)
}

// bad is an ErrConfig about one option.
func bad(field string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %q, expected %s", redbrick.ErrConfig, field, fmt.Sprint(value), expected)
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
