package guard_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

func offend(t *testing.T, l *guard.IPList, a string) guard.Ban {
	t.Helper()
	b, err := l.Offend(t.Context(), netip.MustParseAddr(a), "test")
	ok(t, err)
	return b
}

func TestRepeatOffendersAreBannedForLongerAndTheirNeighboursWithThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newList(t, rb, guard.IPListOptions{})
		for i, want := range []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour, 16 * time.Hour, 64 * time.Hour, 256 * time.Hour, 720 * time.Hour, 720 * time.Hour} {
			b := offend(t, l, "10.0.0.1")
			if got := b.Entry.Until.Sub(b.Entry.At); got != want || b.Offences != i+1 || b.Offenders != 1 || b.Entry.Prefix != prefix(t, "10.0.0.1") || b.Entry.Reason != "test" {
				t.Errorf("offence %d: %+v for %v, want %v", i+1, b, got, want)
			}
		}
		ok(t, says(l, "-10.0.0.1", "+10.0.0.2"))
		offend(t, l, "10.0.0.2")
		offend(t, l, "10.0.0.3")
		ok(t, says(l, "-10.0.0.3", "+10.0.0.4"))
		if b := offend(t, l, "10.0.0.4"); b.Offenders != 4 || b.Entry.Prefix != prefix(t, "10.0.0.0/24") {
			t.Errorf("the fourth of a subnet: %+v", b)
		}
		ok(t, says(l, "-10.0.0.99", "+10.0.1.1"))
		// IPv6: a household is one offender, its neighbours in a /48 go with it.
		for i := range 4 {
			for host := range 2 {
				offend(t, l, fmt.Sprintf("2001:db8:7:%d::%d", i, host))
			}
			err := says(l, fmt.Sprintf("-2001:db8:7:%d::99", i), map[bool]string{true: "-2001:db8:7:ffff::1", false: "+2001:db8:7:ffff::1"}[i == 3])
			ok(t, err)
		}
		ok(t, says(l, "+2001:db8:8::1"))
	})
}

// An IPv4 address behind a translator is the one that was banned.
func TestATranslatedAddressIsTheOneThatItStandsFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newList(t, rb, guard.IPListOptions{})
		if b := offend(t, l, "64:ff9b::192.0.2.1"); b.Entry.Prefix != prefix(t, "192.0.2.1") {
			t.Errorf("banned %v", b.Entry.Prefix)
		}
		ok(t, says(l, "-192.0.2.1", "-64:ff9b::192.0.2.1", "-2002:c000:201::5", "+64:ff9b::192.0.2.2", "+2002:c000:202::5"))
		ok(t, l.Allow(t.Context(), prefix(t, "2002:c000:201::/48"), guard.Entry{}))
		ok(t, l.Deny(t.Context(), prefix(t, "2002::/16"), guard.Entry{}))
		ok(t, says(l, "+2002:c000:201::5", "-2002:c000:202::5", "-192.0.2.1", "+192.0.2.2"))
	})
}

// An allow entry that ended, one of so many that it is still to be dropped, keeps nobody from being banned.
func TestABanTakesThePlaceOfAnAllowThatEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l, err := guard.NewIPList(rb, "admin", guard.IPListOptions{})
		ok(t, err)
		for i := range 150 {
			ok(t, l.Allow(t.Context(), prefix(t, fmt.Sprint("10.0.0.", i)), guard.Entry{TTL: time.Hour}))
		}
		redistest.Advance(t, rb, 2*time.Hour)
		if b := offend(t, l, "10.0.0.149"); b.Entry == nil {
			t.Error("not banned")
		}
	}, redistest.Clock)
}

func TestABanTakesThePlaceOfNoAllowAndOfNoLongerBan(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := newList(t, rb, guard.IPListOptions{})
		ok(t, l.Allow(ctx, prefix(t, "10.0.0.0/24"), guard.Entry{}))
		if b := offend(t, l, "10.0.0.1"); b.Entry != nil || b.Offences != 1 {
			t.Errorf("%+v", b)
		}
		ok(t, says(l, "+10.0.0.1"))
		ok(t, l.Deny(ctx, prefix(t, "10.0.1.1"), guard.Entry{Reason: "for good"}))
		ok(t, l.Deny(ctx, prefix(t, "10.0.1.2"), guard.Entry{Reason: "for a year", TTL: 8760 * time.Hour}))
		for _, a := range []string{"10.0.1.1", "10.0.1.2"} {
			if b := offend(t, l, a); b.Entry == nil || !strings.HasPrefix(b.Entry.Reason, "for ") {
				t.Errorf("%s: %+v", a, b)
			}
		}
		// A node that does not know yet of the allow does not overwrite it either.
		late, err := guard.NewIPList(redistest.Another(t, rb), "admin", guard.IPListOptions{})
		ok(t, err)
		ok(t, l.Allow(ctx, prefix(t, "10.0.2.1"), guard.Entry{TTL: time.Minute})) // ends before the ban would
		if b := offend(t, late, "10.0.2.1"); b.Entry != nil {
			t.Errorf("%+v", b)
		}
		ok(t, says(l, "+10.0.2.1"))
	})
}

func TestOffencesAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newList(t, rb, guard.IPListOptions{Bans: guard.BanOptions{Memory: time.Hour, WideAfter: 2}})
		offend(t, l, "10.0.0.1")
		redistest.Advance(t, rb, time.Hour+time.Second)
		if b := offend(t, l, "10.0.0.2"); b.Offences != 1 || b.Offenders != 1 {
			t.Errorf("%+v", b)
		}
		if b := offend(t, l, "10.0.0.1"); b.Offences != 1 || b.Offenders != 2 || b.Entry.Prefix.Bits() != 24 {
			t.Errorf("%+v", b)
		}
	}, redistest.Clock)
}

// Sets that a Node service keeps are read as they are, its spelling of addresses too, and can be taken over.
func TestPlainSetsOfOtherProgramsCount(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		sadd := func(key string, members ...string) {
			t.Helper()
			ok(t, rb.Do(ctx, rb.B().Sadd().Key(rb.Namespace()+key).Member(members...).Build()).Error())
		}
		sadd("blacklist:ips", "10.0.0.1", "::ffff:10.0.0.2", "10.1.0.0/16", "not an address", "")
		sadd("whitelist:ips", "10.1.2.3", "10.0.0.1")
		o := guard.IPListOptions{Refresh: 100 * time.Millisecond, Sets: []guard.PlainSet{
			{Key: "blacklist:ips"}, {Key: rb.Namespace() + "whitelist:ips", Bare: true, Kind: guard.Allow},
		}}
		l := newList(t, rb, o)
		ok(t, says(l, "-10.0.0.1", "-10.0.0.2", "-10.1.9.9", "+10.1.2.3", "+10.2.0.1"))
		if v := l.Check(netip.MustParseAddr("10.0.0.2")); v.By.Set != "blacklist:ips" || len(l.Entries()) != 4 {
			t.Errorf("%+v", v.By)
		}
		ok(t, l.Allow(ctx, prefix(t, "10.0.0.1"), guard.Entry{})) // the list itself decides between equals
		ok(t, says(l, "+10.0.0.1"))
		for _, a := range []string{"10.2.0.3", "10.2.0.2", "10.2.0.1"} { // more often than a list is read for other reasons
			sadd("blacklist:ips", a)
			soon(t, l, "-"+a)
		}
		n, err := l.Import(ctx, guard.PlainSet{Key: "blacklist:ips"}, guard.Entry{By: "move"})
		if n != 5 || err != nil {
			t.Errorf("%d taken over, %v", n, err)
		}
		if n, err = l.Import(ctx, guard.PlainSet{Key: "blacklist:ips"}, guard.Entry{By: "move"}); n != 0 || err != nil {
			t.Errorf("%d taken over again, %v", n, err)
		}
		ok(t, rb.Do(ctx, rb.B().Del().Key(rb.Namespace()+"blacklist:ips").Build()).Error())
		alone := newList(t, redistest.Another(t, rb), guard.IPListOptions{})
		ok(t, says(alone, "-10.0.0.2", "-10.1.9.9", "-10.2.0.1", "+10.0.0.1"))
	})
}

// Requests of denied addresses get no further. Whoever is no trusted proxy changes nothing by its headers.
func TestTheMiddlewareBelievesTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := newList(t, rb, guard.IPListOptions{TrustedProxies: []string{"192.0.2.0/24"}})
	ok(t, l.Deny(t.Context(), prefix(t, "10.0.0.1"), guard.Entry{}))
	own := newList(t, rb, guard.IPListOptions{OnDenied: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })})
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") })
	for _, c := range []struct {
		peer, forwarded string
		status          int
	}{
		{"10.0.0.1:1", "", http.StatusForbidden},
		{"10.0.0.1:1", "203.0.113.1", http.StatusForbidden},
		{"[::ffff:10.0.0.1]:1", "", http.StatusForbidden},
		{"203.0.113.1:1", "10.0.0.1", http.StatusOK}, // framed
		{"192.0.2.1:1", "10.0.0.1", http.StatusForbidden},
		{"192.0.2.1:1", "203.0.113.1, 10.0.0.1", http.StatusForbidden},
		{"192.0.2.1:1", "10.0.0.1, 203.0.113.1", http.StatusOK},
		{"@", "", http.StatusOK},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		w := httptest.NewRecorder()
		l.Middleware(next).ServeHTTP(w, r)
		if w.Code != c.status || (w.Body.String() == "in") != (c.status == http.StatusOK) {
			t.Errorf("%+v: %d %q", c, w.Code, w.Body)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	w := httptest.NewRecorder()
	own.Middleware(next).ServeHTTP(w, r)
	if w.Code != http.StatusTeapot {
		t.Errorf("answer of one's own: %d", w.Code)
	}
}
