package token_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

func TestAUserSeesAndEndsItsFamilies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := &logins{}
		r := newRefresh(t, rb, l)
		var issued []token.Refreshed
		for _, s := range []string{"a", "b", "c", "d"} {
			issued = append(issued, must(r.Issue(ctx, login("7", s), ""))(t))
		}
		other := must(r.Issue(ctx, login("8", "e"), ""))(t)
		again := must(r.Rotate(ctx, issued[2].Token, ""))(t)
		all := must(r.List(ctx, "7"))(t)
		if len(all) != 4 {
			t.Fatalf("%d families, want 4: %+v", len(all), all)
		}
		for _, f := range all {
			if f.ID == again.Family && (f.Session != login("7", "c") || !f.Expires.Equal(again.Expires) || !f.Ends.Equal(again.Ends) || f.LastUsed.Before(f.Created)) {
				t.Errorf("got %+v, want %+v", f, again)
			}
		}
		if must(r.RevokeFamily(ctx, "8", issued[0].Family))(t) || must(r.RevokeFamily(ctx, "7", "x"))(t) || must(r.RevokeFamily(ctx, "7", strings.Repeat("}", 26)))(t) {
			t.Error("the family of another was ended")
		}
		if !must(r.RevokeFamily(ctx, "7", issued[0].Family))(t) || must(r.RevokeFamily(ctx, "7", issued[0].Family))(t) {
			t.Error("revoking a family does not tell whether it went on")
		}
		ok(t, r.Revoke(ctx, issued[1].Token))
		for _, x := range issued[:2] {
			_, err := r.Rotate(ctx, x.Token, "")
			is(t, "revoked", err, token.ErrEnded)
		}
		for _, x := range issued[:2] { // who looks at Redis sees why
			key := rb.Namespace() + "tr:{" + token.RouteOf(rb.Namespace(), "7") + "}:" + x.Family
			if why := must(rb.Do(ctx, rb.B().Hget().Key(key).Field("x").Build()).ToString())(t); why != "revoked" {
				t.Errorf("a revoked family says %q", why)
			}
		}
		if all = must(r.List(ctx, "7"))(t); len(all) != 2 {
			t.Errorf("families: %+v, want two", all)
		}
		ok(t, r.RevokeAll(ctx, "7"))
		for _, x := range []string{again.Token, issued[3].Token, issued[2].Token} {
			_, err := r.Rotate(ctx, x, "")
			is(t, "all revoked", err, token.ErrEnded)
		}
		must(r.Rotate(ctx, other.Token, ""))(t)
		if len(l.ends) != 0 {
			t.Errorf("sessions %q were ended: revoking tokens is no reuse", l.ends)
		}
		next := must(r.Issue(ctx, login("7", "f"), ""))(t)
		if all = must(r.List(ctx, "7"))(t); len(all) != 1 || all[0].ID != next.Family {
			t.Errorf("families after all were revoked: %+v, want the new one", all)
		}
		_, err := r.List(ctx, "")
		is(t, "no user", err, redbrick.ErrConfig)
		is(t, "no user", r.RevokeAll(ctx, ""), redbrick.ErrConfig)
		_, err = r.Issue(ctx, token.Session{UserID: "7"}, "")
		is(t, "no session", err, redbrick.ErrConfig)
	})
}

// A list has one order, though much of it is of the same millisecond.
func TestListsHaveOneOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{})
		o := must(token.NewOpaque[string](rb, "ci", token.OpaqueOptions{TTL: time.Hour, Max: 50}))(t)
		for range 50 {
			must(r.Issue(ctx, login("7", "s"), ""))(t)
			must(o.Issue(ctx, "7", ""))(t)
		}
		if all := must(r.List(ctx, "7"))(t); len(all) != 50 || !slices.IsSortedFunc(all, func(a, b token.Family) int {
			return cmp.Or(b.LastUsed.Compare(a.LastUsed), cmp.Compare(a.ID, b.ID))
		}) {
			t.Errorf("%d families: %+v", len(all), all)
		}
		if all := must(o.List(ctx, "7"))(t); len(all) != 50 || !slices.IsSortedFunc(all, func(a, b token.Grant[string]) int {
			return cmp.Or(b.Issued.Compare(a.Issued), cmp.Compare(a.ID, b.ID))
		}) {
			t.Errorf("%d tokens: %+v", len(all), all)
		}
	})
}

// Ending all of a user's families is one command for one and for many.
func TestRevokeAllCostsTheSameHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	var sent commands
	each(t, func(t *testing.T, rb *redbrick.Client) {
		r := newRefresh(t, rb, &logins{}, func(o *token.RefreshOptions) { o.MaxFamilies = 1000 })
		for _, n := range []int{1, 1000} {
			for range n {
				must(r.Issue(t.Context(), login("7", "s"), ""))(t)
			}
			before := sent.count()
			ok(t, r.RevokeAll(t.Context(), "7"))
			if got := sent.count() - before; got != 1 {
				t.Errorf("%d families: %d commands, want 1", n, got)
			}
		}
	}, sent.option(), redistest.Only("embedded"))
}

// A user who logs in again and again has so many families and no more, and nothing is left in the end.
func TestTheIndexOfAUserWhoNeverLogsOutIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{}, func(o *token.RefreshOptions) { o.MaxFamilies = 5 })
		var issued []token.Refreshed
		for range 20 {
			issued = append(issued, must(r.Issue(ctx, login("7", "s"), ""))(t))
			redistest.Advance(t, rb, time.Hour)
		}
		index := rb.Namespace() + "ti:{" + token.RouteOf(rb.Namespace(), "7") + "}"
		if n := must(rb.Do(ctx, rb.B().Zrange().Key(index).Min("0").Max("-1").Build()).AsStrSlice())(t); len(n) != 5 {
			t.Errorf("the index holds %d families, want 5", len(n))
		}
		_, err := r.Rotate(ctx, issued[14].Token, "")
		is(t, "the one that gave way", err, token.ErrEnded)
		must(r.Rotate(ctx, issued[15].Token, ""))(t)
		redistest.Advance(t, rb, 30*24*time.Hour) // the index lives a day longer than its last family
		must(r.Issue(ctx, login("7", "s"), ""))(t)
		if n := must(rb.Do(ctx, rb.B().Zrange().Key(index).Min("0").Max("-1").Build()).AsStrSlice())(t); len(n) != 1 {
			t.Errorf("the index holds %d families, want the one that lives", len(n))
		}
		redistest.Advance(t, rb, 32*24*time.Hour)
		if left := keys(t, rb); len(left) != 1 {
			t.Errorf("keys that are left: %q, want that of the layout", left)
		}
	}, redistest.Clock)
}

// Whoever has as many families as he may and logs in where families are shorter is not the one who gives way.
func TestTheNewFamilyNeverGivesWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		long := newRefresh(t, rb, &logins{}, func(o *token.RefreshOptions) { o.MaxFamilies = 3 })
		short := newRefresh(t, rb, &logins{}, func(o *token.RefreshOptions) { o.MaxFamilies, o.Idle, o.Absolute = 3, time.Hour, time.Hour })
		for range 3 {
			must(long.Issue(ctx, login("7", "s"), ""))(t)
		}
		last := must(short.Issue(ctx, login("7", "s"), ""))(t)
		must(short.Rotate(ctx, last.Token, ""))(t)
		if all := must(long.List(ctx, "7"))(t); len(all) != 3 {
			t.Errorf("%d families, want 3", len(all))
		}
	})
}

// No sequence of rotations outlives the absolute end, and what is not used ends before.
func TestAFamilyNeverOutlivesItsAbsoluteEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{})
		used, idle := must(r.Issue(ctx, login("7", "s"), ""))(t), must(r.Issue(ctx, login("7", "idle"), ""))(t)
		if d := used.Ends.Sub(used.Expires); d != 23*24*time.Hour {
			t.Errorf("the absolute end is %v after the idle one, want 23 days", d)
		}
		ends, text := used.Ends, used.Token
		for day := 6; day < 30; day += 6 {
			redistest.Advance(t, rb, 6*24*time.Hour)
			got := must(r.Rotate(ctx, text, ""))(t)
			if !got.Ends.Equal(ends) || got.Expires.After(ends) {
				t.Errorf("day %d: ends %v and expires %v, want the end to stay %v", day, got.Ends, got.Expires, ends)
			}
			text = got.Token
		}
		_, err := r.Rotate(ctx, idle.Token, "")
		is(t, "not used for 24 days", err, token.ErrInvalid)
		redistest.Advance(t, rb, 6*24*time.Hour+time.Second)
		_, err = r.Rotate(ctx, text, "")
		is(t, "after the absolute end", err, token.ErrInvalid)
	}, redistest.Clock)
}

// The tombstone of a family is there for as long as a token of it could have been.
func TestTheTombstoneOutlivesTheLongestToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb, none)
		u.refused(t, "reuse", token.ErrReused, u.first)
		redistest.Advance(t, rb, 30*24*time.Hour-time.Minute)
		u.refused(t, "a minute before the absolute end", token.ErrReused, u.first, u.second)
		redistest.Advance(t, rb, 2*time.Minute)
		u.refused(t, "after the absolute end", token.ErrInvalid, u.second)
	}, redistest.Clock)
}

// A session that got a new epoch, because its user ended all others, keeps its family; those of the others end.
func TestRebindKeepsTheFamilyOfTheCurrentSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := &logins{}
		r := newRefresh(t, rb, l)
		current, other := must(r.Issue(ctx, login("7", "current"), ""))(t), must(r.Issue(ctx, login("7", "other"), ""))(t)
		l.set(func() { l.epoch++ })
		now := current.Session
		now.Epoch = 1
		ok(t, r.Rebind(ctx, current.Session, now))
		got := must(r.Rotate(ctx, current.Token, ""))(t)
		if got.Session != now {
			t.Errorf("session %+v, want %+v", got.Session, now)
		}
		_, err := r.Rotate(ctx, other.Token, "")
		is(t, "another session", err, token.ErrEnded)
		ok(t, r.Rebind(ctx, token.Session{UserID: "nobody"}, now))
	})
}

// A rotation of the client's own that comes before Rebind is refused, and ends nothing: the same token is good after it.
func TestARotationBeforeRebindEndsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb)
		u.set(func() { u.epoch++ })
		u.refused(t, "before Rebind", token.ErrEnded, u.second, u.first)
		now := u.second.Session
		now.Epoch = 1
		ok(t, u.Rebind(t.Context(), u.second.Session, now))
		if got := must(u.Rotate(t.Context(), u.second.Token, ""))(t); got.Again || got.Session != now {
			t.Errorf("got %+v, want the first rotation of the session %+v", got, now)
		}
	})
}

// A login in daily use does not give way to logins that have been idle for too long and live no more, nor to younger ones that
// are used less.
func TestTheFamilyThatIsNotUsedGivesWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		u := newUsed(t, rb, func(o *token.RefreshOptions) { o.MaxFamilies = 3 })
		text := u.second.Token
		use := func() {
			t.Helper()
			redistest.Advance(t, rb, 24*time.Hour)
			text = must(u.Rotate(ctx, text, ""))(t).Token
		}
		issue := func(s string) token.Refreshed {
			redistest.Advance(t, rb, time.Minute)
			return must(u.Issue(ctx, login("7", s), ""))(t)
		}
		issue("dead")
		issue("dead too")
		for range 8 {
			use()
		}
		forgotten, young := issue("forgotten"), issue("young")
		if all := must(u.List(ctx, "7"))(t); len(all) != 3 {
			t.Errorf("%d families live, want 3: %+v", len(all), all)
		}
		use()
		must(u.Rotate(ctx, young.Token, ""))(t)
		issue("new")
		u.refused(t, "not used for the longest", token.ErrEnded, forgotten)
		use()
	}, redistest.Clock)
}

// A replaced secret in the list keeps old tokens good; one that is left out ends them, and no family for that.
func TestSecretsAreReplacedWithoutLoggingAnyoneOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := &logins{}
		with := func(all ...[]byte) *token.Refresh {
			return newRefresh(t, rb, l, func(o *token.RefreshOptions) { o.Secrets = all })
		}
		before, both, after := with(secrets[1]), with(secrets...), with(secrets[0])
		first := must(before.Issue(ctx, login("7", "s"), ""))(t)
		_, err := after.Rotate(ctx, first.Token, "")
		is(t, "the secret is not known", err, token.ErrInvalid)
		second := must(both.Rotate(ctx, first.Token, ""))(t)
		// The successor was made with the new secret; a process that has only the old one cannot make it, and says so.
		_, err = before.Rotate(ctx, first.Token, "")
		is(t, "the new secret is not known", err, token.ErrInvalid)
		_, err = before.Rotate(ctx, second.Token, "")
		is(t, "the new secret is not known", err, token.ErrInvalid)
		// Processes that list the secrets in another order give the same successor.
		if again := must(with(secrets[1], secrets[0]).Rotate(ctx, first.Token, ""))(t); again.Token != second.Token {
			t.Error("the order of the secrets changes the successor")
		}
		must(after.Rotate(ctx, second.Token, ""))(t)
		if len(l.ends) != 0 {
			t.Errorf("sessions %q were ended", l.ends)
		}
	})
}

// A rotation that Redis lost in a failover logs out and ends nothing.
func TestAGenerationThatRedisDoesNotKnowIsInvalid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb)
		u.write(t, rb, "g", "0")
		u.refused(t, "from the future", token.ErrInvalid, u.second)
		u.write(t, rb, "g", "1", "h", "x")
		u.refused(t, "another secret", token.ErrInvalid, u.second)
		for _, field := range []string{"g", "e"} {
			ok(t, rb.Do(t.Context(), rb.B().Hdel().Key(u.key(rb)).Field(field).Build()).Error())
			u.refused(t, "without "+field, token.ErrInvalid, u.second)
		}
		if all := must(u.List(t.Context(), "7"))(t); len(all) != 0 || len(u.ends) != 0 {
			t.Errorf("families %+v, sessions ended %q, want none", all, u.ends)
		}
	})
}

// Who can write Redis, and has a login of his own, does not become somebody else by it.
func TestAFamilyCannotBeGivenToAnotherUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb)
		for _, user := range []string{"8", ""} {
			u.write(t, rb, "u", user)
			u.refused(t, "a family that says it is another's", token.ErrInvalid, u.second)
		}
		u.write(t, rb, "u", "7")
		must(u.Rotate(t.Context(), u.second.Token, ""))(t)
	})
}
