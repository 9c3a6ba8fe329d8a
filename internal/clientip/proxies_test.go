package clientip_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/internal/clientip"
)

// request has a peer and headers as "Name: value" lines.
func request(t testing.TB, peer string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://shop.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = peer
	if peer == "unix" {
		r.RemoteAddr = "@"
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Name: "/run/app.sock", Net: "unix"})))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func proxies(t testing.TB, list string) clientip.Proxies {
	t.Helper()
	p, err := clientip.New(clientip.Split(list)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	own  = "10.0.0.0/8, fd00::/8"
	rfc  = own + " forwarded"
	none = "invalid IP"
)

func TestTheClientIsTheRightmostHopThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trusted, peer string
		headers       []string
		want          string
	}{
		"peer":                            {own, "192.0.2.1:4711", nil, "192.0.2.1"},
		"peer v6":                         {own, "[2001:db8::1]:4711", nil, "2001:db8::1"},
		"peer mapped":                     {own, "[::ffff:192.0.2.1]:4711", nil, "192.0.2.1"},
		"peer with zone":                  {own, "[fe80::1%eth0]:4711", nil, "fe80::1"},
		"no peer":                         {own, "", nil, none},
		"one proxy":                       {own, "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"mapped proxy":                    {own, "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"proxy written mapped":            {"::ffff:10.0.0.0/104", "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"neighbour of one written mapped": {"::ffff:10.0.0.0/104", "11.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1"}, "11.0.0.1"},
		"proxy by address":                {"10.0.0.1", "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"neighbour of it":                 {"10.0.0.1", "10.0.0.2:1", []string{"X-Forwarded-For: 192.0.2.1"}, "10.0.0.2"},
		"claim of the client":             {own, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1"}, "192.0.2.1"},
		"claim to be inside":              {own, "10.0.0.1:1", []string{"X-Forwarded-For: 10.0.0.9, 192.0.2.1"}, "192.0.2.1"},
		"claim on a line of its own":      {own, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"two proxies":                     {own, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.9.9.9"}, "192.0.2.1"},
		"all inside":                      {own, "10.0.0.1:1", []string{"X-Forwarded-For: 10.0.0.7, 10.9.9.9"}, "10.0.0.7"},
		"the proxy itself":                {own, "10.0.0.1:1", nil, "10.0.0.1"},
		"empty entries":                   {own, "10.0.0.1:1", []string{"X-Forwarded-For: , 192.0.2.1 , ,", "X-Forwarded-For: "}, "192.0.2.1"},
		"port":                            {own, "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1:80"}, "192.0.2.1"},
		"v6":                              {own, "10.0.0.1:1", []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		"v6 in brackets":                  {own, "10.0.0.1:1", []string{"X-Forwarded-For: [2001:DB8::1]"}, "2001:db8::1"},
		"v6 with port":                    {own, "10.0.0.1:1", []string{"X-Forwarded-For: [2001:db8::1]:80"}, "2001:db8::1"},
		"v6 with zone":                    {own, "10.0.0.1:1", []string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1"},
		"mapped":                          {own, "10.0.0.1:1", []string{"X-Forwarded-For: ::ffff:192.0.2.1"}, "192.0.2.1"},
		"mapped proxy in the middle":      {own, "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1, ::ffff:a00:2"}, "192.0.2.1"},
		"the proxy does not know":         {own, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, unknown"}, none},
		"nonsense":                        {own, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9, 1.2.3"}, none},
		"nobody is trusted":               {"", "10.0.0.1:1", []string{"X-Forwarded-For: 192.0.2.1"}, "10.0.0.1"},
		"socket":                          {own, "unix", []string{"X-Forwarded-For: 192.0.2.1"}, none},
		"trusted socket":                  {own + " unix", "unix", []string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.1"}, "192.0.2.1"},
		"trusted socket alone":            {"unix", "unix", nil, none},
		"the other header":                {own, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9"}, "10.0.0.1"},
		"the other header beside":         {own, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9", "X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"Forwarded":                       {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9, for=192.0.2.1;proto=https;by=10.0.0.1"}, "192.0.2.1"},
		"Forwarded, two proxies":          {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9", "Forwarded: For=192.0.2.1 ; host=\"a,b\", for=\"10.0.0.2:81\""}, "192.0.2.1"},
		"Forwarded, v6":                   {rfc, "10.0.0.1:1", []string{`Forwarded: for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		"Forwarded, v6 without quotes":    {rfc, "10.0.0.1:1", []string{`Forwarded: for=[2001:db8:cafe::17]:4711`}, "2001:db8:cafe::17"},
		"Forwarded, hidden port":          {rfc, "10.0.0.1:1", []string{`Forwarded: for="192.0.2.1:_x"`}, "192.0.2.1"},
		"Forwarded, escapes":              {rfc, "10.0.0.1:1", []string{`Forwarded: for="192.\0.2.1"`}, "192.0.2.1"},
		"Forwarded, hidden":               {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9, for=_hidden"}, none},
		"Forwarded, unknown":              {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9, for=unknown"}, none},
		"Forwarded without for":           {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9, proto=https"}, none},
		"Forwarded, for twice":            {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9;for=192.0.2.1"}, none},
		"Forwarded, quote never closed":   {rfc, "10.0.0.1:1", []string{`Forwarded: for="203.0.113.9, for=192.0.2.1`}, "192.0.2.1"},
		"Forwarded, escape at the end":    {rfc, "10.0.0.1:1", []string{`Forwarded: for="203.0.113.9\, for="192.0.2.1"`}, "192.0.2.1"},
		"Forwarded, comma in quotes":      {rfc, "10.0.0.1:1", []string{`Forwarded: for=192.0.2.1;host="a, for=203.0.113.9\\"`}, "192.0.2.1"},
		"Forwarded, quote in quotes":      {rfc, "10.0.0.1:1", []string{`Forwarded: for=192.0.2.1;host="a\", for=203.0.113.9"`}, "192.0.2.1"},
		"Forwarded, claim in the other":   {rfc, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9", "Forwarded: for=192.0.2.1"}, "192.0.2.1"},
		"Forwarded, the other one alone":  {rfc, "10.0.0.1:1", []string{"X-Forwarded-For: 203.0.113.9"}, "10.0.0.1"},
		"Forwarded, semicolon at the end": {rfc, "10.0.0.1:1", []string{"Forwarded: for=192.0.2.1;"}, "192.0.2.1"},
	} {
		if got := proxies(t, c.trusted).Addr(request(t, c.peer, c.headers...)).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// claims are headers that somebody sends who has no right to.
var claims = []string{
	"X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9;proto=https", "X-Forwarded-Proto: https", "X-Real-Ip: 203.0.113.9",
}

func TestHeadersOfAnUntrustedPeerChangeNothing(t *testing.T) {
	t.Parallel()
	for _, trusted := range []string{"", own, rfc, own + " unix"} {
		p := proxies(t, trusted)
		for peer, want := range map[string]string{"192.0.2.1:1": "192.0.2.1", "[2001:db8::1]:1": "2001:db8::1", "": none, "@": none} {
			r := request(t, peer, claims...)
			if got := p.Addr(r).String(); got != want || p.HTTPS(r) {
				t.Errorf("trusted %q, peer %q: got %s, https %t, want %s without", trusted, peer, got, p.HTTPS(r), want)
			}
		}
	}
}

func TestHTTPSIsWhatTheTrustedHopSaw(t *testing.T) {
	t.Parallel()
	const from = "X-Forwarded-For: 192.0.2.1"
	for name, c := range map[string]struct {
		trusted, peer string
		headers       []string
		want          bool
	}{
		"plain":                         {own, "192.0.2.1:1", nil, false},
		"proxy with TLS":                {own, "10.0.0.1:1", []string{from, "X-Forwarded-Proto: HTTPS"}, true},
		"proxy without":                 {own, "10.0.0.1:1", []string{from, "X-Forwarded-Proto: http"}, false},
		"proxy that says nothing":       {own, "10.0.0.1:1", []string{from}, false},
		"WebSocket":                     {own, "10.0.0.1:1", []string{from, "X-Forwarded-Proto: wss"}, true},
		"claim of the client":           {own, "10.0.0.1:1", []string{from, "X-Forwarded-Proto: https, http"}, false},
		"claim on a line of its own":    {own, "10.0.0.1:1", []string{from, "X-Forwarded-Proto: https", "X-Forwarded-Proto: http"}, false},
		"two proxies, TLS to the first": {own, "10.0.0.1:1", []string{from + ", 10.0.0.2", "X-Forwarded-Proto: https, http"}, true},
		"two proxies, TLS between":      {own, "10.0.0.1:1", []string{from + ", 10.0.0.2", "X-Forwarded-Proto: http, https"}, false},
		"two proxies, one entry":        {own, "10.0.0.1:1", []string{from + ", 10.0.0.2", "X-Forwarded-Proto: https"}, true},
		"no address":                    {own, "10.0.0.1:1", []string{"X-Forwarded-Proto: https"}, true},
		"socket":                        {own, "unix", []string{from, "X-Forwarded-Proto: https"}, false},
		"trusted socket":                {"unix", "unix", []string{from, "X-Forwarded-Proto: https"}, true},
		"the other header":              {own, "10.0.0.1:1", []string{from, "Forwarded: for=192.0.2.1;proto=https"}, false},
		"Forwarded":                     {rfc, "10.0.0.1:1", []string{"Forwarded: for=192.0.2.1;proto=https"}, true},
		"Forwarded, claim":              {rfc, "10.0.0.1:1", []string{"Forwarded: for=203.0.113.9;proto=https, for=192.0.2.1;proto=http"}, false},
		"Forwarded, two proxies":        {rfc, "10.0.0.1:1", []string{"Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"}, true},
		"Forwarded, claim beside":       {rfc, "10.0.0.1:1", []string{"X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1"}, false},
	} {
		if got := proxies(t, c.trusted).HTTPS(request(t, c.peer, c.headers...)); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
	r := request(t, "192.0.2.1:1")
	r.TLS = &tls.ConnectionState{}
	if !(clientip.Proxies{}).HTTPS(r) {
		t.Error("a connection with TLS is not https")
	}
}

func TestEveryFaultyProxyIsNamed(t *testing.T) {
	t.Parallel()
	_, err := clientip.New(clientip.Split("10.0.0.0/8, 10.0.0.0/33 localhost,fe80::1%eth0, 1.2.3.4.5, ::ffff:0:0/90, Unix")...)
	if err == nil {
		t.Fatal("faulty entries are accepted")
	}
	for _, bad := range []string{"10.0.0.0/33", "localhost", "fe80::1%eth0", "1.2.3.4.5", "::ffff:0:0/90", "Unix", "expected"} {
		if !strings.Contains(err.Error(), bad) {
			t.Errorf("the error does not name %s: %v", bad, err)
		}
	}
	if strings.Contains(err.Error(), `"10.0.0.0/8"`) {
		t.Errorf("the error names a good entry: %v", err)
	}
}

func TestOneClientIsOneName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addr string
		bits int
		want string
	}{
		{"192.0.2.1", 0, "192.0.2.1"},
		{"192.0.2.1", 48, "192.0.2.1"},
		{"::ffff:192.0.2.1", 0, "192.0.2.1"},
		{"::ffff:c000:201", 64, "192.0.2.1"},
		{"64:ff9b::192.0.2.1", 0, "192.0.2.1"},
		{"2002:c000:201:7::9", 0, "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", 0, "2001:db8:1:2::/64"},
		{"2001:db8:1:2:ffff::", 64, "2001:db8:1:2::/64"},
		{"2001:db8:1:2:3::", 56, "2001:db8:1::/56"},
		{"2001:db8::1", 128, "2001:db8::1"},
		{"2001:db8::1", 129, "2001:db8::/64"},
		{"fe80::1%eth0", 0, "fe80::/64"},
	} {
		if got := clientip.Name(netip.MustParseAddr(c.addr), c.bits); got != c.want {
			t.Errorf("%s by %d bits: got %s, want %s", c.addr, c.bits, got, c.want)
		}
	}
	if got := clientip.Name(netip.Addr{}, 0); got != "" {
		t.Errorf("no address is %q", got)
	}
}
