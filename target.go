package redbrick

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine"
)

// kind says what stands at the other end.
type kind int

const (
	kindEmbedded kind = iota
	kindSingle
	kindUnix
	kindSentinel
	kindCluster
	kindClient // Options.Client, whatever it is
)

func (k kind) String() string {
	return [...]string{"the embedded engine", "one server", "a unix socket", "sentinel", "cluster", "a ready-made client"}[k]
}

// target is the server that URL, Host and the rest of Options name together.
type target struct {
	kind      kind
	addresses []string // host:port, or the path of a socket
	master    string   // sentinel: the name of the master

	engine engine.Options // embedded: what the URL says

	username, password                 string
	sentinelUsername, sentinelPassword string

	db    int
	hasDB bool // db was named, so another one is a conflict even if db is 0

	secure bool // TLS was asked for
	plain  bool // TLS was ruled out
	tls    *tls.Config
}

// String names the server for people, by its addresses where it has any, without secrets.
func (t target) String() string {
	if len(t.addresses) == 0 {
		return t.kind.String()
	}
	return strings.Join(t.addresses, ", ")
}

// target brings the sources together: URL or Host or the template, then what they left out.
func (o Options) target(name naming) (target, error) {
	if o.Client != nil {
		return target{kind: kindClient}, o.clientConflicts(name)
	}
	var faults []error
	t, err := o.server(name)
	if err != nil {
		// Without a server the questions below have no meaning.
		return target{}, err
	}
	for _, f := range []struct {
		field string
		into  *string
		value string
	}{
		{"Username", &t.username, o.Username},
		{"Password", &t.password, o.Password},
		{"Redis", &t.username, o.Redis.Username},
		{"Redis", &t.password, o.Redis.Password},
	} {
		switch {
		case f.value == "":
		case *f.into == "":
			*f.into = f.value
		case *f.into != f.value:
			faults = append(faults, conflict(name(f.field), "differs from the user or password given before it (in "+name("URL")+"): give one"))
		}
	}
	for _, f := range []struct {
		field string
		db    int
	}{{"DB", o.DB}, {"Redis", o.Redis.SelectDB}} {
		field, db := f.field, f.db
		switch {
		case db < 0 || db > maxDB:
			faults = append(faults, fault(name(field), db, "a database number from 0 up"))
		case db == 0:
		case t.kind == kindCluster:
			faults = append(faults, fault(name(field), db, "0: Redis Cluster has no other database"))
		case t.hasDB && t.db != db:
			faults = append(faults, fault(name(field), db, fmt.Sprintf("%d as given in %s", t.db, name("URL"))))
		default:
			t.db, t.hasDB = db, true
		}
	}
	if t.kind == kindEmbedded {
		if err := t.secureEngine(o, name); err != nil {
			faults = append(faults, err)
		}
	}
	if err := o.secure(&t, name); err != nil {
		faults = append(faults, err)
	}
	return t, errors.Join(faults...)
}

// server finds out where to connect to.
func (o Options) server(name naming) (target, error) {
	if o.Port < 0 || o.Port > 65535 {
		return target{}, fault(name("Port"), o.Port, "a port from 1 to 65535, or 0 for 6379")
	}
	if len(o.Redis.InitAddress) > 0 && (o.URL != "" || o.Host != "") {
		return target{}, conflict(name("Redis"), "has an InitAddress beside "+name("URL")+" or "+name("Host")+": name the server once")
	}
	switch {
	case o.URL != "":
		t, err := parseURL(o.URL)
		if err != nil {
			return target{}, fmt.Errorf("%w: %s is %q, expected %w", ErrConfig, name("URL"), redactURL(o.URL), err)
		}
		return t, o.agrees(t, name)
	case o.Host != "":
		address, err := o.address()
		if err != nil {
			return target{}, fault(name("Host"), o.Host, "a host name or address without scheme and port")
		}
		return target{kind: kindSingle, addresses: []string{address}}, nil
	case o.Port != 0:
		return target{}, fault(name("Port"), o.Port, "none without "+name("Host"))
	case o.Redis.Sentinel.MasterSet != "" && len(o.Redis.InitAddress) > 0:
		return target{kind: kindSentinel, addresses: o.Redis.InitAddress, master: o.Redis.Sentinel.MasterSet}, nil
	case len(o.Redis.InitAddress) > 1:
		return target{kind: kindCluster, addresses: o.Redis.InitAddress}, nil
	case len(o.Redis.InitAddress) == 1:
		return target{kind: kindSingle, addresses: o.Redis.InitAddress}, nil
	default:
		return target{kind: kindEmbedded, plain: true}, nil
	}
}

// address is Host with Port.
func (o Options) address() (string, error) {
	host := o.Host
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	} else if strings.ContainsAny(host, ":[]") {
		return "", errors.New("not a host")
	}
	return parseHost(host, orDefault(o.Port, redisPort))
}

// agrees refuses a Host or Port that contradicts the URL.
func (o Options) agrees(t target, name naming) error {
	if o.Host == "" && o.Port == 0 {
		return nil
	}
	if t.kind == kindSingle {
		host, port, _ := net.SplitHostPort(t.addresses[0])
		if (o.Host == "" || strings.EqualFold(o.Host, host)) && (o.Port == 0 || strconv.Itoa(o.Port) == port) {
			return nil
		}
	}
	field, value := "Host", any(o.Host)
	if o.Host == "" {
		field, value = "Port", any(o.Port)
	}
	return fault(name(field), value, "the same server as in "+name("URL")+", or nothing")
}

// secure builds the TLS configuration if TLS is asked for.
func (o Options) secure(t *target, name naming) error {
	var faults []error
	base, baseField := o.TLS, "TLS"
	if base == nil {
		base, baseField = o.Redis.TLSConfig, "Redis"
	}
	var asked []string
	for _, f := range []struct {
		field string
		set   bool
	}{
		{baseField, base != nil}, {"TLSCA", o.TLSCA != ""}, {"TLSCert", o.TLSCert != ""}, {"TLSKey", o.TLSKey != ""},
	} {
		if f.set {
			asked = append(asked, name(f.field))
		}
	}
	if !t.secure && len(asked) == 0 {
		return nil
	}
	if t.plain {
		return conflict(strings.Join(asked, ", "), "is for encrypted connections, but "+name("URL")+" names a plain one ("+t.kind.String()+"): rediss:// or ?tls=true asks for TLS")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		config = base.Clone()
	}
	if o.TLSCA != "" {
		pool, err := readAuthorities(o.TLSCA)
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: %s is %q, expected a PEM file with certificates: %w", ErrConfig, name("TLSCA"), o.TLSCA, err))
		}
		config.RootCAs = pool
	}
	switch {
	case (o.TLSCert == "") != (o.TLSKey == ""):
		faults = append(faults, conflict(name("TLSCert"), "and "+name("TLSKey")+" belong together, but one is empty"))
	case o.TLSCert != "":
		pair, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey)
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: %s is %q and %s is %q, expected PEM files with a certificate and its key: %w",
				ErrConfig, name("TLSCert"), o.TLSCert, name("TLSKey"), o.TLSKey, err))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	t.secure, t.tls = true, config
	return errors.Join(faults...)
}

func readAuthorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in it")
	}
	return pool, nil
}
