package clientip

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Variable is the environment variable that lists the trusted proxies.
const Variable = "TRUSTED_PROXIES"

// Expected says in errors what a list of proxies is made of.
const Expected = "CIDRs or addresses, unix for a local proxy behind a socket, forwarded where the proxies write Forwarded and not X-Forwarded-For"

const (
	wordUnix      = "unix"
	wordForwarded = "forwarded"
)

// Proxies are the hops whose headers are believed. The zero value believes nobody. It is safe for concurrent use.
type Proxies struct {
	trusted   []netip.Prefix
	unix      bool // whoever connects by a Unix socket
	forwarded bool // they write Forwarded, else X-Forwarded-For
}

// New makes Proxies from entries: a CIDR ("10.0.0.0/8", "fd00::/8"), an address, "unix", which trusts those who connect by
// a Unix socket, or "forwarded", which reads Forwarded (RFC 7239) in place of X-Forwarded-For. The error names every entry
// that is none of these.
func New(entries ...string) (Proxies, error) {
	var p Proxies
	var faults []error
	for _, entry := range entries {
		switch entry {
		case wordUnix:
			p.unix = true
		case wordForwarded:
			p.forwarded = true
		default:
			prefix, err := parsePrefix(entry)
			if err != nil {
				faults = append(faults, fmt.Errorf("trusted proxy %q, expected %s", entry, Expected))
				continue
			}
			p.trusted = append(p.trusted, prefix)
		}
	}
	return p, errors.Join(faults...)
}

// Split takes a list apart, as the environment variable holds it: entries between commas or white space.
func Split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}

func parsePrefix(s string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		addr, failed := netip.ParseAddr(s)
		if failed != nil || addr.Zone() != "" {
			return netip.Prefix{}, err
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if a := prefix.Addr(); a.Is4In6() { // peers are compared unmapped
		if prefix.Bits() < 96 {
			return netip.Prefix{}, errors.New("covers more than the IPv4 addresses in IPv6")
		}
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

// Trusts reports whether the address is one of a trusted proxy.
func (p Proxies) Trusts(a netip.Addr) bool {
	if len(p.trusted) == 0 {
		return false
	}
	a = plain(a)
	for _, prefix := range p.trusted {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// Addr is the address of the client: IPv4 as such also where it came mapped into IPv6, without zone. It is invalid where
// there is none: the peer is a Unix socket, or a trusted proxy says that it does not know.
func (p Proxies) Addr(r *http.Request) netip.Addr {
	addr, _ := p.client(r)
	return addr
}

// HTTPS reports whether the client spoke TLS: to us, or to a trusted proxy that says so in X-Forwarded-Proto or in Forwarded.
// Proxies that append to X-Forwarded-For have to append to X-Forwarded-Proto too, or to overwrite it: where one of two adds its
// address alone, what the client itself wrote stands in the place of that one's entry.
func (p Proxies) HTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if len(p.trusted) == 0 && !p.unix { // nobody's word counts, whoever he is
		return false
	}
	_, hops := p.client(r)
	if hops < 0 {
		return false
	}
	if p.forwarded {
		list := newest(r.Header.Values("Forwarded"))
		var said element
		for range max(hops, 1) {
			if text, ok := list.next(splitForwarded); ok {
				said = parseElement(text)
			}
		}
		return secure(said.proto)
	}
	// Proxies overwrite the header, or append to it as they do to the addresses. So it is the entry of the hop that saw the
	// client, and the oldest where there are fewer.
	list := newest(r.Header.Values("X-Forwarded-Proto"))
	proto := ""
	for range max(hops, 1) {
		if text, ok := list.next(splitList); ok {
			proto = text
		}
	}
	return secure(proto)
}

func secure(proto string) bool {
	return strings.EqualFold(proto, "https") || strings.EqualFold(proto, "wss")
}

// client walks from the peer towards the client. hops is how many entries of the header were read on the way, -1 where the
// peer is not trusted.
func (p Proxies) client(r *http.Request) (addr netip.Addr, hops int) {
	addr, trusted := p.peer(r)
	if !trusted {
		return addr, -1
	}
	name, split := "X-Forwarded-For", splitList
	if p.forwarded {
		name, split = "Forwarded", splitForwarded
	}
	list := newest(r.Header.Values(name))
	for {
		text, ok := list.next(split)
		if !ok {
			return addr, hops // all of them are ours: the first one is who asks
		}
		if p.forwarded {
			text = parseElement(text).node
		}
		hops++
		addr = parseNode(text)
		if !p.Trusts(addr) {
			return addr, hops
		}
	}
}

// peer is the other end of the connection.
func (p Proxies) peer(r *http.Request) (addr netip.Addr, trusted bool) {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		addr = plain(ap.Addr())
		return addr, p.Trusts(addr)
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return netip.Addr{}, ok && p.unix && strings.HasPrefix(local.Network(), wordUnix)
}

// plain is an address as it is compared: IPv4 not mapped into IPv6, no zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
