package token_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

// rotators is a process in which many rotate one token: a line with the token, a line with all the different answers.
var rotators = redistest.NewProgram("rotators", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	// The order of the secrets differs from the parent's, as while a new one is rolled out.
	r, err := token.NewRefresh(rb, token.RefreshOptions{
		Secrets: [][]byte{secrets[1], secrets[0]}, Grace: time.Minute, AllowInsecure: "the test ends no session",
	})
	if err != nil {
		return err
	}
	for {
		if err := c.Send("ready"); err != nil {
			return err
		}
		line, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		if err := c.Send(strings.Join(rotate(ctx, r, line, 50), " ")); err != nil {
			return err
		}
	}
})

// rotate rotates a token n times at once and gives the different successors and errors.
func rotate(ctx context.Context, r *token.Refresh, text string, n int) []string {
	var wg sync.WaitGroup
	answers := make([]string, n)
	for i := range n {
		wg.Go(func() {
			got, err := r.Rotate(ctx, text, "browser")
			if answers[i] = got.Token; err != nil {
				answers[i] = "error:" + strings.ReplaceAll(err.Error(), " ", "_")
			}
		})
	}
	wg.Wait()
	slices.Sort(answers)
	return slices.Compact(answers)
}

func TestAHundredRefreshesAtOnceGiveOneSuccessor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{})
		text := must(r.Issue(ctx, login("7", "s"), "browser"))(t).Token
		for range 10 {
			all := rotate(ctx, r, text, 100)
			if len(all) != 1 || all[0] == text || strings.HasPrefix(all[0], "error:") {
				t.Fatalf("%d different answers: %q", len(all), all)
			}
			text = all[0]
		}
		if got := must(r.List(ctx, "7"))(t); len(got) != 1 {
			t.Errorf("%d families, want 1", len(got))
		}
	})
}

func TestAHundredRefreshesInTwoProcessesGiveOneSuccessor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{})
		text := must(r.Issue(ctx, login("7", "s"), "browser"))(t).Token
		other := rotators.Start(t, rb)
		for range 20 {
			if line := other.Recv(); line != "ready" {
				t.Fatalf("the process says %q", line)
			}
			other.Send(text)
			all := append(rotate(ctx, r, text, 50), strings.Fields(other.Recv())...)
			slices.Sort(all)
			all = slices.Compact(all)
			if len(all) != 1 || all[0] == text || strings.HasPrefix(all[0], "error:") {
				t.Fatalf("%d different answers: %q", len(all), all)
			}
			text = all[0]
		}
	}, redistest.Processes)
}

// After the grace the use of an old token ends its family, the session, and with that the access tokens.
func TestReuseAfterTheGraceEndsTheFamilyAndItsAccessTokens(t *testing.T) {
	t.Parallel()
	reuse := func(t *testing.T, rb *redbrick.Client, edit func(*token.RefreshOptions), wait func()) {
		ctx := t.Context()
		l := &logins{}
		var told []token.Family
		r := newRefresh(t, rb, l, edit, func(o *token.RefreshOptions) {
			o.OnReuse = func(_ context.Context, f token.Family) { told = append(told, f) }
		})
		access := newAccess(t, l)
		first := must(r.Issue(ctx, login("7", "stolen"), ""))(t)
		other := must(r.Issue(ctx, login("7", "other"), ""))(t)
		second := must(r.Rotate(ctx, first.Token, ""))(t)
		bearer := must(access.Issue(token.Claims{Session: second.Session}))(t).Token
		must(access.Verify(ctx, bearer))(t)
		wait()
		_, err := r.Rotate(ctx, first.Token, "")
		is(t, "reuse", err, token.ErrReused)
		_, err = access.Verify(ctx, bearer)
		is(t, "access token after reuse", err, token.ErrEnded)
		for _, text := range []string{second.Token, first.Token} {
			_, err = r.Rotate(ctx, text, "")
			is(t, "token of an ended family", err, token.ErrReused)
		}
		if len(told) != 1 || told[0].ID != first.Family || told[0].Session != login("7", "stolen") {
			t.Errorf("OnReuse was told %+v, want the family once", told)
		}
		must(r.Rotate(ctx, other.Token, ""))(t)
		if all := must(r.List(ctx, "7"))(t); len(all) != 1 || all[0].ID != other.Family {
			t.Errorf("families: %+v, want the other one", all)
		}
	}
	each(t, func(t *testing.T, rb *redbrick.Client) {
		reuse(t, rb, func(o *token.RefreshOptions) { o.Grace = 10 * time.Second },
			func() { redistest.Advance(t, rb, 10*time.Second+time.Millisecond) })
	}, redistest.Clock)
	each(t, func(t *testing.T, rb *redbrick.Client) {
		reuse(t, rb, func(o *token.RefreshOptions) { o.Grace = -1 }, func() {})
	}, redistest.Processes) // where the clock cannot be set
}

func TestTheGraceLastsAsLongAsItIsSaid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{}, func(o *token.RefreshOptions) { o.Grace = 0 })
		first := must(r.Issue(ctx, login("7", "s"), ""))(t)
		second := must(r.Rotate(ctx, first.Token, ""))(t)
		if second.Again {
			t.Error("the first use is told to be a repetition")
		}
		redistest.Advance(t, rb, 9*time.Second)
		again := must(r.Rotate(ctx, first.Token, ""))(t)
		if again.Token != second.Token || !again.Again || !again.Expires.Equal(second.Expires) || !again.Ends.Equal(second.Ends) {
			t.Errorf("within the grace: got %+v, want %+v", again, second)
		}
	}, redistest.Clock)
}

// Within the grace, an old token from another client is in the hands of a thief.
func TestTheGraceIsForTheSameClient(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		l := &logins{}
		r := newRefresh(t, rb, l)
		first := must(r.Issue(ctx, login("7", "s"), "browser"))(t)
		second := must(r.Rotate(ctx, first.Token, "browser"))(t)
		if again := must(r.Rotate(ctx, first.Token, "browser"))(t); again.Token != second.Token {
			t.Error("the same client gets another successor")
		}
		_, err := r.Rotate(ctx, first.Token, "curl")
		is(t, "another client", err, token.ErrReused)
		_, err = r.Rotate(ctx, second.Token, "browser")
		is(t, "the family", err, token.ErrReused)
		if !slices.Equal(l.ends, []string{"s", "s"}) {
			t.Errorf("sessions ended: %q", l.ends)
		}
	})
}

// A straggler gets its own successor, though that was used meanwhile: parallel requests have no order.
func TestAStragglerGetsTheSameSuccessorThoughItWasUsed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		r := newRefresh(t, rb, &logins{})
		chain := []string{must(r.Issue(ctx, login("7", "s"), ""))(t).Token}
		for i := range 12 {
			chain = append(chain, must(r.Rotate(ctx, chain[i], ""))(t).Token)
			for j := max(0, i-7); j <= i; j++ { // eight generations are remembered
				if got := must(r.Rotate(ctx, chain[j], ""))(t); got.Token != chain[j+1] {
					t.Fatalf("after %d rotations generation %d gives another successor", i+1, j)
				}
			}
		}
		_, err := r.Rotate(ctx, chain[3], "")
		is(t, "the ninth last generation", err, token.ErrReused)
	})
}

func TestAFamilyEndsWithItsSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb)
		u.set(func() { u.away = redbrick.ErrUnavailable })
		_, err := u.Rotate(t.Context(), u.second.Token, "")
		is(t, "not known whether the session lives", err, redbrick.ErrUnavailable)
		if errors.Is(err, token.ErrInvalid) {
			t.Errorf("error %v tells the client to forget its token", err)
		}
		u.set(func() { u.away = nil })
		third := must(u.Rotate(t.Context(), u.second.Token, ""))(t)
		if third.Again {
			t.Error("the token was used up though nothing was known")
		}
		ok(t, u.end(t.Context(), third.Session))
		u.refused(t, "the session is gone", token.ErrEnded, third, u.second, u.first)
		if len(u.ends) != 1 {
			t.Errorf("sessions ended %q: that is no reuse", u.ends)
		}
	})
}

// The family that Redis knows is not ended by a token that was made up, nor by one of another server.
func TestNobodyEndsTheFamilyOfAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		u := newUsed(t, rb, none)
		stranger := newRefresh(t, rb, u.logins, func(o *token.RefreshOptions) {
			o.Secrets = [][]byte{[]byte(strings.Repeat("x", 32))}
		})
		for _, x := range []token.Refreshed{u.first, u.second} {
			_, err := stranger.Rotate(ctx, x.Token, "")
			is(t, "of another server", err, token.ErrInvalid)
			is(t, "of another server", stranger.Revoke(ctx, x.Token), token.ErrInvalid)
		}
		for i := len("rbr_"); i < len(u.second.Token)-checkLen; i++ {
			made := recheck(flip(u.second.Token, i))
			u.refused(t, "made up", token.ErrInvalid, token.Refreshed{Token: made})
			is(t, "made up", u.Revoke(ctx, made), token.ErrInvalid)
		}
		must(u.Rotate(ctx, u.second.Token, ""))(t)
	})
}

// A session that could not be ended is ended when the next token of the family comes. The client is told all the same that its token
// is no good: a refusal never says as well that nothing is known, or one who asks that first would keep the token.
func TestASessionThatCouldNotBeEndedIsTriedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		u := newUsed(t, rb, none)
		u.set(func() { u.fault = redbrick.ErrUnavailable })
		_, err := u.Rotate(t.Context(), u.first.Token, "")
		is(t, "reuse", err, token.ErrReused)
		if errors.Is(err, redbrick.ErrUnavailable) || !strings.Contains(err.Error(), "could not be ended") {
			t.Errorf("reuse, session not ended: %v", err)
		}
		u.set(func() { u.fault = nil })
		_, err = u.Rotate(t.Context(), u.second.Token, "")
		is(t, "again", err, token.ErrReused)
		if err.Error() != token.ErrReused.Error() || !u.ended["s"] {
			t.Errorf("error %v, sessions ended %v", err, u.ended)
		}
	})
}

// A reuse that nobody came to tell of, because the answer was lost or the process died, is told when the next token of the family
// comes; once it was told it is not told again.
func TestAReuseThatWasNotToldIsToldLater(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		told := 0
		u := newUsed(t, rb, none, func(o *token.RefreshOptions) {
			o.OnReuse = func(_ context.Context, f token.Family) {
				if told++; told == 1 {
					panic("the process dies")
				}
				if f.Session != login("7", "s") {
					t.Errorf("told of %+v", f)
				}
			}
		})
		func() {
			defer func() { _ = recover() }()
			_, err := u.Rotate(t.Context(), u.first.Token, "")
			t.Errorf("nobody was told: %v", err)
		}()
		u.refused(t, "later", token.ErrReused, u.second, u.second, u.first)
		if told != 2 {
			t.Errorf("told %d times, want once more after the first was lost", told)
		}
	})
}

// The thief who goes away at once does not keep the session from ending.
func TestACallerThatLeavesDoesNotStopTheEnd(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx, leave := context.WithCancel(t.Context())
	l := &logins{}
	r := newRefresh(t, rb, l, func(o *token.RefreshOptions) {
		o.Grace = -1
		o.OnReuse = func(context.Context, token.Family) { leave() }
		o.EndSession = func(ctx context.Context, s token.Session) error {
			return errors.Join(ctx.Err(), l.end(ctx, s))
		}
	})
	first := must(r.Issue(ctx, login("7", "s"), ""))(t)
	must(r.Rotate(ctx, first.Token, ""))(t)
	_, err := r.Rotate(ctx, first.Token, "")
	is(t, "reuse", err, token.ErrReused)
	if err.Error() != token.ErrReused.Error() || !l.ended["s"] {
		t.Errorf("error %v, sessions ended %v", err, l.ended)
	}
}
