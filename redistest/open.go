package redistest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/internal/patience"
	"github.com/redis/rueidis"
)

// Test clients wait longer than those of a service: a loaded machine is no
// failure. A test of a deadline sets its own.
const (
	patientCommand = 20 * time.Second
	patientHot     = 10 * time.Second
	cleanLimit     = 60 * time.Second
)

// patient fills the timeouts that a test left open.
func patient(o redbrick.Options) redbrick.Options {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.ConnectTimeout, patientCommand}, {&o.CommandTimeout, patientCommand}, {&o.HotTimeout, patientHot},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	o.RequireRedis = true
	return o
}

// Patient returns a context by which a program that is tested opens clients that bear with a loaded machine: the deadline of
// their hot path, where redbrick.Options leaves it open, is ten seconds, and so is the silence after which a link that
// brings invalidations counts as dead. Clients that this package opens have both.
func Patient(ctx context.Context) context.Context { return patience.With(ctx, patientHot) }

// site is where a test's clients work: a backend, a namespace, and the engine if it is embedded.
type site struct {
	backend   Backend
	namespace string
	engine    *engine.Engine
	user      string // of WithACL
	password  string
}

// sites knows the site of each client that this package opened.
var sites sync.Map // *redbrick.Client to *site

// Open opens a client on the named backend ("redis", "cluster"...) with a random
// namespace. It is closed at the end of the test, and its keys are removed. Timeouts left open are
// generous. The test is skipped if there is no such backend.
func Open(t testing.TB, backend string, edits ...func(*redbrick.Options)) *redbrick.Client {
	t.Helper()
	return open(t, need(t, backend), options{edits: edits})
}

// OpenURL opens a client on a server of the test's own, by the URL of a [Server],
// of a [ClusterServer], or with the address of a [Proxy] before one: "redis://" + proxy.Addr().
// It has a random namespace and is closed at the end of the test.
func OpenURL(t testing.TB, url string, edits ...func(*redbrick.Options)) *redbrick.Client {
	t.Helper()
	b := Backend{Name: namePrivate, URL: url, caps: []Cap{SubSecondTTL, BigKeyspace, Config, Processes}}
	return dial(t, &site{backend: b, namespace: newNamespace()}, edits)
}

// Another opens a second client at the place of the first: same backend, same
// namespace, same user. It stands for another process of the same service.
func Another(t testing.TB, rb *redbrick.Client, edits ...func(*redbrick.Options)) *redbrick.Client {
	t.Helper()
	return dial(t, siteOf(t, rb), edits)
}

// BackendOf returns the backend of a client that this package opened.
func BackendOf(t testing.TB, rb *redbrick.Client) Backend {
	t.Helper()
	return siteOf(t, rb).backend
}

// Advance puts the clock of the client's backend forward, so that keys expire.
// The backend needs the ability [Clock]; the test fails without.
func Advance(t testing.TB, rb *redbrick.Client, d time.Duration) {
	t.Helper()
	s := siteOf(t, rb)
	if s.engine == nil {
		t.Fatalf("redistest: the clock of %s cannot be set: name the Cap Clock", s.backend.Name)
	}
	s.engine.Advance(d)
}

func siteOf(t testing.TB, rb *redbrick.Client) *site {
	t.Helper()
	s, ok := sites.Load(rb)
	if !ok {
		t.Fatal("redistest: the client was not opened by this package, or its test is over")
	}
	return s.(*site)
}

func open(t testing.TB, b Backend, o options) *redbrick.Client {
	t.Helper()
	s := &site{backend: b, namespace: newNamespace()}
	if b.URL == "" {
		e, err := engine.Open(engine.Options{NoTracking: b.Name == nameUntracked})
		if err != nil {
			t.Fatal(err)
		}
		s.engine = e
		t.Cleanup(func() { e.Close() })
	} else {
		t.Cleanup(func() {
			if err := clean(s); err != nil {
				t.Errorf("redistest: remove the keys of %s: %v", s.namespace, err)
			}
		})
		if o.acl {
			addUser(t, s, o.rules)
		}
	}
	return dial(t, s, o.edits)
}

// dial opens a client at a site for the length of the test.
func dial(t testing.TB, s *site, edits []func(*redbrick.Options)) *redbrick.Client {
	t.Helper()
	o := redbrick.Options{URL: s.url(), Namespace: s.namespace}
	if s.engine != nil {
		// An engine of our own, so that its clock can be set and a second client can join.
		o.URL, o.Redis.DialCtxFn = "embedded:", s.engine.Dial
	}
	for _, edit := range edits {
		edit(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if o.HotTimeout == 0 || o.HotTimeout > patientHot {
		ctx = patience.With(ctx, max(o.HotTimeout, patientHot))
	}
	rb, err := redbrick.Open(ctx, patient(o))
	if err != nil {
		t.Fatalf("redistest: open %s: %v", s.backend.Name, err)
	}
	sites.Store(rb, s)
	t.Cleanup(func() {
		sites.Delete(rb)
		if err := rb.Close(); err != nil {
			t.Errorf("redistest: close: %v", err)
		}
	})
	return rb
}

func newNamespace() string { return "t-" + random(6) + ":" }

// clean removes the keys of a namespace from every master.
func clean(s *site) error {
	admin, err := shared.admin(s.backend.URL)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanLimit)
	defer cancel()
	masters, err := admin.Masters(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match(s.namespace+"*").Count(1000).Build()).AsScanEntry()
			if err != nil {
				errs = append(errs, err)
				break
			}
			unlink := make(rueidis.Commands, len(page.Elements))
			for i, key := range page.Elements {
				unlink[i] = admin.B().Unlink().Key(key).Build()
			}
			for _, r := range admin.DoMulti(ctx, unlink...) {
				errs = append(errs, r.Error())
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// random returns n random bytes as hex.
func random(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(fmt.Sprintf("redistest: no randomness: %v", err))
	}
	return hex.EncodeToString(b)
}
