package token_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

type reset struct {
	Email string `json:"email"`
}

func newOneTime(t testing.TB, rb *redbrick.Client, purpose string, o token.OneTimeOptions) *token.OneTime[reset] {
	t.Helper()
	return must(token.NewOneTime[reset](rb, purpose, o))(t)
}

func TestAOneTimeTokenIsGoodOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{})
		for _, subject := range []string{"7", "", "{x}", "\x00"} {
			issued := must(o.Issue(ctx, subject, reset{"anna@example.org"}))(t)
			for range 2 { // looking leaves it good
				if g := must(o.Peek(ctx, issued.Token))(t); g.Subject != subject || g.ID != issued.ID || g.Value.Email != "anna@example.org" {
					t.Fatalf("peek: got %+v", g)
				}
			}
			g := must(o.Consume(ctx, issued.Token))(t)
			if g.Subject != subject || g.Value.Email != "anna@example.org" || !g.Expires.Equal(issued.Expires) || g.Expires.Sub(g.Issued) != 10*time.Minute {
				t.Fatalf("consume: got %+v", g)
			}
			_, err := o.Consume(ctx, issued.Token)
			is(t, "second use", err, token.ErrInvalid)
			_, err = o.Peek(ctx, issued.Token)
			is(t, "look after use", err, token.ErrInvalid)
		}
	})
}

// consumers is a process in which many use one token: a line with the token, a line with how many got it.
var consumers = redistest.NewProgram("consumers", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	o, err := token.NewOneTime[reset](rb, "reset", token.OneTimeOptions{})
	if err != nil {
		return err
	}
	if err := c.Send("ready"); err != nil {
		return err
	}
	for {
		line, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		won, err := consume(ctx, o, line, 50)
		if err != nil {
			return err
		}
		if err := c.Send(strconv.Itoa(won)); err != nil {
			return err
		}
	}
})

// consume uses a token n times at once and counts who got it.
func consume(ctx context.Context, o *token.OneTime[reset], text string, n int) (int, error) {
	var won atomic.Int64
	var wg sync.WaitGroup
	faults := make([]error, n)
	for i := range n {
		wg.Go(func() {
			switch _, err := o.Consume(ctx, text); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, token.ErrInvalid):
				faults[i] = err
			}
		})
	}
	wg.Wait()
	return int(won.Load()), errors.Join(faults...)
}

func TestOfAHundredInTwoProcessesOneGetsTheToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{})
		processes := []*redistest.Process{consumers.Start(t, rb), consumers.Start(t, rb)}
		for _, p := range processes {
			if line := p.Recv(); line != "ready" {
				t.Fatalf("a process says %q", line)
			}
		}
		for range 20 {
			text := must(o.Issue(t.Context(), "7", reset{}))(t).Token
			for _, p := range processes {
				p.Send(text)
			}
			won := 0
			for _, p := range processes {
				won += must(strconv.Atoi(p.Recv()))(t)
			}
			if won != 1 {
				t.Fatalf("%d of 100 got the token, want 1", won)
			}
		}
	}, redistest.Processes)
}

func TestOfAHundredOneGetsTheToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{})
		for range 20 {
			text := must(o.Issue(t.Context(), "7", reset{}))(t).Token
			if won := must(consume(t.Context(), o, text, 100))(t); won != 1 {
				t.Fatalf("%d of 100 got the token, want 1", won)
			}
		}
	})
}

func TestATokenOfOnePurposeIsNothingToAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		first, second := newOneTime(t, rb, "reset", token.OneTimeOptions{}), newOneTime(t, rb, "confirm", token.OneTimeOptions{})
		key := must(token.NewOpaque[reset](rb, "reset", token.OpaqueOptions{Prefix: "rbo"}))(t)
		text := must(first.Issue(ctx, "7", reset{}))(t).Token
		_, err := second.Consume(ctx, text)
		is(t, "another purpose", err, token.ErrInvalid)
		_, err = key.Verify(ctx, text)
		is(t, "another kind", err, token.ErrInvalid)
		// Even one who copies what Redis holds from one purpose to the other gains nothing.
		is(t, "copied", copyVault(t, rb, "to:", "reset", "confirm", text, second), token.ErrInvalid)
		must(first.Consume(ctx, text))(t)
	})
}

// copyVault copies the tokens of a subject to another purpose and tries a token there.
func copyVault(t *testing.T, rb *redbrick.Client, head, from, to, text string, o *token.OneTime[reset]) error {
	t.Helper()
	route := "{" + text[len("rbo_"):][:13] + "}:"
	all := must(rb.Do(t.Context(), rb.B().Hgetall().Key(rb.Namespace()+head+route+from).Build()).AsStrMap())(t)
	if len(all) == 0 {
		t.Fatal("there is nothing to copy")
	}
	for field, value := range all {
		ok(t, rb.Do(t.Context(), rb.B().Hset().Key(rb.Namespace()+head+route+to).FieldValue().FieldValue(field, value).Build()).Error())
	}
	_, err := o.Consume(t.Context(), text)
	return err
}

func TestAskingAgainAndAgainCostsNoMemory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{Max: 3})
		var all []string
		for range 10 {
			all = append(all, must(o.Issue(ctx, "7", reset{}))(t).Token)
		}
		key := rb.Namespace() + "to:{" + all[0][len("rbo_"):][:13] + "}:reset"
		if kept := must(rb.Do(ctx, rb.B().Hkeys().Key(key).Build()).AsStrSlice())(t); len(kept) != 3 {
			t.Errorf("%d tokens are kept, want 3", len(kept))
		}
		must(o.Peek(ctx, all[9]))(t)
		good := 0
		for _, text := range all {
			if _, err := o.Consume(ctx, text); err == nil {
				good++
			}
		}
		if good != 3 {
			t.Errorf("%d of 10 tokens are good, want 3", good)
		}
	})
}

func TestRevokingEndsTheTokensOfASubjectAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{})
		mine, other := must(o.Issue(ctx, "7", reset{}))(t), must(o.Issue(ctx, "8", reset{}))(t)
		ok(t, o.Revoke(ctx, "7"))
		_, err := o.Consume(ctx, mine.Token)
		is(t, "revoked", err, token.ErrInvalid)
		must(o.Consume(ctx, other.Token))(t)
		is(t, "no subject", o.Revoke(ctx, ""), redbrick.ErrConfig)
	})
}

func TestATokenEndsByItsTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOneTime(t, rb, "reset", token.OneTimeOptions{})
		long := newOneTime(t, rb, "reset", token.OneTimeOptions{TTL: time.Hour})
		short := must(o.Issue(ctx, "7", reset{}))(t)
		other := must(long.Issue(ctx, "7", reset{}))(t) // keeps the key there
		redistest.Advance(t, rb, 10*time.Minute-time.Second)
		must(o.Peek(ctx, short.Token))(t)
		redistest.Advance(t, rb, time.Second)
		_, err := o.Peek(ctx, short.Token)
		is(t, "after its time", err, token.ErrInvalid)
		_, err = o.Consume(ctx, short.Token)
		is(t, "after its time", err, token.ErrInvalid)
		must(long.Consume(ctx, other.Token))(t)
		must(o.Issue(ctx, "7", reset{}))(t)
		redistest.Advance(t, rb, 10*time.Minute+time.Millisecond) // a key goes after its last millisecond
		if left := keys(t, rb); len(left) > 1 || strings.Contains(strings.Join(left, ""), "to:") {
			t.Errorf("keys that are left: %q", left)
		}
	}, redistest.Clock)
}
