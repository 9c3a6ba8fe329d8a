package guard

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Kind is what an entry of an IPList does.
type Kind string

// The kinds of entries.
const (
	Deny  Kind = "deny"
	Allow Kind = "allow"
)

// Entry is what is noted about a prefix.
type Entry struct {
	// Reason and By are for people: why it is listed, and who did it. At most 256 bytes each.
	Reason, By string
	// TTL is how long the entry stands, at least 1 ms. 0 means until it is removed.
	TTL time.Duration
}

// Listed is an entry of an IPList.
type Listed struct {
	Prefix netip.Prefix
	Kind   Kind
	// Reason and By are those of Entry.
	Reason, By string
	// At is when it was made, Until when it ends (zero: never), both by the clock of Redis. At is zero for entries of plain sets.
	At, Until time.Time
	// Set is the key of the plain set that it comes from, "" for entries of the list itself.
	Set string
}

// maxNote bounds Reason and By.
const maxNote = 256

// ParsePrefix reads an address or a CIDR, as people and other programs write them: an address is the prefix of all its bits,
// IPv4 mapped into IPv6 is IPv4, bits beyond the prefix are cut off, space around is ignored. Zones are refused.
func ParsePrefix(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, failed := netip.ParseAddr(s)
		if failed != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%w: %q, expected an address or a CIDR", ErrPrefix, cut(s))
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return canonical(p)
}

// canonical is the one form of a prefix.
func canonical(p netip.Prefix) (netip.Prefix, error) {
	if !p.IsValid() || p.Addr().Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%w: %v, expected a valid prefix", ErrPrefix, p)
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("%w: %v, expected IPv4 addresses as such: it covers more than those", ErrPrefix, p)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func cut(s string) string { return s[:min(len(s), 80)] }

// record is an entry as Redis has it. Kind stands first: a script looks at it.
type record struct {
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"`
	By     string `json:"by"`
	At     int64  `json:"at"`    // Unix time in ms
	Until  int64  `json:"until"` // the same; 0: never
}

// begin is the record's JSON up to the times, which the script adds.
func (e Entry) begin(kind Kind) (string, error) {
	var faults []string
	for name, text := range map[string]string{"Reason": e.Reason, "By": e.By} {
		if len(text) > maxNote {
			faults = append(faults, fmt.Sprintf("Entry.%s has %d bytes, expected at most %d", name, len(text), maxNote))
		}
	}
	if e.TTL != 0 && e.TTL < time.Millisecond {
		faults = append(faults, fmt.Sprintf("Entry.TTL is %v, expected at least 1ms, or 0 for none", e.TTL))
	}
	if len(faults) > 0 {
		return "", fmt.Errorf("%w: %s", ErrEntry, strings.Join(faults, "; "))
	}
	b, err := json.Marshal(struct {
		Kind   Kind   `json:"kind"`
		Reason string `json:"reason"`
		By     string `json:"by"`
	}{kind, e.Reason, e.By})
	return strings.TrimSuffix(string(b), "}"), err
}

// readRecord reads what Redis has about a prefix.
func readRecord(prefix, value string) (*Listed, error) {
	p, err := ParsePrefix(prefix)
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal([]byte(value), &r); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrEntry, prefix, err)
	}
	if r.Kind != Deny && r.Kind != Allow {
		return nil, fmt.Errorf("%w: %s is %q, expected %s or %s", ErrEntry, prefix, cut(string(r.Kind)), Deny, Allow)
	}
	e := &Listed{Prefix: p, Kind: r.Kind, Reason: r.Reason, By: r.By, At: time.UnixMilli(r.At)}
	if r.Until != 0 {
		e.Until = time.UnixMilli(r.Until)
	}
	return e, nil
}
