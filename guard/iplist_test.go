package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

// newList is a list that learns by push alone.
func newList(t *testing.T, rb *redbrick.Client, o guard.IPListOptions) *guard.IPList {
	t.Helper()
	if o.Refresh == 0 {
		o.Refresh = time.Hour
	}
	l, err := guard.NewIPList(rb, "admin", o)
	ok(t, err)
	ok(t, l.Start(t.Context()))
	ok(t, l.Start(t.Context())) // twice
	t.Cleanup(func() { ok(t, l.Stop(context.Background())); ok(t, l.Stop(context.Background())) })
	return l
}

func prefix(t *testing.T, s string) netip.Prefix {
	t.Helper()
	p, err := guard.ParsePrefix(s)
	ok(t, err)
	return p
}

// says checks verdicts: "+" before an address for let in, "-" for kept out.
func says(l *guard.IPList, addrs ...string) error {
	for _, a := range addrs {
		if denied := l.Check(netip.MustParseAddr(a[1:])).Denied; denied != (a[0] == '-') {
			return fmt.Errorf("%s: denied %v", a, denied)
		}
	}
	return nil
}

// soon waits until the list says so.
func soon(t *testing.T, l *guard.IPList, addrs ...string) {
	t.Helper()
	redistest.Eventually(t, patience, func() error { return says(l, addrs...) })
}

func TestTheLongestPrefixDecidesHereAtOnceAndElsewhereByPush(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		here, there := newList(t, rb, guard.IPListOptions{}), newList(t, redistest.Another(t, rb), guard.IPListOptions{})
		e := guard.Entry{Reason: `a "quoted" reason`, By: "anna"}
		ok(t, here.Deny(ctx, prefix(t, "10.0.0.0/8"), e))
		ok(t, here.Allow(ctx, prefix(t, "10.1.0.0/16"), e))
		ok(t, here.Deny(ctx, prefix(t, "10.1.2.3"), e))
		ok(t, here.Deny(ctx, prefix(t, "2001:db8::/32"), e))
		want := []string{"-10.9.9.9", "+10.1.9.9", "-10.1.2.3", "+11.0.0.1", "-::ffff:10.9.9.9", "-2001:db8::1", "+2001:db9::1"}
		ok(t, says(here, want...))
		soon(t, there, want...)
		if v := there.Check(netip.MustParseAddr("10.9.9.9")); v.By == nil || v.By.Reason != e.Reason || v.By.By != "anna" || v.By.Kind != guard.Deny ||
			v.By.Prefix != prefix(t, "10.0.0.0/8") || !v.By.Until.IsZero() || time.Since(v.By.At) > time.Hour || !v.Loaded {
			t.Errorf("%+v", v)
		}
		ok(t, there.Allow(ctx, prefix(t, "10.0.0.0/8"), e)) // in place of the other kind
		ok(t, says(there, "+10.9.9.9"))
		soon(t, here, "+10.9.9.9", "-10.1.2.3")
		for _, want := range []bool{true, false} {
			if removed, err := here.Remove(ctx, prefix(t, "10.1.2.3"), "anna"); removed != want || err != nil {
				t.Errorf("removed %v, %v", removed, err)
			}
		}
		ok(t, says(here, "+10.1.2.3"))
		soon(t, there, "+10.1.2.3")
		if a, b := here.Entries(), there.Entries(); len(a) != 3 || !reflect.DeepEqual(a, b) {
			t.Errorf("%+v and %+v", a, b)
		}
		if v := here.Check(netip.Addr{}); v.Denied || v.By != nil {
			t.Errorf("no address: %+v", v)
		}
	})
}

func TestEntriesEndEach(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := newList(t, rb, guard.IPListOptions{})
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.0/8"), guard.Entry{TTL: time.Hour}))
		ok(t, l.Allow(ctx, prefix(t, "10.0.0.1"), guard.Entry{TTL: 100 * time.Millisecond}))
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.2"), guard.Entry{}))
		soon(t, l, "-10.0.0.1", "-10.0.0.2") // the exception has ended, the rule stands
		if n := len(l.Entries()); n != 2 {
			t.Errorf("%d entries", n)
		}
		// What ended is gone from Redis with the next change.
		redistest.Eventually(t, patience, func() error {
			ok(t, l.Deny(ctx, prefix(t, "10.0.0.3"), guard.Entry{}))
			n, err := rb.Do(ctx, rb.B().Hlen().Key(rb.Namespace()+"iplist:{admin}").Build()).AsInt64()
			if err == nil && n != 3 {
				err = fmt.Errorf("%d entries in Redis", n)
			}
			return err
		})
		// An entry that is put anew without an end has none.
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.0/8"), guard.Entry{}))
		if v := l.Check(netip.MustParseAddr("10.9.9.9")); v.By == nil || !v.By.Until.IsZero() {
			t.Errorf("%+v", v.By)
		}
	})
}

// A node that only ever hears of changes forgets what ended all the same.
func TestANodeKeepsNoMoreThanTheListMayHave(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newList(t, rb, guard.IPListOptions{MaxEntries: 5})
		for i := range 50 {
			ok(t, l.Deny(t.Context(), prefix(t, fmt.Sprint("10.0.0.", i)), guard.Entry{TTL: time.Hour}))
			redistest.Advance(t, rb, 2*time.Hour)
		}
		redistest.Eventually(t, patience, func() error {
			if n := len(l.Entries()); n > 5 {
				return fmt.Errorf("%d entries", n)
			}
			return nil
		})
	}, redistest.Clock)
}

// Whoever changes a list from wherever: all nodes end with what Redis has.
func TestAllNodesEndWithTheSameList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		lists := []*guard.IPList{newList(t, rb, guard.IPListOptions{}), newList(t, redistest.Another(t, rb), guard.IPListOptions{}), newList(t, redistest.Another(t, rb), guard.IPListOptions{})}
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				l := lists[g%2]
				for i := range 40 {
					p := prefix(t, fmt.Sprintf("10.0.%d.0/24", (g+i)%7))
					var err error
					switch (g * i) % 3 {
					case 0:
						err = l.Deny(t.Context(), p, guard.Entry{By: fmt.Sprint(g, " ", i)})
					case 1:
						err = l.Allow(t.Context(), p, guard.Entry{By: fmt.Sprint(g, " ", i)})
					default:
						_, err = l.Remove(t.Context(), p, "")
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		fresh := newList(t, redistest.Another(t, rb), guard.IPListOptions{}).Entries()
		for i, l := range lists {
			redistest.Eventually(t, patience, func() error {
				if got := l.Entries(); !reflect.DeepEqual(got, fresh) {
					return fmt.Errorf("node %d has %+v, Redis %+v", i, got, fresh)
				}
				return nil
			})
		}
	})
}

// A node that missed changes, because its link was away, has them when it is back.
func TestANodeThatMissedChangesCatchesUp(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	behind := newList(t, redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) { o.Namespace = "x:" }), guard.IPListOptions{})
	beside := newList(t, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = "x:" }), guard.IPListOptions{})
	ok(t, beside.Deny(t.Context(), prefix(t, "10.0.0.1"), guard.Entry{}))
	soon(t, behind, "-10.0.0.1")
	proxy.Cut()
	ok(t, beside.Deny(t.Context(), prefix(t, "10.0.0.2"), guard.Entry{}))
	_, err := beside.Remove(t.Context(), prefix(t, "10.0.0.1"), "")
	ok(t, err)
	ok(t, says(behind, "-10.0.0.1", "+10.0.0.2")) // what it knew
	proxy.Heal()
	soon(t, behind, "+10.0.0.1", "-10.0.0.2")
	ok(t, beside.Deny(t.Context(), prefix(t, "10.0.0.3"), guard.Entry{}))
	soon(t, behind, "-10.0.0.3")

	// A list that was emptied behind everybody's back is noticed at the next look, and versions do not come again.
	soonest := newList(t, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = "x:" }), guard.IPListOptions{Refresh: 100 * time.Millisecond})
	for range 3 { // more often than a list is read for other reasons
		before := beside.Version()
		server.Do("DEL", "x:iplist:{admin}", "x:iplist:{admin}:version", "x:iplist:{admin}:until")
		soon(t, soonest, "+10.0.0.2")
		ok(t, beside.Deny(t.Context(), prefix(t, "10.0.0.4"), guard.Entry{}))
		soon(t, beside, "-10.0.0.4")
		redistest.Eventually(t, patience, func() error {
			if v := beside.Version(); len(v) != len(before) || v <= before {
				return fmt.Errorf("version %s after %s", v, before)
			}
			return nil
		})
		ok(t, beside.Deny(t.Context(), prefix(t, "10.0.0.2"), guard.Entry{}))
		soon(t, soonest, "-10.0.0.2", "-10.0.0.4")
	}
}

func TestWithoutRedisAListStaysAsItIs(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t, "appendonly yes", "appendfsync always")
	edit := func(o *redbrick.Options) { o.Namespace, o.MaxRetries = "x:", -1 }
	l := newList(t, redistest.OpenURL(t, server.URL(), edit), guard.IPListOptions{})
	ok(t, l.Deny(t.Context(), prefix(t, "10.0.0.1"), guard.Entry{}))
	server.Kill()
	ok(t, says(l, "-10.0.0.1"))
	is(t, l.Deny(t.Context(), prefix(t, "10.0.0.2"), guard.Entry{}), redbrick.ErrUnavailable)
	_, err := l.Offend(t.Context(), netip.MustParseAddr("10.0.0.2"), "")
	is(t, err, redbrick.ErrUnavailable)
	ok(t, says(l, "-10.0.0.1", "+10.0.0.2"))

	away, err := redbrick.Open(t.Context(), redbrick.Options{URL: server.URL(), Namespace: "x:", ConnectTimeout: 200 * time.Millisecond})
	ok(t, err)
	t.Cleanup(func() { away.Close() })
	late, strict := newList(t, away, guard.IPListOptions{}), newList(t, away, guard.IPListOptions{AllowOnly: true})
	ok(t, says(late, "+10.0.0.1"))
	ok(t, says(strict, "-10.0.0.9"))
	if late.Check(addr(1)).Loaded {
		t.Error("loaded without Redis")
	}
	server.RestartKeeping()
	soon(t, late, "-10.0.0.1")
	soon(t, l, "-10.0.0.1")
	redistest.Eventually(t, patience, func() error { return l.Allow(t.Context(), prefix(t, "10.0.0.9"), guard.Entry{}) })
	soon(t, late, "+10.0.0.9")
	soon(t, strict, "+10.0.0.9", "-10.0.0.8")
}

func TestAListIsBoundedAndWhatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := newList(t, rb, guard.IPListOptions{MaxEntries: 2})
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.1"), guard.Entry{}))
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.2"), guard.Entry{}))
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.2"), guard.Entry{Reason: "again"}))
		err := l.Deny(ctx, prefix(t, "10.0.0.3"), guard.Entry{})
		is(t, err, guard.ErrFull)
		is(t, err, redbrick.ErrTooLarge)
		ok(t, says(l, "-10.0.0.1", "-10.0.0.2", "+10.0.0.3"))
		is(t, l.Deny(ctx, netip.Prefix{}, guard.Entry{}), guard.ErrPrefix)
		is(t, l.Deny(ctx, netip.MustParsePrefix("::ffff:0:0/90"), guard.Entry{}), guard.ErrPrefix)
		is(t, l.Deny(ctx, prefix(t, "10.0.0.1"), guard.Entry{Reason: strings.Repeat("x", 257), TTL: 1}), guard.ErrEntry)
		_, err = l.Offend(ctx, netip.Addr{}, "")
		is(t, err, guard.ErrPrefix)
	})
	rb := redistest.Open(t, "embedded")
	_, err := guard.NewIPList(rb, "{", guard.IPListOptions{
		Refresh: 1, MaxEntries: -1, AuditLen: -1, Sets: []guard.PlainSet{{}, {Key: "x", Kind: "y"}}, TrustedProxies: []string{"nobody"},
		Bans: guard.BanOptions{First: 1, Factor: -1, Memory: 1, WideAfter: 1, WideV4: 99, WideV6: 99},
	})
	for _, field := range []string{
		"name is", "Refresh", "MaxEntries", "AuditLen", "Sets[0].Key", "Sets[1].Kind", "TrustedProxies", "Bans.First", "Bans.Factor", "Bans.Memory", "Bans.WideAfter",
		"Bans.WideV4", "Bans.WideV6",
	} {
		if err == nil || !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), field) {
			t.Errorf("no word of %s: %v", field, err)
		}
	}
}

// What another program wrote into the list, and is no entry, keeps nobody in or out and does not stop the rest.
func TestWhatIsNoEntryIsLeftOut(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "iplist:{admin}"
		hset := rb.B().Hset().Key(key).FieldValue().FieldValue("10.0.0.1", "deny").FieldValue("nobody", `{"kind":"deny"}`).
			FieldValue("10.0.0.2", `{"kind":"maybe"}`).FieldValue("10.0.0.3", `{"kind":"deny"}`).Build()
		ok(t, rb.Do(t.Context(), hset).Error())
		l := newList(t, rb, guard.IPListOptions{})
		ok(t, says(l, "+10.0.0.1", "+10.0.0.2", "-10.0.0.3"))
	})
}

func TestTheAuditTrailSaysWhoDidWhat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := newList(t, rb, guard.IPListOptions{})
		ok(t, l.Deny(ctx, prefix(t, "10.0.0.1"), guard.Entry{Reason: "scraper", By: "anna", TTL: time.Hour}))
		_, err := l.Remove(ctx, prefix(t, "10.0.0.1"), "bob")
		ok(t, err)
		_, err = l.Remove(ctx, prefix(t, "10.0.0.1"), "bob") // nothing to do, nothing to tell
		ok(t, err)
		_, err = l.Offend(ctx, netip.MustParseAddr("10.0.0.2"), "guessing")
		ok(t, err)
		got, err := l.Audit(ctx, 10)
		ok(t, err)
		for i := range got {
			if time.Since(got[i].At).Abs() > time.Hour {
				t.Errorf("at %v", got[i].At)
			}
			got[i].At = time.Time{}
		}
		want := []guard.Action{
			{Action: "ban", Prefix: "10.0.0.2/32", Kind: guard.Deny, Reason: "guessing", By: "offence", TTL: 15 * time.Minute},
			{Action: "remove", Prefix: "10.0.0.1/32", By: "bob"},
			{Action: "put", Prefix: "10.0.0.1/32", Kind: guard.Deny, Reason: "scraper", By: "anna", TTL: time.Hour},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
		if got, err = l.Audit(ctx, 1); len(got) != 1 || err != nil {
			t.Errorf("%d, %v", len(got), err)
		}
		if got, err = l.Audit(ctx, 0); len(got) != 0 || err != nil {
			t.Errorf("%d, %v", len(got), err)
		}
		small := newList(t, redistest.Another(t, rb), guard.IPListOptions{AuditLen: 10})
		for i := range 500 {
			ok(t, small.Deny(ctx, prefix(t, "10.0.0.1"), guard.Entry{By: fmt.Sprint(i)}))
		}
		if got, err = l.Audit(ctx, 1000); len(got) > 300 || err != nil {
			t.Errorf("%d records are kept, %v", len(got), err)
		}
	})
}

// Lists that come and go leave nothing behind in a client that stays.
func TestAListThatWasStoppedIsForgotten(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	gone := func() weak.Pointer[guard.IPList] {
		l, err := guard.NewIPList(rb, "admin", guard.IPListOptions{})
		ok(t, err)
		ok(t, l.Start(t.Context()))
		ok(t, l.Stop(t.Context()))
		return weak.Make(l)
	}()
	redistest.Eventually(t, patience, func() error {
		if runtime.GC(); gone.Value() != nil {
			return errors.New("it is still reachable")
		}
		return nil
	})
	ok(t, newList(t, rb, guard.IPListOptions{}).Stop(t.Context()))
}

// Closing the client stops its lists; after that none begins.
func TestClosingTheClientStopsItsLists(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	newList(t, rb, guard.IPListOptions{})
	late, err := guard.NewIPList(rb, "late", guard.IPListOptions{})
	ok(t, err)
	ok(t, rb.Close())
	is(t, late.Start(t.Context()), redbrick.ErrUnavailable)
}
