package guard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// IPListOptions are the options of an IPList. The zero value is good.
type IPListOptions struct {
	// AllowOnly keeps out whoever no allow entry lets in. While the list has never been read (Redis was away from the start)
	// that is everybody.
	AllowOnly bool
	// Sets are plain sets of addresses that other programs keep; they are read every Refresh and never written.
	Sets []PlainSet
	// Refresh is how often a node makes sure that it has missed no change, and reads Sets. 0 means 10 s, the least is 100 ms.
	Refresh time.Duration
	// MaxEntries bounds the list. 0 means 10,000, the most is 100,000: a list is read whole when a node starts.
	MaxEntries int
	// AuditLen is about how many records of the audit trail are kept. 0 means 10,000.
	AuditLen int
	// Bans says how Offend bans.
	Bans BanOptions
	// TrustedProxies are those whose X-Forwarded-For is believed, as in TRUSTED_PROXIES: CIDRs, addresses, "unix", "forwarded".
	TrustedProxies []string
	// OnDenied answers requests that Middleware keeps out. Nil answers 403 in plain text.
	OnDenied http.Handler
}

// PlainSet is a Redis set of addresses and CIDRs that another program keeps.
type PlainSet struct {
	// Key is its key, namespace not included; Bare says that it has none.
	Key  string
	Bare bool
	// Kind is what its members are. Empty means Deny.
	Kind Kind
}

// BanOptions are the options of Offend. The zero value is good.
type BanOptions struct {
	// First is how long the first ban lasts; each further one of the same subnet lasts Factor times as long, up to Max. 0 means 15
	// minutes, 4 and 30 days.
	First  time.Duration
	Factor int
	Max    time.Duration
	// Memory is how long an offence is remembered after the last one. 0 means 30 days.
	Memory time.Duration
	// WideAfter is how many subnets of one wider subnet have to offend for that to be banned as a whole. 0 means 4, -1 never.
	WideAfter int
	// IPv6Bits is how much of an IPv6 address is one offender; WideV4 and WideV6 are the bits of the wider subnets. 0 means 64, 24 and 48.
	IPv6Bits, WideV4, WideV6 int
}

const (
	defaultEntries = 10_000
	maxEntries     = 100_000
	maxAudit       = 1_000_000
	maxWideAfter   = 1000
	minRefresh     = 100 * time.Millisecond
)

func (o IPListOptions) withDefaults() (IPListOptions, error) {
	o.Refresh, o.MaxEntries, o.AuditLen = or(o.Refresh, 10*time.Second), or(o.MaxEntries, defaultEntries), or(o.AuditLen, defaultEntries)
	b := &o.Bans
	b.First, b.Factor, b.Max, b.Memory = or(b.First, 15*time.Minute), or(b.Factor, 4), or(b.Max, maxWindow), or(b.Memory, maxWindow)
	b.WideAfter, b.IPv6Bits, b.WideV4, b.WideV6 = or(b.WideAfter, 4), or(b.IPv6Bits, defaultBits), or(b.WideV4, 24), or(b.WideV6, 48)
	var faults []error
	fault := func(field string, value any, expected string) {
		faults = append(faults, bad("IPListOptions."+field, value, expected))
	}
	if o.Refresh < minRefresh {
		fault("Refresh", o.Refresh, "at least 100ms, or 0 for 10s")
	}
	if o.MaxEntries < 1 || o.MaxEntries > maxEntries {
		fault("MaxEntries", o.MaxEntries, "1 to 100,000, or 0 for 10,000")
	}
	if o.AuditLen < 1 || o.AuditLen > maxAudit {
		fault("AuditLen", o.AuditLen, "1 to 1,000,000, or 0 for 10,000")
	}
	for i, s := range o.Sets {
		if s.Key == "" || strings.ContainsAny(s.Key, "{}<>") {
			fault(fmt.Sprintf("Sets[%d].Key", i), s.Key, "the key of a set, without braces")
		}
		o.Sets[i].Kind = or(s.Kind, Deny)
		if k := o.Sets[i].Kind; k != Deny && k != Allow {
			fault(fmt.Sprintf("Sets[%d].Kind", i), k, "deny or allow")
		}
	}
	if b.First < time.Second || b.Max < b.First {
		fault("Bans.First", b.First, fmt.Sprintf("1s to Max (%v)", b.Max))
	}
	if b.Factor < 1 || b.Factor > maxWideAfter {
		fault("Bans.Factor", b.Factor, "1 to 1,000, or 0 for 4")
	}
	if b.Memory < time.Second {
		fault("Bans.Memory", b.Memory, "at least 1s, or 0 for 30 days")
	}
	if b.WideAfter < off || b.WideAfter == 1 || b.WideAfter > maxWideAfter {
		fault("Bans.WideAfter", b.WideAfter, "2 to 1,000, 0 for 4, or -1 for never")
	}
	if b.IPv6Bits < 16 || b.IPv6Bits > 128 || b.WideV6 < 8 || b.WideV6 > b.IPv6Bits {
		fault("Bans.WideV6", b.WideV6, "8 to IPv6Bits, which is 16 to 128")
	}
	if b.WideV4 < 8 || b.WideV4 > 32 {
		fault("Bans.WideV4", b.WideV4, "8 to 32")
	}
	if _, err := clientip.New(o.TrustedProxies...); err != nil {
		fault("TrustedProxies", strings.Join(o.TrustedProxies, ", "), clientip.Expected)
	}
	return o, errors.Join(faults...)
}

// checkListName refuses names that make no key.
func checkListName(name string) error {
	if name == "" || keyspace.ValidName(name) != nil {
		return bad("name", name, "letters, digits and _ : . -")
	}
	return nil
}
