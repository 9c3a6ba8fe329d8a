package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

// A thousand attempts at once, from a thousand addresses, over two processes: no more than the allowed number reach the password.
func TestOfAThousandWrongPasswordsAtOnceTheAllowedNumberIsChecked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		guards := []*guard.Login{newLogin(t, rb, guard.LoginOptions{}), newLogin(t, redistest.Another(t, rb), guard.LoginOptions{})}
		var checked, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range redistest.Scale(1000) {
			wg.Go(func() {
				_, err := guards[i%2].Check(t.Context(), attempt("anna", i), guard.Check{
					Lookup: func(context.Context) (string, error) { return "hash", nil },
					Verify: func(context.Context, string) (bool, error) { checked.Add(1); return false, nil },
					Dummy:  "nobody's",
				})
				switch {
				case errors.Is(err, guard.ErrThrottled):
					refused.Add(1)
				case !errors.Is(err, guard.ErrCredentials):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if checked.Load() != 5 || refused.Load() != int64(redistest.Scale(1000))-5 {
			t.Errorf("%d passwords were checked, %d attempts refused; want 5 checked", checked.Load(), refused.Load())
		}
	})
}

// Account, prefix and pair each have their limit; the answer says which binds and for how long.
func TestEachPolicyBinds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		o := guard.LoginOptions{
			Account: guard.Policy{Failures: 6, Window: 100 * time.Second}, Prefix: guard.Policy{Failures: 9, Window: 300 * time.Second},
			Pair: guard.Policy{Failures: 3, Window: 200 * time.Second},
		}
		g := newLogin(t, rb, o)
		is429 := func(a guard.Attempt, policy string, window time.Duration) {
			t.Helper()
			got := refused(t, g, a)
			if got.Policy != policy || got.Local || got.RetryAfter > window || got.RetryAfter < window-patience || got.Seconds() > int(window.Seconds()) {
				t.Errorf("%+v, want %s for up to %v", got, policy, window)
			}
		}
		fail(t, g, attempt("anna", 1), 3)
		is429(attempt("anna", 1), "pair", o.Pair.Window)
		fail(t, g, attempt("anna", 2), 3)
		is429(attempt("anna", 3), "account", o.Account.Window)
		is429(attempt("anna", 1), "pair", o.Pair.Window) // waits longest
		for i := range 3 {
			fail(t, g, attempt(fmt.Sprint("other", i), 1), 2)
		}
		is429(attempt("new", 1), "prefix", o.Prefix.Window)
		reserve(t, g, attempt("new", 2)).Cancel(t.Context())
	})
}

// A refusal leaves nothing anywhere, whichever policy refuses and in whichever slot the others are; it prolongs nothing.
func TestARefusedAttemptLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, apart := range []bool{false, true} {
			g := newLogin(t, rb, guard.LoginOptions{Name: fmt.Sprint("g", apart)})
			if apart {
				g.Apart()
			}
			fail(t, g, attempt("anna", 1), 5)
			for i := range 4 {
				fail(t, g, attempt(fmt.Sprint("x", i), 2), 1)
			}
			fail(t, g, attempt("anna2", 2), 1)
			before := dump(t, rb)
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					for _, a := range []guard.Attempt{attempt("anna", 100+i), attempt(fmt.Sprint("y", i), 2)} {
						if _, err := g.Reserve(t.Context(), a); !errors.Is(err, guard.ErrThrottled) {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if after := dump(t, rb); !maps.Equal(before, after) {
				t.Errorf("apart %v: %v, before %v", apart, after, before)
			}
		}
	})
}

// Without a clock that jumps: by the engine's.
func TestALockEndsWhenItsWindowDoesWhateverIsTriedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		fail(t, g, attempt("anna", 1), 2)
		redistest.Advance(t, rb, 600*time.Second)
		fail(t, g, attempt("anna", 1), 3)
		for range 29 { // to 290 s after: the first two count no longer after 300
			redistest.Advance(t, rb, 10*time.Second)
			refused(t, g, attempt("anna", 1))
		}
		redistest.Advance(t, rb, 11*time.Second)
		fail(t, g, attempt("anna", 1), 2)
		if got := refused(t, g, attempt("anna", 1)).RetryAfter; got > 600*time.Second || got < 500*time.Second {
			t.Errorf("retry after %v", got)
		}
		redistest.Advance(t, rb, 901*time.Second)
		if left := dump(t, rb); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}, redistest.Clock)
}

func TestDelaysGrow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		p := guard.Policy{Failures: 10, FreeFailures: 2, Delay: 20 * time.Second, MaxDelay: 100 * time.Second}
		g := newLogin(t, rb, guard.LoginOptions{Account: p, Prefix: guard.Policy{Failures: 100}, Pair: guard.Policy{Failures: 100}})
		fail(t, g, attempt("anna", 1), 3)
		for _, seconds := range []int{20, 40, 80, 100, 100} {
			want := time.Duration(seconds) * time.Second
			if got := refused(t, g, attempt("anna", 1)).RetryAfter; got > want || got < want-10*time.Second {
				t.Errorf("retry after %v, want %v", got, want)
			}
			redistest.Advance(t, rb, want-10*time.Second)
			refused(t, g, attempt("anna", 1))
			redistest.Advance(t, rb, 11*time.Second)
			fail(t, g, attempt("anna", 1), 1)
		}
	}, redistest.Clock)
}

func TestASuccessForgetsTheFailuresOfTheAccountNotThoseOfThePrefix(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		fail(t, g, attempt("anna", 1), 4)
		late := reserve(t, g, attempt("anna", 2)) // is checked while the owner logs in
		fail(t, g, attempt("bob", 2), 3)
		redo := attempt("anna", 3)
		refused(t, g, redo)
		late.Success(t.Context())
		late.Failure(t.Context()) // settled already
		fail(t, g, attempt("anna", 1), 1)
		if got := refused(t, g, attempt("carl", 1)); got.Policy != "prefix" {
			t.Errorf("%+v: what failed from the prefix is forgotten", got)
		}
		fail(t, g, attempt("anna", 2), 2) // of which the prefix has 3, its own success not among them
		refused(t, g, attempt("anna", 2))
		fail(t, g, attempt("anna", 3), 2)
		if got := refused(t, g, attempt("anna", 4)); got.Policy != "account" {
			t.Errorf("%+v", got)
		}
	})
}

// An attempt that was under way when the account's failures were forgotten still counts when it fails.
func TestAFailureAfterASuccessCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		var under []*guard.Reservation
		for i := range 4 {
			under = append(under, reserve(t, g, attempt("anna", i)))
		}
		reserve(t, g, attempt("anna", 9)).Success(t.Context())
		for _, r := range under {
			r.Failure(t.Context())
			r.Failure(t.Context())
		}
		fail(t, g, attempt("anna", 10), 1)
		refused(t, g, attempt("anna", 11))
	})
}

func TestACancelledAttemptIsForgottenAndAnUnsettledOneIsAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		for range 20 {
			reserve(t, g, attempt("anna", 1)).Cancel(t.Context())
		}
		if left := dump(t, rb); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
		for range 5 {
			reserve(t, g, attempt("anna", 1)) // and the process dies
		}
		refused(t, newLogin(t, redistest.Another(t, rb), guard.LoginOptions{}), attempt("anna", 1))
	})
}

// There is no telling an account that does not exist: the same work, the same error, the same limits.
func TestAnAccountThatDoesNotExistIsTreatedAlike(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		for i, account := range []string{"exists", "exists not"} {
			var hashes []string
			c := guard.Check{
				Lookup: func(context.Context) (string, error) {
					if account == "exists" {
						return "theirs", nil
					}
					return "", fmt.Errorf("users: %w", guard.ErrNoAccount)
				},
				Verify: func(_ context.Context, hash string) (bool, error) {
					hashes = append(hashes, hash)
					return account != "exists", nil // even if it were the right password
				},
				Dummy: "nobody's",
			}
			for range 5 {
				if _, err := g.Check(t.Context(), attempt(account, i), c); !errors.Is(err, guard.ErrCredentials) {
					t.Errorf("%s: %v", account, err)
				}
			}
			if _, err := g.Check(t.Context(), attempt(account, i), c); !errors.Is(err, guard.ErrThrottled) {
				t.Errorf("%s: %v", account, err)
			}
			want := map[string]string{"exists": "theirs", "exists not": "nobody's"}[account]
			if !slices.Equal(hashes, slices.Repeat([]string{want}, 5)) {
				t.Errorf("%s: verified %q", account, hashes)
			}
		}
		// One without a dummy would tell the two apart by an error.
		_, err := g.Check(t.Context(), attempt("exists", 7), guard.Check{
			Lookup: func(context.Context) (string, error) { return "hash", nil },
			Verify: func(context.Context, string) (bool, error) { return false, nil },
		})
		if !errors.Is(err, redbrick.ErrConfig) {
			t.Errorf("without a dummy: %v", err)
		}
		// What could not be checked counts for nothing.
		broken := errors.New("database away")
		for range 20 {
			for _, c := range []guard.Check{
				{Lookup: func(context.Context) (string, error) { return "", broken }, Verify: func(context.Context, string) (bool, error) { return true, nil }},
				{Lookup: func(context.Context) (string, error) { return "", nil }, Verify: func(context.Context, string) (bool, error) { return true, broken }},
			} {
				c.Dummy = "nobody's"
				if _, err := g.Check(t.Context(), attempt("anna", 5), c); !errors.Is(err, broken) {
					t.Fatal(err)
				}
			}
		}
		out, err := g.Check(t.Context(), attempt("anna", 5), guard.Check{
			Lookup: func(context.Context) (string, error) { return "hash", nil },
			Verify: func(context.Context, string) (bool, error) { return true, nil },
			Dummy:  "nobody's",
		})
		if err != nil || out.Device != "" || len(out.Notices) != 0 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestSpellingsOfAnAccountAreOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		for _, spelling := range []string{"Anna@Example.org", " anna@example.org\n", "ＡＮＮＡ@example.org", "an\u200bna@example.org", "anna@example.org\x00"} {
			fail(t, g, attempt(spelling, len(spelling)), 1)
		}
		refused(t, g, attempt("anna@example.org", 99))
		for _, none := range []string{"", " ", "\u200b\t", "\x00"} {
			_, err := g.Reserve(t.Context(), attempt(none, 1))
			is(t, err, guard.ErrAccount)
		}
		for key := range dump(t, rb) {
			if strings.Contains(strings.ToLower(key), "anna") || strings.Contains(key, "example") {
				t.Errorf("key %q names the account", key)
			}
		}
	})
}

// Addresses: a household's IPv6 addresses are one, mapped IPv4 is IPv4.
func TestAddressesOfOneClientAreOnePrefix(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	g := newLogin(t, rb, guard.LoginOptions{})
	for i, group := range [][]string{
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"},
		{"192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"},
	} {
		for n := range 5 {
			a := netip.MustParseAddr(group[n%len(group)])
			fail(t, g, guard.Attempt{Account: fmt.Sprint("a", i, n), Addr: a}, 1)
		}
		a := netip.MustParseAddr(group[0])
		if got := refused(t, g, guard.Attempt{Account: fmt.Sprint("b", i), Addr: a}); got.Policy != "prefix" {
			t.Errorf("%q: %+v", group, got)
		}
	}
	reserve(t, g, guard.Attempt{Account: "c", Addr: netip.MustParseAddr("2001:db8:1:3::1")}).Cancel(t.Context())
}

func TestLoginOptionsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := guard.NewLogin(rb, guard.LoginOptions{
		Name: "{", Account: guard.Policy{Failures: -2}, Pair: guard.Policy{Window: 1, Delay: -1}, Prefix: guard.Policy{FreeFailures: -1, Away: 7, Delay: 2, MaxDelay: 1},
		Device: guard.Policy{Failures: -1}, IPv6Bits: 8, Secrets: [][]byte{[]byte("short")}, DeviceTTL: 1, NoticeFailures: -1,
	})
	for _, field := range []string{
		"Name", "Account.Failures", "Pair.Window", "Pair.Delay", "Prefix.FreeFailures", "Prefix.Away", "Prefix.Delay", "Prefix.MaxDelay",
		"Device.Failures", "IPv6Bits", "Secrets[0]", "DeviceTTL", "NoticeFailures",
	} {
		if err == nil || !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "LoginOptions."+field+" is") {
			t.Errorf("no word of %s: %v", field, err)
		}
	}
	_, err = guard.NewLogin(rb, guard.LoginOptions{Account: guard.Policy{Failures: -1}, Pair: guard.Policy{Failures: -1}})
	is(t, err, redbrick.ErrConfig)
	newLogin(t, rb, guard.LoginOptions{Secrets: [][]byte{[]byte("short")}, AllowInsecure: "a test", Account: guard.Policy{Failures: -1}})
}

// Those of whom no address is known are held to the account alone: one of them cannot lock out the others.
func TestAttemptsWithoutAnAddressShareNoLock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		g := newLogin(t, rb, guard.LoginOptions{})
		for i := range 10 {
			fail(t, g, guard.Attempt{Account: fmt.Sprint("account", i)}, 1)
		}
		fail(t, g, guard.Attempt{Account: "anna"}, 5)
		if got := refused(t, g, guard.Attempt{Account: "anna"}); got.Policy != "account" && got.Policy != "pair" {
			t.Errorf("%+v", got)
		}
		reserve(t, g, guard.Attempt{Account: "bert"}).Success(t.Context())
		for key := range dump(t, rb) {
			if strings.HasSuffix(key, ":prefix") {
				t.Errorf("key %s", key)
			}
		}
	})
}
