package clientip

import "net/netip"

// DefaultBits is the part of an IPv6 address that stands for one client: a household is given 64 bits to choose from.
const DefaultBits = 64

var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToIP = netip.MustParsePrefix("2002::/16")    // 6to4, RFC 3056
)

// Subnet is what counts as one client: an IPv4 address as a whole, an IPv6 address by its first bits (0 means 64). IPv4
// addresses that come as IPv6 (mapped, NAT64, 6to4) are what they are: their holder gets no /64 beside, and shares none with all
// others behind the translator. The prefix of an invalid address is invalid.
func Subnet(a netip.Addr, bits int) netip.Prefix {
	a = plain(a)
	switch {
	case !a.IsValid():
		return netip.Prefix{}
	case nat64.Contains(a):
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	case sixToIP.Contains(a):
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[2:6]))
	}
	if a.Is4() {
		return netip.PrefixFrom(a, a.BitLen())
	}
	if bits <= 0 || bits > a.BitLen() {
		bits = DefaultBits
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// Name is Subnet as text for keys and logs: "192.0.2.1", "2001:db8:1:2::/64", and "" for an invalid address.
func Name(a netip.Addr, bits int) string {
	p := Subnet(a, bits)
	switch {
	case !p.IsValid():
		return ""
	case p.IsSingleIP():
		return p.Addr().String()
	}
	return p.String()
}
