package token_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

// step is how far the clock goes at a time. No lifetime of the models is near a multiple of it, so that the minutes which the
// machine takes itself decide nothing.
const step = 25 * time.Minute

// trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func trace(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func pick[V any](r *rand.Rand, from []V) V { return from[r.IntN(len(from))] }

// modelToken is a random token as the model knows it.
type modelToken struct {
	token.Issued
	subject, value string
	ends           time.Duration
	gone           bool
}

// vaultModel says what becomes of the tokens of a kind. It is written from the page, in words of its own.
type vaultModel struct {
	now     time.Duration
	most    int
	giveWay bool
	all     []*modelToken
}

func (m *vaultModel) good(x *modelToken) bool { return !x.gone && m.now < x.ends }

func (m *vaultModel) of(subject string) []*modelToken {
	var all []*modelToken
	for _, x := range m.all {
		if x.subject == subject && m.good(x) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b *modelToken) int { return int(a.ends - b.ends) })
	return all
}

// issue makes room and reports whether there is some.
func (m *vaultModel) issue(subject string) bool {
	all := m.of(subject)
	for len(all) >= m.most {
		if !m.giveWay {
			return false
		}
		all[0].gone = true
		all = all[1:]
	}
	return true
}

// TestTokensAreAsTheModelSays after any sequence of calls, for both kinds.
func TestTokensAreAsTheModelSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		r := trace(t)
		ttls := []time.Duration{time.Hour, 130 * time.Minute}
		// Subjects of their own: the two kinds share the clock alone.
		var one []*token.OneTime[string]
		var opaque []*token.Opaque[string]
		for _, ttl := range ttls {
			one = append(one, must(token.NewOneTime[string](rb, "x", token.OneTimeOptions{TTL: ttl, Max: 2}))(t))
			opaque = append(opaque, must(token.NewOpaque[string](rb, "x", token.OpaqueOptions{TTL: ttl, Max: 3}))(t))
		}
		ones, opaques := &vaultModel{most: 2, giveWay: true}, &vaultModel{most: 3}
		advance := func() {
			redistest.Advance(t, rb, step)
			ones.now += step
			opaques.now += step
		}
		ctx := t.Context()
		for i := range redistest.Scale(20_000) {
			m, kind := ones, "one-time"
			if r.IntN(2) == 0 {
				m, kind = opaques, "opaque"
			}
			subject := pick(r, []string{"7", "8"})
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("step %d, %s: "+format, append([]any{i, kind}, args...)...)
			}
			what := r.IntN(12)
			if what < 4 { // one at a time: which of two that end together gives way is nobody's promise
				advance()
				n, want := r.IntN(len(ttls)), m.issue(subject)
				x := &modelToken{subject: subject, value: fmt.Sprint(i), ends: m.now + ttls[n]}
				var err error
				if m == ones {
					x.Issued, err = one[n].Issue(ctx, subject, x.value)
				} else {
					x.Issued, err = opaque[n].Issue(ctx, subject, x.value)
				}
				if (err == nil) != want || err != nil && !errors.Is(err, token.ErrTooMany) {
					fail("issue: %v, want it to succeed: %v", err, want)
				}
				if err == nil {
					m.all = append(m.all, x)
				}
				continue
			}
			if len(m.all) == 0 {
				continue
			}
			x := pick(r, m.all[max(0, len(m.all)-8):])
			good := m.good(x)
			var g token.Grant[string]
			var err error
			switch {
			case what < 8 && m == ones && what%2 == 0:
				g, err = one[0].Consume(ctx, x.Token)
				x.gone = true
			case what < 8 && m == ones:
				g, err = one[1].Peek(ctx, x.Token)
			case what < 8:
				g, err = opaque[0].Verify(ctx, x.Token)
			case what < 9 && m == ones:
				ok(t, one[0].Revoke(ctx, subject))
			case what < 9:
				ok(t, opaque[0].RevokeAll(ctx, subject))
			case what < 10 && m == opaques:
				had := must(opaque[0].RevokeID(ctx, subject, x.ID))(t)
				if mine := x.subject == subject; had && (!mine || x.gone) || !had && good && mine {
					fail("revoke by id: %v, good %v", had, good)
				}
				x.gone = x.gone || x.subject == subject
				continue
			case what < 11 && m == opaques:
				ok(t, opaque[0].Revoke(ctx, x.Token))
				x.gone = true
				continue
			case m == opaques:
				var got, want []string
				for _, g := range must(opaque[0].List(ctx, subject))(t) {
					got = append(got, g.ID+" "+g.Value)
				}
				for _, x := range m.of(subject) {
					want = append(want, x.ID+" "+x.value)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					fail("list: got %q, want %q", got, want)
				}
				continue
			default:
				continue
			}
			if what == 8 {
				for _, x := range m.of(subject) {
					x.gone = true
				}
				continue
			}
			if (err == nil) != good || err != nil && !errors.Is(err, token.ErrInvalid) {
				fail("%v of a token that is good: %v", err, good)
			}
			if err == nil && (g.Value != x.value || g.Subject != x.subject || g.ID != x.ID) {
				fail("got %+v, want %+v", g, x)
			}
		}
	}, redistest.Clock)
}

// The lifetimes of the model of families.
const (
	modelGrace    = time.Hour
	modelIdle     = 24 * time.Hour
	modelAbsolute = 6010 * time.Minute
	modelMost     = 3
	remembered    = 8
)

// modelFamily is a family as the page says.
type modelFamily struct {
	token.Session
	id         string
	texts      []string // by generation
	rotations  []modelRotation
	ends, last time.Duration
	used       int // the turn of the last use
	listed     bool
	ended      string // "", over, reuse
}

type modelRotation struct {
	when   time.Duration
	client string
}

type familyModel struct {
	now      time.Duration
	turn     int
	all      []*modelFamily
	sessions map[string]bool // that have ended
}

func (m *familyModel) there(f *modelFamily) bool { return m.now < f.ends }

func (m *familyModel) list(user string) []*modelFamily {
	var all []*modelFamily
	for _, f := range m.all {
		if f.UserID == user && f.listed && m.there(f) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *modelFamily) int { return cmp.Or(cmp.Compare(a.ends, b.ends), a.used-b.used) })
	return all
}

// begin makes room for a family: the one that would end first gives way.
func (m *familyModel) begin(f *modelFamily) {
	for all := m.list(f.UserID); len(all) >= modelMost; all = all[1:] {
		all[0].listed = false
	}
	f.last, f.listed = m.now+modelAbsolute, true
	m.use(f)
	m.all = append(m.all, f)
}

func (m *familyModel) use(f *modelFamily) {
	m.turn++
	f.ends, f.used = min(m.now+modelIdle, f.last), m.turn
}

func (m *familyModel) end(f *modelFamily, why string) {
	if m.there(f) && f.ended == "" {
		f.ended, f.ends = why, f.last
	}
	f.listed = false
}

// rotate predicts the error of a rotation, and the generation it gives.
func (m *familyModel) rotate(f *modelFamily, generation int, client string) (next int, want error) {
	switch {
	case !m.there(f):
		return 0, token.ErrInvalid
	case f.ended == "" && m.sessions[f.PublicID]:
		return 0, token.ErrEnded
	case f.ended == "reuse":
		return 0, token.ErrReused
	case f.ended != "" || !f.listed:
		return 0, token.ErrEnded
	case generation == len(f.rotations):
		f.rotations = append(f.rotations, modelRotation{m.now, client})
		m.use(f)
		return generation + 1, nil
	}
	r := f.rotations[generation]
	if len(f.rotations)-generation <= remembered && m.now-r.when <= modelGrace && client == r.client {
		return generation + 1, nil
	}
	m.end(f, "reuse")
	m.sessions[f.PublicID] = true
	return 0, token.ErrReused
}

// kind is the most that an error says: all of them are ErrInvalid.
func kind(err error) string {
	for _, e := range []error{token.ErrReused, token.ErrEnded, token.ErrInvalid} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return fmt.Sprint(err)
}

// TestFamiliesAreAsTheModelSays after any sequence of calls.
func TestFamiliesAreAsTheModelSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		r, ctx, l := trace(t), t.Context(), &logins{}
		refresh := newRefresh(t, rb, l, func(o *token.RefreshOptions) {
			*o = o.LongGrace()
			o.Grace, o.Idle, o.Absolute, o.MaxFamilies = modelGrace, modelIdle, modelAbsolute, modelMost
		})
		m := &familyModel{sessions: map[string]bool{}}
		advance := func(n int) {
			redistest.Advance(t, rb, time.Duration(n)*step)
			m.now += time.Duration(n) * step
		}
		outcomes := map[string]int{}
		for i := range redistest.Scale(40_000) {
			user := pick(r, []string{"7", "8"})
			recent := m.all[max(0, len(m.all)-5):]
			what := r.IntN(100)
			if what < 4 || len(recent) == 0 {
				advance(1) // so that no two end together
				f := &modelFamily{Session: login(user, fmt.Sprint("s", i))}
				got := must(refresh.Issue(ctx, f.Session, ""))(t)
				f.id, f.texts = got.Family, []string{got.Token}
				m.begin(f)
				continue
			}
			f := pick(r, recent)
			generation := max(0, len(f.texts)-1-r.IntN(2))
			if r.IntN(20) == 0 {
				generation = r.IntN(len(f.texts))
			}
			switch {
			case what < 80:
				client := ""
				if r.IntN(30) == 0 {
					client = "another"
				}
				next, want := m.rotate(f, generation, client)
				got, err := refresh.Rotate(ctx, f.texts[generation], client)
				if kind(err) != kind(want) {
					t.Fatalf("step %d: generation %d of %d: %v, want %v", i, generation, len(f.texts), err, want)
				}
				if outcomes[fmt.Sprint(want)]++; want != nil {
					continue
				}
				again := next < len(f.texts)
				if !again {
					f.texts = append(f.texts, got.Token)
				}
				if got.Token != f.texts[next] || got.Family != f.id || got.Session != f.Session || got.Again != again {
					t.Fatalf("step %d: got %+v, want generation %d of %+v", i, got, next, f)
				}
				if slack := got.Ends.Sub(got.Expires) - (f.last - f.ends); slack.Abs() > step/2 {
					t.Fatalf("step %d: ends %v after it expires, want %v", i, got.Ends.Sub(got.Expires), f.last-f.ends)
				}
			case what < 82:
				had := must(refresh.RevokeFamily(ctx, user, f.id))(t)
				mine := f.UserID == user
				if want := mine && f.listed && m.there(f) && f.ended == ""; had != want {
					t.Fatalf("step %d: revoke a family: %v, want %v", i, had, want)
				}
				if mine {
					m.end(f, "over")
				}
			case what < 83:
				ok(t, refresh.Revoke(ctx, f.texts[generation]))
				m.end(f, "over")
			case what < 84:
				ok(t, refresh.RevokeAll(ctx, user))
				for _, f := range m.all {
					f.listed = f.listed && f.UserID != user
				}
			case what < 85:
				ok(t, l.end(ctx, f.Session))
				m.sessions[f.PublicID] = true
			case what < 92:
				var got, want []string
				for _, f := range must(refresh.List(ctx, user))(t) {
					got = append(got, f.ID)
				}
				for _, f := range m.list(user) {
					want = append(want, f.id)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("step %d: families of %s: got %q, want %q", i, user, got, want)
				}
			case what < 99:
				advance(1 + r.IntN(3))
			default:
				advance(r.IntN(80))
			}
		}
		for _, want := range []error{nil, token.ErrInvalid, token.ErrEnded, token.ErrReused} {
			if outcomes[fmt.Sprint(want)] < 5 {
				t.Errorf("the trace tried too little: %v", outcomes)
			}
		}
	}, redistest.Clock)
}
