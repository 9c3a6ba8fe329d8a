package session_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// Times of the model. Its clock moves in steps of ten minutes, and none of these is a multiple of that: so nothing ever ends
// in the moment in which it is looked at.
const (
	modelStep     = 10 * time.Minute
	modelIdle     = 65 * time.Minute
	modelAbsolute = 305 * time.Minute
	modelRemember = 905 * time.Minute
	modelAlias    = time.Minute
	modelPerUser  = 3
)

// record is one session in the model.
type record struct {
	user, public    string
	fields          map[string]int
	seen, ends, abs time.Duration
	idle            time.Duration
	auth            time.Duration
	cookie          string // that changes it
	old             string // that reads it until oldUntil
	oldUntil        time.Duration
	over            bool
	from            *record // that it came from by a login
}

// world is a model of the whole package: what each cookie ever issued is good for.
type world struct {
	t       *testing.T
	rb      *redbrick.Client
	m       *session.Manager
	r       *rand.Rand
	clock   bool
	now     time.Duration
	cookies []string
	records []*record
}

// alive reports whether anybody can still read the record.
func (w *world) alive(rec *record) bool { return !rec.over && w.now < rec.ends }

// end ends a session, and with it the ids from before its login.
func (rec *record) end() {
	for ; rec != nil; rec = rec.from {
		rec.over = true
	}
}

// find gives the record that a cookie reads, and whether the cookie is an old one.
func (w *world) find(cookie string) (*record, bool) {
	for _, rec := range w.records {
		if !w.alive(rec) || cookie == "" {
			continue
		}
		if rec.cookie == cookie {
			return rec, false
		}
		if rec.old == cookie && w.now < rec.oldUntil {
			return rec, true
		}
	}
	return nil, false
}

var modelUsers = []string{"anna", "bert", "{x}\x00ü"}

// check compares what a cookie reads with the model.
func (w *world) check(cookie string) {
	w.t.Helper()
	want, old := w.find(cookie)
	s, err := w.m.Load(w.t.Context(), cookie)
	if want == nil {
		if !errors.Is(err, session.ErrNoSession) {
			w.t.Fatalf("a session is there that has ended: %v", err)
		}
		return
	}
	if err != nil {
		w.t.Fatalf("a session of %q is not there (old id %t): %v", want.user, old, err)
	}
	w.compare(s, want, old)
}

func (w *world) compare(s *session.Session, want *record, old bool) {
	w.t.Helper()
	if s.UserID() != want.user || s.ReadOnly() != old || s.PublicID() != want.public {
		w.t.Fatalf("user %q, read only %t, want %q, %t", s.UserID(), s.ReadOnly(), want.user, old)
	}
	for k := range 4 {
		name := fmt.Sprint("k", k)
		var v int
		found, err := s.Get(name, &v)
		n, expected := want.fields[name]
		if err != nil || found != expected || v != n {
			w.t.Fatalf("field %s is %d (%t, %v), want %d (%t)", name, v, found, err, n, expected)
		}
	}
	if got, expected := s.RecentAuth(modelIdle), want.user != "" && !old && w.now-want.auth <= modelIdle; got != expected {
		w.t.Fatalf("recent authentication %t, want %t", got, expected)
	}
}

// request sends one with a cookie, and lets something happen in it.
func (w *world) request() {
	cookie := ""
	if len(w.cookies) > 0 && w.r.IntN(8) > 0 {
		// Mostly one of the newest.
		cookie = w.cookies[max(0, len(w.cookies)-1-w.r.IntN(12))]
	}
	rec, old := w.find(cookie)
	resp, after := do(w.t.Context(), w.m, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		if rec == nil {
			if s.PublicID() != "" {
				w.t.Fatal("a session is there that has ended")
			}
		} else {
			w.compare(s, rec, old)
		}
		w.act(r.Context(), s, rec, old)
	})
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("status %d", resp.StatusCode)
	}
	if after != cookie && after != "" {
		w.cookies = append(w.cookies, after)
		newest := w.records[len(w.records)-1]
		if rec != nil && rec.cookie == "pending" {
			newest = rec
		}
		if newest.cookie != "pending" {
			w.t.Fatal("a new cookie without reason")
		}
		newest.cookie = after
	}
	if rec == nil || old || rec.over || rec.cookie == "" {
		return
	}
	if w.now-rec.seen >= rec.idle/10 { // else the time of the last touch stays
		w.touch(rec)
		if resp.Header.Get("Set-Cookie") == "" {
			w.t.Fatal("the cookie was not sent again with a touch")
		}
	}
}

func (w *world) touch(rec *record) {
	rec.seen = w.now
	rec.ends = min(w.now+rec.idle, rec.abs)
}

// act does one thing in a request.
func (w *world) act(ctx context.Context, s *session.Session, rec *record, old bool) {
	what := w.r.IntN(14)
	expect := func(err error) bool {
		want := error(nil)
		switch {
		case old:
			want = session.ErrReadOnly
		case rec == nil:
			want = session.ErrNoSession
		}
		if !errors.Is(err, want) {
			w.t.Fatalf("action %d: error %v, want %v", what, err, want)
		}
		return err == nil
	}
	switch what {
	case 0, 1, 2, 3:
		name, v := fmt.Sprint("k", w.r.IntN(4)), w.r.IntN(1000)
		err := s.Set(name, v)
		if old {
			is(w.t, err, session.ErrReadOnly)
			return
		}
		ok(w.t, err)
		if rec == nil {
			rec = w.newRecord("", false)
			w.records = append(w.records, rec)
			defer func() { rec.public = s.PublicID() }()
			ok(w.t, s.Save(ctx))
		}
		rec.fields[name] = v
	case 4:
		name := fmt.Sprint("k", w.r.IntN(4))
		err := s.Delete(name)
		if old {
			is(w.t, err, session.ErrReadOnly)
			return
		}
		ok(w.t, err)
		if rec != nil {
			delete(rec.fields, name)
		}
	case 5, 6:
		err := s.Rotate(ctx)
		if what == 6 && err == nil {
			err = s.Reauthenticate(ctx)
		}
		if expect(err) {
			if what == 6 {
				rec.auth = w.now
			}
			w.touch(rec)
			rec.old, rec.oldUntil, rec.cookie = rec.cookie, w.now+modelAlias, "pending"
			if what == 6 {
				rec.old = "" // that of the first of the two rotations, which nobody has
			}
		}
	case 7:
		if expect(s.Extend(ctx)) {
			w.touch(rec)
		}
	case 8:
		err := s.Logout(ctx)
		if rec == nil {
			ok(w.t, err)
		} else if expect(err) {
			rec.end()
		}
	case 9:
		err := s.EndOthers(ctx)
		if rec != nil && !old && rec.user == "" {
			is(w.t, err, session.ErrNoSession)
		} else if expect(err) {
			for _, other := range w.records {
				if other.user == rec.user && other != rec {
					other.over = true
				}
			}
		}
	case 10, 11:
		w.login(ctx, s, rec, old)
	}
}

func (w *world) newRecord(user string, remember bool) *record {
	rec := &record{user: user, fields: map[string]int{}, seen: w.now, auth: w.now, idle: modelIdle, abs: w.now + modelAbsolute, cookie: "pending"}
	if remember {
		rec.idle, rec.abs = modelRemember, w.now+modelRemember
	}
	rec.ends = min(w.now+rec.idle, rec.abs)
	return rec
}

func (w *world) login(ctx context.Context, s *session.Session, rec *record, old bool) {
	user, remember := modelUsers[w.r.IntN(len(modelUsers))], w.r.IntN(3) == 0
	before := w.listed(user)
	ok(w.t, s.Login(ctx, user, session.Meta{Remember: remember}))
	next := w.newRecord(user, remember)
	next.public = s.PublicID()
	if rec != nil {
		for name, v := range rec.fields {
			if rec.user == user || rec.user == "" && (name == "k0" || name == "k1") {
				next.fields[name] = v
			}
		}
		switch {
		case old: // the session goes on under its new id
		case rec.user == "" || rec.user == user:
			rec.old, rec.oldUntil, rec.cookie = rec.cookie, w.now+modelAlias, ""
			rec.ends = min(rec.ends, w.now+modelAlias)
			next.from = rec
		default:
			rec.end()
		}
	}
	after := w.listed(user)
	if len(after) > modelPerUser {
		w.t.Fatalf("%d sessions of one user, at most %d", len(after), modelPerUser)
	}
	least := math.Inf(1) // of those that stay
	for public, score := range after {
		if public != next.public {
			least = min(least, score)
		}
	}
	for public, score := range before {
		if _, stays := after[public]; stays {
			continue
		}
		if len(after) < modelPerUser && w.livesBy(public) || score > least && (rec == nil || rec.public != public) {
			w.t.Fatalf("a login of %q ended %s without need, or not the one that would end first: before %v, after %v, new %s", user, public, before, after, next.public)
		}
		for _, other := range w.records {
			if other.public == public {
				other.over = true
			}
		}
	}
	w.records = append(w.records, next)
}

// livesBy reports whether the absolute end of a session is to come.
func (w *world) livesBy(public string) bool {
	return slices.ContainsFunc(w.records, func(rec *record) bool {
		return rec.public == public && w.now < rec.abs && (rec.cookie != "" || w.now < rec.ends) && !rec.over
	})
}

func (w *world) listed(user string) map[string]float64 { return listed(w.t, w.rb, w.m, user) }

// others does what comes from outside of requests.
func (w *world) others() {
	ctx := w.t.Context()
	user := modelUsers[w.r.IntN(len(modelUsers))]
	switch w.r.IntN(12) {
	case 0:
		ok(w.t, w.m.EndAll(ctx, user))
		for _, rec := range w.records {
			rec.over = rec.over || rec.user == user
		}
	case 1:
		if w.r.IntN(4) == 0 {
			ok(w.t, w.m.EndAllUsers(ctx))
			for _, rec := range w.records {
				rec.over = rec.over || rec.user != ""
			}
		}
	case 2, 3:
		if len(w.records) == 0 {
			return
		}
		rec := w.records[w.r.IntN(len(w.records))]
		got, err := w.m.End(ctx, user, rec.public)
		ok(w.t, err)
		if want := rec.user == user && w.alive(rec); got && !want && rec.user != user || !got && want {
			w.t.Fatalf("End says %t, want %t", got, want)
		}
		if rec.user == user && got {
			rec.end()
		}
	case 4, 5:
		w.devices(user)
	default:
		if w.clock {
			d := modelStep * time.Duration(1+w.r.IntN(9))
			redistest.Advance(w.t, w.rb, d)
			w.now += d
		}
	}
}

// devices compares the list of a user's devices.
func (w *world) devices(user string) {
	all, err := w.m.Devices(w.t.Context(), user)
	ok(w.t, err)
	var got, want []string
	for _, d := range all {
		if d.UserID != user || d.Current {
			w.t.Fatalf("device %+v", d)
		}
		got = append(got, d.PublicID)
	}
	for _, rec := range w.records {
		if rec.user == user && w.alive(rec) && rec.cookie != "" {
			want = append(want, rec.public)
		}
	}
	if d := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b string) bool { return a < b }), cmpopts.EquateEmpty()); d != "" {
		w.t.Fatalf("devices (-want +got):\n%s", d)
	}
}

// TestSessionsBehaveLikeTheirModel after every step of random traces: each cookie ever issued is good for exactly what it should
// be. With a clock that moves on it shows that no sequence of touches, rotations and extensions outlives the absolute end.
func TestSessionsBehaveLikeTheirModel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		w := &world{t: t, rb: rb, r: rand.New(rand.NewPCG(seed, 1)), clock: redistest.BackendOf(t, rb).Has(redistest.Clock)}
		w.m = newManager(t, rb, func(o *session.Options) {
			o.Idle, o.Absolute, o.Remember, o.Alias = modelIdle, modelAbsolute, modelRemember, modelAlias
			o.MaxPerUser, o.Carry = modelPerUser, []string{"k0", "k1"}
		})
		for range redistest.Scale(20_000) {
			if w.r.IntN(3) == 0 {
				w.others()
			} else {
				w.request()
			}
			for range min(4, len(w.cookies)) {
				w.check(w.cookies[max(0, len(w.cookies)-1-w.r.IntN(20))])
			}
		}
		for _, cookie := range w.cookies {
			w.check(cookie)
		}
	})
}
