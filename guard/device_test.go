package guard_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

// An attacker that fails from everywhere, the owner's own prefix too, keeps no known device out.
func TestAnAttackerCannotLockAKnownDeviceOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{secret}})
		home := attempt("anna", 1)
		home.Device = reserve(t, g, home).Success(t.Context()).Device
		for i := range 8 {
			if r, err := g.Reserve(t.Context(), attempt("anna", i)); err == nil {
				r.Failure(t.Context())
			}
			if r, err := g.Reserve(t.Context(), attempt("bob", 1)); err == nil {
				r.Failure(t.Context())
			}
		}
		refused(t, g, attempt("anna", 1))
		refused(t, g, attempt("anna", 99))
		r := reserve(t, g, home)
		if !r.KnownDevice() {
			t.Error("the device is not known")
		}
		r.Failure(t.Context())
		out := reserve(t, g, home).Success(t.Context())
		if len(out.Notices) != 2 || out.Notices[0].Kind != guard.NoticeAfterFailures || out.Notices[1].Kind != guard.NoticeUnderAttack || out.Notices[1].Failures < 5 {
			t.Errorf("notices %+v", out.Notices)
		}
		if id := g.ReadDevice("anna", out.Device, time.Now()); id == "" || id != g.ReadDevice("anna", home.Device, time.Now()) {
			t.Error("the device became another")
		}
	})
}

// A stolen device token is worth the allowed number of attempts, at once or one by one.
func TestAKnownDeviceIsLimitedItself(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{secret}})
		stolen := attempt("anna", 1)
		stolen.Device = g.IssueDevice("anna", "", time.Now())
		other := stolen
		other.Device = g.IssueDevice("anna", "", time.Now())
		var mu sync.Mutex
		passed := 0
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				a := stolen
				a.Addr = addr(i)
				if r, err := g.Reserve(t.Context(), a); err == nil {
					r.Failure(t.Context())
					mu.Lock()
					passed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if got := refused(t, g, stolen); passed != 5 || got.Policy != "device" {
			t.Errorf("%d attempts passed; then %+v", passed, got)
		}
		// The owner is not concerned, on another device or on none.
		reserve(t, g, other).Cancel(t.Context())
		reserve(t, g, attempt("anna", 1)).Cancel(t.Context())
	})
}

func TestOnlyTokensThatWereIssuedToTheAccountMakeADeviceKnown(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	now := time.Now()
	old := []byte(strings.Repeat("o", 32))
	g := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{secret, old}})
	elsewhere := newLogin(t, rb, guard.LoginOptions{Name: "admin", Secrets: [][]byte{secret}})
	before := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{old}})
	foreign := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{[]byte(strings.Repeat("f", 32))}})
	none := newLogin(t, rb, guard.LoginOptions{})
	good := g.IssueDevice("anna", "", now)
	for what, c := range map[string]struct {
		g     *guard.Login
		who   string
		token string
		at    time.Time
		known bool
	}{
		"good":                  {g, "Anna ", good, now, true},
		"old secret":            {g, "anna", before.IssueDevice("anna", "", now), now, true},
		"new secret":            {before, "anna", good, now, false},
		"another account":       {g, "bob", good, now, false},
		"another guard":         {elsewhere, "anna", good, now, false},
		"foreign secret":        {g, "anna", foreign.IssueDevice("anna", "", now), now, false},
		"just before its end":   {g, "anna", good, now.Add(180*24*time.Hour - time.Minute), true},
		"after its end":         {g, "anna", good, now.Add(180*24*time.Hour + time.Minute), false},
		"from the future":       {g, "anna", g.IssueDevice("anna", "", now.Add(time.Hour)), now, false},
		"nothing":               {g, "anna", "", now, false},
		"garbage":               {g, "anna", "!" + good[1:], now, false},
		"padded":                {g, "anna", good + "=", now, false},
		"no secrets":            {none, "anna", good, now, false},
		"none issued":           {none, "anna", none.IssueDevice("anna", "", now), now, false},
		"id that is not an id":  {g, "anna", g.IssueDevice("anna", "zz", now), now, true},
		"another byte at front": {g, "anna", "B" + good[1:], now, false},
	} {
		if id := c.g.ReadDevice(c.who, c.token, c.at); (id != "") != c.known {
			t.Errorf("%s: device %q, want known %v", what, id, c.known)
		}
	}
}

// FuzzDevice holds that no token is good but those that were issued.
func FuzzDevice(f *testing.F) {
	rb, err := redbrick.Open(context.Background(), redbrick.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { rb.Close() })
	g, err := guard.NewLogin(rb, guard.LoginOptions{Secrets: [][]byte{secret}})
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	good := g.IssueDevice("anna", strings.Repeat("07", 16), now)
	f.Add(good, "anna")
	f.Add(good[:len(good)-1], "anna")
	f.Add(good+"A", "anna")
	f.Add("", "")
	f.Add(strings.Repeat("A", len(good)), "bob")
	f.Add(good, "Anna")
	f.Fuzz(func(t *testing.T, token, account string) {
		if id := g.ReadDevice(account, token, now); id != "" && (token != good || guard.Normalize(account) != "anna") {
			t.Fatalf("%q is a device of %q: %s", token, account, id)
		}
	})
}

// FuzzNormalize holds that normalising twice changes nothing, and neither does case.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"Anna", " a\u200bb ", "ǅ", "İ", "ß", "\xff", "ＡＢＣ", "Σς"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := guard.Normalize(s)
		if again := guard.Normalize(n); again != n {
			t.Fatalf("%q: %q, then %q", s, n, again)
		}
	})
}

func TestWhatIsUnusualAboutALoginIsToldAndEventsAreHeard(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var mu sync.Mutex
		var heard []guard.Event
		g := newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{secret}, OnEvent: func(_ context.Context, e guard.Event) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, e)
		}})
		a := attempt("Anna", 1)
		fail(t, g, a, 2)
		out := reserve(t, g, a).Success(t.Context())
		if len(out.Notices) != 1 || out.Notices[0] != (guard.Notice{Kind: guard.NoticeNewDevice, Failures: 2}) {
			t.Errorf("notices %+v", out.Notices)
		}
		a.Device = out.Device
		fail(t, g, attempt("anna", 2), 3)
		out = reserve(t, g, a).Success(t.Context())
		if len(out.Notices) != 1 || out.Notices[0] != (guard.Notice{Kind: guard.NoticeAfterFailures, Failures: 3}) {
			t.Errorf("notices %+v", out.Notices)
		}
		if out = reserve(t, g, a).Success(t.Context()); len(out.Notices) != 0 {
			t.Errorf("notices %+v", out.Notices)
		}
		fail(t, g, attempt("bob", 3), 5)
		refused(t, g, attempt("bob", 3))
		var kinds []string
		for _, e := range heard {
			kinds = append(kinds, string(e.Kind))
		}
		if got, want := strings.Join(kinds, " "), "failure failure success failure failure failure success success failure failure failure failure failure throttled"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		if e := heard[2]; e.Account != guard.Normalize("anna") || e.Prefix != "10.0.0.1" || e.Addr() != addr(1) || e.KnownDevice || len(e.Notices) != 1 {
			t.Errorf("event %+v", e)
		}
		if e := heard[len(heard)-1]; e.Throttled == nil || !errors.Is(e.Throttled, guard.ErrThrottled) {
			t.Errorf("event %+v", e)
		}
	})
}
