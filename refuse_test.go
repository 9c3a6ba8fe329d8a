package redbrick_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/redisproc"
	"github.com/redbrick-go/redbrick/redistest"
)

// connectTimeout is long enough for a machine that is slow: a server that answers later is away, and not refused. Half of it is
// waited for where silence has to be explained.
const (
	connectTimeout = 30 * time.Second
	silentTimeout  = 8 * time.Second
)

// refused opens a client that no server accepts and returns the error.
func refused(t *testing.T, o redbrick.Options) error {
	t.Helper()
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = connectTimeout
	}
	began := time.Now()
	rb, err := redbrick.Open(t.Context(), o)
	if took := time.Since(began); took > o.ConnectTimeout+shortly {
		t.Errorf("it took %v, expected at most %v", took, o.ConnectTimeout)
	}
	if err == nil {
		t.Errorf("no error, state %+v", rb.State())
		rb.Close()
		return errors.New("none")
	}
	return err
}

func TestServerThatRefusesIsOneClearError(t *testing.T) {
	t.Parallel()
	plain := redistest.Private(t, "requirepass right")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	redbrick.WriteCertificate(t, cert, key)
	tlsPort, err := redisproc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	redistest.Private(t, fmt.Sprint("tls-port ", tlsPort), "tls-cert-file "+cert, "tls-key-file "+key, "tls-ca-cert-file "+cert, "tls-auth-clients no")
	info := func(text string) func(string, int) string {
		return func(command string, _ int) string {
			if command == "INFO" {
				return bulk(text)
			}
			return ""
		}
	}
	oldRedis := newFakeServer(t, info("redis_version:6.2.14\r\n"))
	oldValkey := newFakeServer(t, info("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:7.0.9\r\n"))
	member := newFakeServer(t, info("redis_version:7.0.15\r\nredis_mode:cluster\r\n"))
	for name, tt := range map[string]struct {
		o    redbrick.Options
		want []string
	}{
		"wrong password":          {redbrick.Options{URL: "redis://:wrong@" + plain.Addr()}, []string{"WRONGPASS", plain.Addr()}},
		"no password":             {redbrick.Options{URL: "redis://" + plain.Addr()}, []string{"NOAUTH", plain.Addr()}},
		"unknown user":            {redbrick.Options{URL: "redis://ann:right@" + plain.Addr()}, []string{"WRONGPASS"}},
		"database out of range":   {redbrick.Options{URL: plain.URL() + "/99"}, []string{"DB index"}},
		"TLS to a plain port":     {redbrick.Options{URL: "rediss://:right@" + plain.Addr(), ConnectTimeout: silentTimeout}, []string{"does not speak TLS", "redis://"}},
		"plain to a TLS port":     {redbrick.Options{URL: fmt.Sprint("redis://127.0.0.1:", tlsPort)}, []string{"speaks TLS", "rediss://"}},
		"unknown authority":       {redbrick.Options{URL: fmt.Sprint("rediss://localhost:", tlsPort)}, []string{"certificate"}},
		"too old a Redis":         {redbrick.Options{URL: oldRedis.url()}, []string{"redis 6.2.14", "7.0 or later"}},
		"too old a Valkey":        {redbrick.Options{URL: oldValkey.url()}, []string{"valkey 7.0.9", "7.2 or later"}},
		"cluster as one server":   {redbrick.Options{URL: member.url()}, []string{"redis+cluster://", member.addr}},
		"one server as cluster":   {redbrick.Options{URL: "redis+cluster://:right@" + plain.Addr()}, []string{"not a Redis Cluster", "redis://"}},
		"one server, two names":   {redbrick.Options{URL: "redis+cluster://:right@" + plain.Addr() + "," + plain.Addr()}, []string{"not a Redis Cluster", "redis://"}},
		"cluster, wrong password": {redbrick.Options{URL: "redis+cluster://:wrong@" + plain.Addr()}, []string{"WRONGPASS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := refused(t, tt.o)
			if !errors.Is(err, redbrick.ErrConfig) || errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("got %v, want ErrConfig alone", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "right") || strings.Contains(err.Error(), ":wrong") {
				t.Errorf("error %q shows a password", err)
			}
		})
	}
}

// silent is an address that takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestServerThatIsAwayIsAnErrorOnlyIfRequired(t *testing.T) {
	t.Parallel()
	port, err := redisproc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	closed := fmt.Sprint("127.0.0.1:", port)
	many := silent(t) // asked one after the other: all have the one connection timeout
	for range 29 {
		many += "," + silent(t)
	}
	for name, url := range map[string]string{
		"nobody listens":             "redis://" + closed,
		"nobody answers":             "redis://" + silent(t),
		"nobody answers, TLS":        "rediss://" + silent(t),
		"cluster, nobody listens":    "redis+cluster://" + closed,
		"cluster, nobody answers":    "redis+cluster://" + silent(t) + "," + silent(t),
		"sentinel, nobody listens":   "redis+sentinel://" + closed + "/m",
		"sentinel, nobody answers":   "redis+sentinel://" + silent(t) + "/m",
		"thirty sentinels, silence":  "redis+sentinel://" + many + "/m",
		"no such name":               "redis://no-such-name.invalid",
		"a socket that is not there": "unix:///no/such/socket",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := redbrick.Options{URL: url, ConnectTimeout: 500 * time.Millisecond, RequireRedis: true}
			within(t, "a required server", func() {
				rb, err := redbrick.Open(t.Context(), o)
				if !errors.Is(err, redbrick.ErrUnavailable) || errors.Is(err, redbrick.ErrConfig) {
					t.Errorf("required: got %v, want ErrUnavailable", err)
				}
				if rb != nil {
					t.Error("a client is returned beside the error")
				}
			})
			o.RequireRedis = false
			o.HotTimeout, o.CommandTimeout = time.Minute, time.Minute // what waits is told from what is slow
			var rb *redbrick.Client
			var err error
			within(t, "Open", func() { rb, err = redbrick.Open(t.Context(), o) })
			if err != nil {
				t.Fatalf("not required: %v", err)
			}
			if s := rb.State(); s.State != redbrick.StateError && s.State != redbrick.StateReconnecting {
				t.Errorf("state %+v, want error or reconnecting", s)
			}
			for what, f := range map[string]func() error{
				"GET":    func() error { return get(t.Context(), rb.Hot(), "k") },
				"Ping":   func() error { return rb.Ping(t.Context()) },
				"Health": func() error { return rb.Health(t.Context()).Err },
				"Masters": func() error {
					_, err := rb.Masters(t.Context())
					return err
				},
				"pipeline": func() error { return rb.DoMulti(t.Context(), rb.B().Get().Key("k").Build())[0].Error() },
			} {
				began := time.Now()
				if err := f(); !errors.Is(err, redbrick.ErrUnavailable) {
					t.Errorf("%s: got %v, want ErrUnavailable", what, err)
				}
				if took := time.Since(began); took > shortly {
					t.Errorf("%s took %v, want at once", what, took)
				}
			}
			if h := rb.Health(t.Context()); h.Healthy {
				t.Errorf("health %+v", h)
			}
			within(t, "Close", func() { rb.Close() })
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	within(t, "Open", func() {
		rb, err := redbrick.Open(ctx, redbrick.Options{URL: "redis://" + silent(t), ConnectTimeout: time.Minute})
		if !errors.Is(err, context.DeadlineExceeded) || rb != nil {
			t.Errorf("got %v, %v; want the context's error", rb, err)
		}
	})
}

func TestClientComesUpByItselfWhenTheServerDoes(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
	proxy.Refuse()
	var mu sync.Mutex
	var states []redbrick.State
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis://" + proxy.Addr(), OnState: func(e redbrick.StateEvent) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, e.State)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	if rb.Redis() != nil || rb.Features() != (redbrick.Features{}) {
		t.Errorf("before the first connection: %v, %+v", rb.Redis(), rb.Features())
	}
	heard := make(chan string, 100)
	if err := rb.Track(t.Context(), "x:", func(key string) { heard <- key }, func() {}); err != nil {
		t.Fatal(err)
	}
	if rb.Generation().Load()&1 == 0 {
		t.Error("invalidations are said to arrive with no connection")
	}
	proxy.Heal()
	redistest.Eventually(t, time.Minute, func() error {
		if s := rb.State(); s.State != redbrick.StateReady {
			return fmt.Errorf("state %+v", s)
		}
		return put(t.Context(), &rb.Lane, "x:1", "v")
	})
	if f := rb.Features(); !f.Tracking || f.Server != "redis" || f.Version == "" {
		t.Errorf("features %+v", f)
	}
	redistest.Eventually(t, time.Minute, func() error {
		if rb.Generation().Load()&1 == 1 {
			return errors.New("no invalidations yet")
		}
		return nil
	})
	if err := put(t.Context(), &rb.Lane, "x:2", "v"); err != nil {
		t.Fatal(err)
	}
	for key := ""; key != "x:2"; {
		select {
		case key = <-heard:
		case <-time.After(time.Minute):
			t.Fatal("no invalidation after the client came up")
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(states) < 2 || states[0] != redbrick.StateError || states[len(states)-1] != redbrick.StateReady {
		t.Errorf("states %v, want error first and ready last", states)
	}
	for _, s := range states[1 : len(states)-1] {
		if s != redbrick.StateReconnecting {
			t.Errorf("states %v, want reconnecting between error and ready", states)
		}
	}
}
