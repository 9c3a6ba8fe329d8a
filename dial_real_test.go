package redbrick

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/redisproc"
	"github.com/redbrick-go/redbrick/internal/testreport"
)

func skipWithoutServer(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, redisproc.ErrNotFound) {
		testreport.Missing(t, "redis", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// dialRoles connects once per role, writes and reads, and checks the database by CLIENT INFO.
func dialRoles(t *testing.T, o Options, db int) {
	t.Helper()
	for _, r := range []role{roleData, roleBlocking, roleTracked} {
		c := dialOption(t, o, r)
		if r == roleTracked {
			c.ClientTrackingOptions = []string{"BCAST", "PREFIX", "dial:"}
		}
		client, err := rueidis.NewClient(c)
		if err != nil {
			t.Errorf("role %d: %v", r, err)
			continue
		}
		info, err := client.Do(t.Context(), client.B().ClientInfo().Build()).ToString()
		for _, want := range []string{"name=redbrick ", "user=ann ", fmt.Sprintf("db=%d ", db)} {
			if err != nil || !strings.Contains(info, want) {
				t.Errorf("role %d: CLIENT INFO is %q, %v; want %q in it", r, info, err, want)
			}
		}
		client.Close()
	}
}

func TestDialRealServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, cert, key)
	tlsPort, err := redisproc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s, err := redisproc.Start(t.Context(), redisproc.Options{Conf: []string{
		"unixsocket redis.sock",
		"user ann on >pw ~* &* +@all",
		"tls-port " + strconv.Itoa(tlsPort),
		"tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + cert, "tls-auth-clients yes",
	}})
	skipWithoutServer(t, err)
	t.Cleanup(func() { s.Stop() })
	socket := filepath.Join(s.Dir(), "redis.sock")

	for name, tt := range map[string]struct {
		o  Options
		db int
	}{
		"url":     {Options{URL: "redis://ann:pw@" + s.Addr() + "/3"}, 3},
		"filled":  {Options{URL: "redis://" + s.Addr(), Username: "ann", Password: "pw", DB: 4}, 4},
		"socket":  {Options{URL: "unix://ann:pw@" + socket + "?db=5"}, 5},
		"tls":     {Options{URL: fmt.Sprintf("rediss://ann:pw@localhost:%d/6", tlsPort), TLSCA: cert, TLSCert: cert, TLSKey: key}, 6},
		"by host": {Options{Host: "127.0.0.1", Port: tlsPort, TLSCA: cert, TLSCert: cert, TLSKey: key, Username: "ann", Password: "pw"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialRoles(t, tt.o, tt.db)
		})
	}
}

func TestDialSentinel(t *testing.T) {
	t.Parallel()
	s, err := redisproc.StartSentinel(t.Context(), 1, "user ann on >pw ~* &* +@all")
	skipWithoutServer(t, err)
	t.Cleanup(func() { s.Stop() })
	dialRoles(t, Options{URL: s.URL() + "?db=2", Username: "ann", Password: "pw"}, 2)
}
