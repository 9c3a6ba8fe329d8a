package redbrick

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine"
)

func TestOptionsDefaults(t *testing.T) {
	t.Parallel()
	want := Options{
		MaxRetries: 3, RetryDelay: time.Second, ConnectTimeout: 5 * time.Second, CommandTimeout: 5 * time.Second,
		HotTimeout: 250 * time.Millisecond, Connections: 1,
		Cache: CacheOptions{TTL: time.Hour},
	}
	got, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, compareOptions...); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	if got.Logger == nil {
		t.Fatal("no logger")
	}
	again, err := got.withDefaults()
	if diff := cmp.Diff(got, again, compareOptions...); err != nil || diff != "" {
		t.Fatalf("defaults of defaults: %v (-want +got)\n%s", err, diff)
	}
	none, err := Options{MaxRetries: -1}.withDefaults()
	if err != nil || none.MaxRetries != -1 {
		t.Fatalf("explicit none: %d, %v", none.MaxRetries, err)
	}
}

type fakeClient struct{ rueidis.Client }

func TestOptionsRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o    Options
		says string
	}{
		{Options{MaxRetries: -2}, `Options.MaxRetries is "-2", expected a count, or -1`},
		{Options{RetryDelay: -1}, `Options.RetryDelay is "-1ns", expected at least 1ms`},
		{Options{ConnectTimeout: time.Microsecond}, `Options.ConnectTimeout is "1µs"`},
		{Options{CommandTimeout: -time.Second}, `Options.CommandTimeout is "-1s"`},
		{Options{HotTimeout: -time.Second}, `Options.HotTimeout is "-1s"`},
		{Options{Connections: 3}, `Options.Connections is "3", expected a power of two from 1 to 256`},
		{Options{Connections: 512}, `Options.Connections is "512"`},
		{Options{Connections: -2}, `Options.Connections is "-2"`},
		{Options{Namespace: "a[b]"}, `Options.Namespace is "a[b]"`},
		{Options{Cache: CacheOptions{Prefix: "a b"}}, `Options.Cache.Prefix is "a b"`},
		{Options{Cache: CacheOptions{TTL: -1}}, `Options.Cache.TTL is "-1ns"`},
		{Options{Cache: CacheOptions{MaxEntries: -1}}, `Options.Cache.MaxEntries is "-1"`},
		{Options{Port: -1, Host: "h"}, `Options.Port is "-1"`},
		{Options{Host: "h:6379"}, `Options.Host is "h:6379", expected a host name or address without scheme and port`},
		{Options{Host: "[::1]"}, `Options.Host is "[::1]"`},
		{Options{URL: "redis+cluster://a,b", Host: "a"}, `Options.Host is "a", expected the same server`},
		{Options{URL: "redis://ann@h", Username: "bob"}, "Options.Username differs"},
		{Options{URL: "redis://h", DB: -1}, `Options.DB is "-1"`},
		{Options{URL: "redis+cluster://h", DB: 1}, `Options.DB is "1", expected 0: Redis Cluster`},
		{Options{Password: "hush"}, "neither Options.URL nor Options.Host names a server to log in to, nor asks for one with listen="},
		{Options{URL: "embedded:?listen=127.0.0.1:1", Username: "ann", Password: "hush"}, `Options.Username is "ann", expected none or default`},
		{Options{URL: "embedded:?listen=0.0.0.0:1"}, `Options.URL is "listen=0.0.0.0:1", expected an address of this machine alone`},
		{Options{URL: "embedded:?listen=:1"}, "or a password in Options.Password"},
		{Options{URL: "embedded:///d", Redis: rueidis.ClientOption{DialCtxFn: dialNowhere}}, "Options.Redis has a DialCtxFn"},
		{Options{URL: "unix:///s", TLS: &tls.Config{}}, "Options.TLS is for encrypted connections"},
		{Options{TLS: &tls.Config{}}, "Options.TLS is for encrypted connections"},
		{Options{URL: "redis+cluster://h?tls=false", TLS: &tls.Config{}}, "Options.TLS is for encrypted connections"},
		{Options{URL: "redis://h", Redis: rueidis.ClientOption{InitAddress: []string{"a:1"}}}, "Options.Redis has an InitAddress"},
		{Options{URL: "redis://h/1", Redis: rueidis.ClientOption{SelectDB: 2}}, `Options.Redis is "2", expected 1`},
		{Options{Redis: rueidis.ClientOption{ReplicaOnly: true}}, "Options.Redis must leave ReplicaOnly"},
		{Options{Redis: rueidis.ClientOption{ClientTrackingOptions: []string{"OPTIN"}}}, "Options.Redis must leave OnInvalidations"},
		{Options{Client: fakeClient{}, URL: "redis://h"}, "Options.URL is set beside Options.Client"},
		{Options{Client: fakeClient{}, Password: "hush", DB: 1}, "Options.DB is set beside Options.Client"},
		{Options{Client: fakeClient{}, TLS: &tls.Config{}}, "Options.TLS is set beside Options.Client"},
		{Options{Client: fakeClient{}, Redis: rueidis.ClientOption{SelectDB: 1}}, "Options.Redis is set beside Options.Client"},
	} {
		_, err := tt.o.withDefaults()
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("got %v, want ErrConfig that says %q", err, tt.says)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("a password in %v", err)
		}
	}
}

func TestOptionsTellAllFaults(t *testing.T) {
	t.Parallel()
	_, err := Options{URL: "redis://h:x", Namespace: "*", Connections: 5, HotTimeout: -1}.withDefaults()
	if err == nil || strings.Count(err.Error(), ErrConfig.Error()) != 4 {
		t.Fatalf("want four faults, got\n%v", err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Options
		want target
	}{
		{"nothing", Options{}, target{kind: kindEmbedded, plain: true}},
		{"embedded with a database", Options{DB: 2}, target{kind: kindEmbedded, plain: true, db: 2, hasDB: true}},
		{"embedded for others too", Options{URL: "embedded:?listen=0.0.0.0:6379", Password: "pw"},
			target{kind: kindEmbedded, plain: true, password: "pw", engine: engine.Options{Listen: "0.0.0.0:6379", Password: "pw"}}},
		{"host", Options{Host: "h"}, target{kind: kindSingle, addresses: []string{"h:6379"}}},
		{"IPv6 host", Options{Host: "::1", Port: 7000}, target{kind: kindSingle, addresses: []string{"[::1]:7000"}}},
		{"the same host twice", Options{URL: "redis://h", Host: "H", Port: 6379}, target{kind: kindSingle, plain: true, addresses: []string{"h:6379"}}},
		{"filled", Options{URL: "redis://ann@h", Username: "ann", Password: "pw", DB: 3},
			target{kind: kindSingle, plain: true, addresses: []string{"h:6379"}, username: "ann", password: "pw", db: 3, hasDB: true}},
		{"said twice alike", Options{URL: "redis://ann:pw@h/3", Username: "ann", Password: "pw", DB: 3},
			target{kind: kindSingle, plain: true, addresses: []string{"h:6379"}, username: "ann", password: "pw", db: 3, hasDB: true}},
		{"template", Options{Redis: rueidis.ClientOption{InitAddress: []string{"a:1"}, Username: "u", Password: "p", SelectDB: 1}},
			target{kind: kindSingle, addresses: []string{"a:1"}, username: "u", password: "p", db: 1, hasDB: true}},
		{"template of a cluster", Options{Redis: rueidis.ClientOption{InitAddress: []string{"a:1", "b:1"}}},
			target{kind: kindCluster, addresses: []string{"a:1", "b:1"}}},
		{"template of a sentinel", Options{Redis: rueidis.ClientOption{InitAddress: []string{"a:1"}, Sentinel: rueidis.SentinelOption{MasterSet: "m"}}},
			target{kind: kindSentinel, addresses: []string{"a:1"}, master: "m"}},
		{"ready-made client", Options{Client: fakeClient{}}, target{kind: kindClient}},
	} {
		got, err := tt.o.resolve()
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(target{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", tt.name, err, diff)
		}
	}
}

func TestTargetNamesTheServer(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                           "the embedded engine",
		"redis+cluster://u:hush@a,b": "a:6379, b:6379",
	} {
		got, err := Options{URL: raw}.resolve()
		if err != nil || got.String() != want {
			t.Errorf("%q is named %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestCachePrefix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ namespace, prefix, want string }{
		{"", "", ""},
		{"shop:", "", "shop:"},
		{"", "cache:", "cache:"},
		{"shop:", "cache:", "shop:cache:"},
		{"shop:", "shop:", "shop:"},
	} {
		if got := (Options{Namespace: tt.namespace, Cache: CacheOptions{Prefix: tt.prefix}}).cachePrefix(); got != tt.want {
			t.Errorf("namespace %q and prefix %q give %q, want %q", tt.namespace, tt.prefix, got, tt.want)
		}
	}
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)

	got, err := Options{URL: "rediss://h", TLSCA: cert, TLSCert: cert, TLSKey: key}.resolve()
	if err != nil {
		t.Fatal(err)
	}
	if got.tls.RootCAs == nil || len(got.tls.Certificates) != 1 || got.tls.MinVersion != tls.VersionTLS12 {
		t.Fatalf("TLS configuration %+v lacks authorities, certificate or the least version", got.tls)
	}
	for _, o := range []Options{
		{Host: "h", TLSCA: cert},
		{URL: "redis+cluster://h", TLSCA: cert},
		{URL: "redis+sentinel://h/m?tls=true"},
		{URL: "redis+sentinel://h/m", TLS: &tls.Config{ServerName: "own"}},
		{Redis: rueidis.ClientOption{InitAddress: []string{"h:1"}, TLSConfig: &tls.Config{}}},
	} {
		if got, err := o.resolve(); err != nil || got.tls == nil {
			t.Errorf("%+v: TLS %v, %v", o.URL, got.tls, err)
		}
	}
	own := &tls.Config{ServerName: "own"}
	got, err = Options{URL: "rediss://h", TLS: own, TLSCA: cert}.resolve()
	if err != nil || got.tls.ServerName != "own" || own.RootCAs != nil {
		t.Fatalf("own configuration: %+v, %v; it must be copied, not changed", got.tls, err)
	}
	if _, err := (Options{URL: "rediss://h", TLSCA: key}).resolve(); err == nil || !strings.Contains(err.Error(), "no certificate in it") {
		t.Fatalf("a key in place of an authority: %v", err)
	}
	if _, err := (Options{URL: "rediss://h", TLSCert: cert, TLSKey: cert}).resolve(); !errors.Is(err, ErrConfig) {
		t.Fatalf("a certificate in place of its key: %v", err)
	}
}

func writeCertificate(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		name, kind string
		bytes      []byte
	}{{certFile, "CERTIFICATE", cert}, {keyFile, "PRIVATE KEY", der}} {
		if err := os.WriteFile(f.name, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
