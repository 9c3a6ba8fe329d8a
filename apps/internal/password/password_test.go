package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// weak is fast: what it guards is nothing.
var weak = Options{Memory: 64, Passes: 1, AllowWeak: true}

func hasher(t testing.TB, o Options) *Hasher {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// longTime is for what takes milliseconds unless the machine is busy.
const longTime = 30 * time.Second

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := hasher(t, Options{}) // what the applications use
	hash, err := h.Hash(t.Context(), "correct horse ☃")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	again, err := h.Hash(t.Context(), "correct horse ☃")
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are the same: the salt is not random (%v)", err)
	}
	for _, c := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "correct horse ☃", true}, {again, "correct horse ☃", true}, {hash, "correct horse", false}, {hash, "correct horse ☃ ", false},
		{hash, "", false}, {"", "", false}, {"", "correct horse ☃", false},
	} {
		if got, err := h.Verify(t.Context(), c.hash, c.password); err != nil || got != c.want {
			t.Errorf("%q with %q: %t, %v; want %t", c.hash, c.password, got, err, c.want)
		}
	}
	if h.Outdated(hash) || !hasher(t, Options{Passes: 3}).Outdated(hash) || !h.Outdated("x") {
		t.Error("Outdated: want false for the same parameters, true for others and for garbage")
	}
}

// The test vector of RFC 9106 has a key and data; this one is of the reference
// implementation's own tests (argon2 -id, version 19).
func TestReferenceVector(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if ok, err := hasher(t, weak).Verify(t.Context(), hash, "password"); err != nil || !ok {
		t.Errorf("%t, %v; want the password accepted", ok, err)
	}
}

// An account that is not there, one without a password and one with a broken hash cost one argon2id each, as
// one with a password does.
func TestUnknownAccountsCostTheSame(t *testing.T) {
	t.Parallel()
	h := hasher(t, weak)
	hash, err := h.Hash(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"known": hash, "unknown": "", "broken": "$argon2id$"} {
		before := h.derived.Load()
		ok, err := h.Verify(t.Context(), hash, "wrong")
		if ok || (err != nil) != (name == "broken") {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
		if n := h.derived.Load() - before; n != 1 {
			t.Errorf("%s: %d runs of argon2id, want 1", name, n)
		}
	}
	if h.dummy.params != h.now {
		t.Error("the dummy has other parameters than new hashes")
	}
}

// Never more than AtOnce at the same time; who waits leaves with the context, or when the wait is over.
func TestBoundedAtOnce(t *testing.T) {
	t.Parallel()
	o := weak
	o.AtOnce = 2
	h := hasher(t, o)
	h.turns <- struct{}{}
	h.turns <- struct{}{} // two are at it
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 5 {
		waiting.Go(func() {
			if _, err := h.Hash(ctx, "x"); !errors.Is(err, ErrBusy) || !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want ErrBusy and context.Canceled", err)
			}
		})
	}
	cancel()
	waiting.Wait()
	if n := h.derived.Load(); n != 0 {
		t.Errorf("%d ran beside the two", n)
	}
	waiting.Go(func() {
		if _, err := h.Hash(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
	<-h.turns // one is done
	waiting.Wait()
	redistest.Eventually(t, longTime, func() error {
		if len(h.turns) != 1 {
			return errors.New("a turn was not given back")
		}
		return nil
	})

	o.Wait = time.Millisecond
	h = hasher(t, o)
	h.turns <- struct{}{}
	h.turns <- struct{}{}
	if _, err := h.Verify(t.Context(), "", "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"Memory 64":      {Memory: 64},
		"Passes 1":       {Passes: 1},
		"Memory 4":       {Memory: 4, AllowWeak: true},
		"Memory 2097152": {Memory: 1 << 21},
		"Passes 100":     {Passes: 100},
		"AtOnce -1":      {AtOnce: -1},
		"Wait -1s":       {Wait: -time.Second},
	} {
		if _, err := New(o); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want ErrOptions that names it", name, err)
		}
	}
}

func TestWeakness(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"hunter2":                      "7 characters, expected at least 8",
		"日本語日本語日":                      "7 characters",
		"日本語日本語日本":                     "",
		"":                             "0 characters",
		strings.Repeat("ab", 129):      "258 bytes, expected at most 256",
		"Ada@Example.com":              "the account's name or address",
		"ada.lovelace":                 "the account's name or address",
		"aaaaaaaaaa":                   "the first that anybody tries",
		"        ":                     "the first that anybody tries",
		"Password1":                    "the first that anybody tries",
		"ada.lovelace's":               "",
		"all lower case and no digits": "",
	} {
		got := Weakness(password, "ada@example.com", "ada.lovelace@example.com")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q in it", password, got, want)
		}
	}
}
