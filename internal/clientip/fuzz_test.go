package clientip_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/internal/clientip"
)

// FuzzForwarded holds that a client that is one proxy away cannot choose its address: whatever it sends in either header,
// the entry that the proxy appends decides, on the same line or on one of its own.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{
		"", "203.0.113.9", "10.0.0.2", "for=203.0.113.9", `for="203.0.113.9`, `for="[2001:db8::1]:80"`, `for=a\`, `for="\"`, `,`, `";"`,
		`for="203.0.113.9\\\`, "for=10.0.0.3;by=x", "[::1", "unknown", "\xff\x00", strings.Repeat(",", 300), `for=1.2.3.4, for="`,
	} {
		f.Add(s)
	}
	plain, rfc := proxies(f, own), proxies(f, own+" forwarded")
	const real = "192.0.2.1"
	f.Fuzz(func(t *testing.T, claim string) {
		if strings.ContainsAny(claim, "\r\n") {
			return // no header holds it
		}
		for _, c := range []struct {
			p            clientip.Proxies
			name, append string
		}{
			{plain, "X-Forwarded-For", real},
			{plain, "X-Forwarded-For", real + ", 10.0.0.7"},
			{rfc, "Forwarded", "for=" + real},
			{rfc, "Forwarded", `for="` + real + `:80";host="a\"b,c";proto=http`},
			{rfc, "Forwarded", `for="` + real + `", for=10.0.0.7`},
		} {
			r := request(t, "10.0.0.1:1")
			r.Header[c.name] = []string{claim + ", " + c.append}
			if got := c.p.Addr(r); got != netip.MustParseAddr(real) || c.p.HTTPS(r) {
				t.Fatalf("%s: %q: got %s, https %t", c.name, r.Header[c.name], got, c.p.HTTPS(r))
			}
			r.Header[c.name] = []string{claim, c.append}
			if got := c.p.Addr(r); got != netip.MustParseAddr(real) {
				t.Fatalf("%s: %q: got %s", c.name, r.Header[c.name], got)
			}
			// Alone it may say what it likes, and is read without harm.
			r.Header[c.name] = []string{claim}
			c.p.Addr(r)
			c.p.HTTPS(r)
		}
		if p, err := clientip.New(clientip.Split(claim)...); err == nil {
			p.Trusts(netip.MustParseAddr(real))
		}
	})
}

// FuzzProxies holds that what is accepted as a list trusts the addresses of its entries.
func FuzzProxies(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "::/0", "::ffff:10.0.0.0/104", "fd00::1", "unix,forwarded", "1.2.3.4/00", "0.0.0.0/0 x", "::ffff:0.0.0.0/95"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		entries := clientip.Split(list)
		p, err := clientip.New(entries...)
		if err != nil {
			return
		}
		for _, e := range entries {
			if prefix, err := netip.ParsePrefix(e); err == nil && !p.Trusts(prefix.Addr()) {
				t.Fatalf("%q does not trust %s", list, prefix.Addr())
			}
			if a, err := netip.ParseAddr(e); err == nil && !p.Trusts(a) {
				t.Fatalf("%q does not trust %s", list, a)
			}
		}
	})
}

// FuzzName holds that one address has one name, whichever way it is written, and that the name is an address or a prefix.
func FuzzName(f *testing.F) {
	f.Add("192.0.2.1", 64)
	f.Add("::ffff:192.0.2.1", 56)
	f.Add("64:ff9b::1", 0)
	f.Add("2002::", -1)
	f.Fuzz(func(t *testing.T, s string, bits int) {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return
		}
		name := clientip.Name(a, bits)
		if clientip.Name(netip.AddrFrom16(a.As16()), bits) != name || strings.ContainsAny(name, "{}% ") {
			t.Fatalf("%s is %q, mapped %q", a, name, clientip.Name(netip.AddrFrom16(a.As16()), bits))
		}
		if _, err := netip.ParseAddr(name); err == nil {
			return
		}
		if p, err := netip.ParsePrefix(name); err != nil || p.Masked() != p {
			t.Fatalf("%s is %q: %v", a, name, err)
		}
	})
}
