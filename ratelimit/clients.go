package ratelimit

import (
	"errors"
	"net/http"
	"net/netip"
	"os"

	"github.com/redbrick-go/redbrick/internal/clientip"
)

// ClientOptions say how clients are told apart. The zero value trusts no proxy.
type ClientOptions struct {
	// TrustedProxies are the hops whose headers are believed: CIDRs or addresses, "unix" for a proxy that connects by a
	// Unix socket, "forwarded" where they write Forwarded (RFC 7239) and not X-Forwarded-For. The client is the rightmost
	// hop that is not trusted.
	TrustedProxies []string
	// IPv6Bits is the part of an IPv6 address that stands for one client, 32 to 128. 0 means 64.
	IPv6Bits int
	// NodeSpelling gives addresses as Node does on a socket for both families: ::ffff:192.0.2.1, and IPv6 whole. It is for
	// counters that are shared with a Node service, and lets who has a network of addresses use a limit for each.
	NodeSpelling bool
}

// ClientOptionsFromEnv reads TRUSTED_PROXIES, a list of what ClientOptions.TrustedProxies takes. The error wraps
// redbrick.ErrConfig and names what is wrong.
func ClientOptionsFromEnv() (ClientOptions, error) { return clientOptionsFrom(os.Getenv) }

func clientOptionsFrom(lookup func(string) string) (ClientOptions, error) {
	list := lookup(clientip.Variable)
	o := ClientOptions{TrustedProxies: clientip.Split(list)}
	if _, err := clientip.New(o.TrustedProxies...); err != nil {
		return ClientOptions{}, errors.Join(fault(clientip.Variable, list, clientip.Expected), err)
	}
	return o, nil
}

// Clients tells who sent a request. It is safe for concurrent use.
type Clients struct {
	proxies clientip.Proxies
	o       ClientOptions
}

// NewClients makes a Clients. An error wraps redbrick.ErrConfig.
func NewClients(o ClientOptions) (*Clients, error) {
	proxies, err := clientip.New(o.TrustedProxies...)
	var faults []error
	if err != nil {
		faults = append(faults, fault("ClientOptions.TrustedProxies", o.TrustedProxies, clientip.Expected), err)
	}
	o.IPv6Bits = orDefault(o.IPv6Bits, clientip.DefaultBits)
	if o.IPv6Bits < 32 || o.IPv6Bits > 128 {
		faults = append(faults, fault("ClientOptions.IPv6Bits", o.IPv6Bits, "32 to 128"))
	}
	return &Clients{proxies: proxies, o: o}, errors.Join(faults...)
}

// Addr is the address of the client. It is invalid where there is none: a Unix socket, or a proxy that does not know.
func (c *Clients) Addr(r *http.Request) netip.Addr { return c.proxies.Addr(r) }

// HTTPS reports whether the client spoke TLS, to us or to a trusted proxy that says so.
func (c *Clients) HTTPS(r *http.Request) bool { return c.proxies.HTTPS(r) }

// nowhere is the id of those who have no address: they share one.
const nowhere = "local"

// ID is what stands for the client in limits: an IPv4 address, an IPv6 prefix ("2001:db8:1:2::/64"), "local" for those
// without an address.
func (c *Clients) ID(r *http.Request) string {
	a := c.Addr(r)
	switch {
	case !a.IsValid():
		return nowhere
	case c.o.NodeSpelling && a.Is4():
		return "::ffff:" + a.String()
	case c.o.NodeSpelling:
		return a.String()
	}
	return clientip.Name(a, c.o.IPv6Bits)
}
