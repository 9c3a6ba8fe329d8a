package guard

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/internal/clientip"
)

// Ban is what came of an offence.
type Ban struct {
	// Entry is what keeps the offender out; nil where an allow entry lets it in.
	Entry *Listed
	// Offences is how often the subnet offended within Memory, Offenders how many subnets of the wider one did.
	Offences, Offenders int
}

// Offend bans the subnet of an address: longer with each offence, and the wider subnet as a whole where several of its subnets have offended.
// A ban that ends later stays. Whom an allow entry lets in is not banned, but the offence is counted. An invalid address is an ErrPrefix.
func (l *IPList) Offend(ctx context.Context, a netip.Addr, reason string) (Ban, error) {
	o := l.o.Bans
	subnet := clientip.Subnet(a, o.IPv6Bits)
	if !subnet.IsValid() {
		return Ban{}, fmt.Errorf("%w: no address", ErrPrefix)
	}
	bits := o.WideV6
	if subnet.Addr().Is4() {
		bits = o.WideV4
	}
	wide := netip.PrefixFrom(subnet.Addr(), bits).Masked()
	counts, err := offendScript.Do(ctx, l.d, []string{l.keys.base + ":offences:" + subnet.String(), l.keys.base + ":offenders:" + wide.String()},
		[]string{subnet.String(), ms(o.Memory), strconv.Itoa(maxWideAfter)}).AsIntSlice()
	if err != nil {
		return Ban{}, fmt.Errorf("guard: list %q: offence of %v: %w", l.name, subnet, err)
	}
	b := Ban{Offences: int(counts[0]), Offenders: int(counts[1])}
	if v := l.Check(a); v.By != nil && v.By.Kind == Allow {
		return b, nil
	}
	target := subnet
	if o.WideAfter != off && b.Offenders >= o.WideAfter {
		target = wide
	}
	entry, err := l.put(ctx, "ban", Deny, target, Entry{Reason: reason, By: "offence", TTL: o.lasts(b.Offences)})
	if err == nil && entry.Kind == Deny {
		b.Entry = entry
	}
	return b, err
}

// lasts is how long the n-th ban lasts.
func (o BanOptions) lasts(n int) time.Duration {
	d := o.First
	for range n - 1 {
		if d >= o.Max/time.Duration(o.Factor) {
			return o.Max
		}
		d *= time.Duration(o.Factor)
		if o.Factor == 1 {
			break
		}
	}
	return min(d, o.Max)
}
