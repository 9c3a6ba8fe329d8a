package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

type rights struct {
	Name  string
	Write bool
}

func newOpaque(t testing.TB, rb *redbrick.Client, o token.OpaqueOptions) *token.Opaque[rights] {
	t.Helper()
	return must(token.NewOpaque[rights](rb, "api", o))(t)
}

func TestAnOpaqueTokenIsGoodUntilRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOpaque(t, rb, token.OpaqueOptions{Prefix: "shop_key"})
		var issued []token.Issued
		for _, name := range []string{"a", "b", "c", "d"} {
			issued = append(issued, must(o.Issue(ctx, "7", rights{name, name == "a"}))(t))
		}
		free := must(o.Issue(ctx, "", rights{"free", true}))(t)
		for range 3 {
			g := must(o.Verify(ctx, issued[0].Token))(t)
			if g.Value != (rights{"a", true}) || g.Subject != "7" || g.ID != issued[0].ID || !g.Expires.Equal(issued[0].Expires) {
				t.Fatalf("verify: got %+v", g)
			}
		}
		names := func() string {
			var all []string
			for _, g := range must(o.List(ctx, "7"))(t) {
				all = append(all, g.Value.Name)
			}
			return strings.Join(all, "")
		}
		if got := names(); len(got) != 4 {
			t.Errorf("list: %q, want 4", got)
		}
		ok(t, o.Revoke(ctx, issued[0].Token))
		ok(t, o.Revoke(ctx, issued[0].Token))
		_, err := o.Verify(ctx, issued[0].Token)
		is(t, "revoked", err, token.ErrInvalid)
		for want, id := range map[bool]string{true: issued[1].ID, false: issued[0].ID} {
			if had := must(o.RevokeID(ctx, "7", id))(t); had != want {
				t.Errorf("revoke by id: %v, want %v", had, want)
			}
		}
		if must(o.RevokeID(ctx, "8", issued[2].ID))(t) || must(o.RevokeID(ctx, "7", ""))(t) || must(o.RevokeID(ctx, "7", issued[2].ID[:3]))(t) {
			t.Error("revoked by the id of another, or by a part of it")
		}
		if got := names(); len(got) != 2 || !strings.Contains(got, "c") || !strings.Contains(got, "d") {
			t.Errorf("list: %q, want c and d", got)
		}
		ok(t, o.RevokeAll(ctx, "7"))
		if got := names(); got != "" {
			t.Errorf("list: %q, want none", got)
		}
		must(o.Verify(ctx, free.Token))(t)
	})
}

func TestASubjectHasSoManyOpaqueTokensAndNoMore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOpaque(t, rb, token.OpaqueOptions{Max: 2})
		first := must(o.Issue(ctx, "7", rights{}))(t)
		must(o.Issue(ctx, "7", rights{}))(t)
		_, err := o.Issue(ctx, "7", rights{})
		is(t, "one too many", err, token.ErrTooMany)
		must(o.Issue(ctx, "8", rights{}))(t)
		must(o.Verify(ctx, first.Token))(t)
		ok(t, o.Revoke(ctx, first.Token))
		must(o.Issue(ctx, "7", rights{}))(t)
	})
}

// What bears no checksum of ours costs no round trip, whatever comes; what bears one costs one.
func TestMadeUpTokensCostNoRoundTrip(t *testing.T) {
	t.Parallel()
	var sent commands
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o, r := newOpaque(t, rb, token.OpaqueOptions{}), newRefresh(t, rb, &logins{})
		good := must(o.Issue(ctx, "7", rights{}))(t).Token
		refresh := must(r.Issue(ctx, login("7", "s"), ""))(t).Token
		must(o.Verify(ctx, good))(t) // Redis knows the script from here on
		before := sent.count()
		for i := range len(good) {
			_, err := o.Verify(ctx, flip(good, i))
			is(t, "changed", err, token.ErrInvalid)
		}
		for i := range len(refresh) {
			_, err := r.Rotate(ctx, flip(refresh, i), "")
			is(t, "changed", err, token.ErrInvalid)
			if i < len(refresh)-checkLen { // somebody who knows how to count
				_, err = r.Rotate(ctx, recheck(flip(refresh, i)), "")
				is(t, "changed, with a checksum", err, token.ErrInvalid)
			}
		}
		for _, text := range []string{"", "_", "rbk", "rbk_", good + "a", good[1:], strings.ToUpper(good), good[:len(good)-1], " " + good, good + "\n"} {
			_, err := o.Verify(ctx, text)
			is(t, text, err, token.ErrInvalid)
			is(t, text, o.Revoke(ctx, text), token.ErrInvalid)
		}
		if n := sent.count() - before; n != 0 {
			t.Errorf("%d commands were sent", n)
		}
		_, err := o.Verify(ctx, recheck(flip(good, 30)))
		is(t, "made up with a checksum", err, token.ErrInvalid)
		if n := sent.count() - before; n != 1 {
			t.Errorf("%d commands were sent for a token that looks good, want 1", n)
		}
	}, sent.option(), redistest.Only("embedded"))
}

// flip changes one letter to another of the alphabet.
func flip(text string, at int) string {
	b := []byte(text)
	switch b[at] { // the others have a neighbour
	case 'z':
		b[at] = 'a'
	case '7':
		b[at] = '2'
	default:
		b[at]++
	}
	return string(b)
}

// checkLen is the length of a checksum.
const checkLen = 7

// recheck gives a text the checksum that fits.
func recheck(text string) string {
	body := text[:len(text)-checkLen]
	return body + token.Checksum(body)
}

func TestValuesAreBoundedAndFit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		text := must(token.NewOpaque[string](rb, "text", token.OpaqueOptions{}))(t)
		_, err := text.Issue(ctx, "7", strings.Repeat("x", 4096))
		is(t, "too large", err, redbrick.ErrTooLarge)
		long := must(text.Issue(ctx, strings.Repeat("u", 1000), strings.Repeat("x", 3000)))(t)
		if g := must(text.Verify(ctx, long.Token))(t); len(g.Value) != 3000 || len(g.Subject) != 1000 {
			t.Errorf("got %d and %d bytes", len(g.Value), len(g.Subject))
		}
		odd := `"}{` + "\x00\n<>&\u2028ü" + `\"exp":1,`
		issued := must(text.Issue(ctx, odd, odd))(t)
		if g := must(text.Verify(ctx, issued.Token))(t); g.Value != odd || g.Subject != odd {
			t.Errorf("got %q and %q, want %q", g.Value, g.Subject, odd)
		}
		_, err = text.Issue(ctx, "\xff", "") // JSON would make it the same as "\xfe"
		is(t, "a subject that is no text", err, redbrick.ErrConfig)
		number := must(token.NewOpaque[int](rb, "text", token.OpaqueOptions{}))(t)
		_, err = number.Verify(ctx, issued.Token)
		is(t, "a value of another type", err, token.ErrInvalid)
		if _, err := must(token.NewOpaque[func()](rb, "text", token.OpaqueOptions{}))(t).Issue(ctx, "7", nil); err == nil {
			t.Error("a function was kept")
		}
	})
}

// What others wrote under the key of a subject is no token, and goes when the next is issued.
func TestForeignRecordsAreNoTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := newOpaque(t, rb, token.OpaqueOptions{})
		text := must(o.Issue(ctx, "7", rights{}))(t).Token
		key := rb.Namespace() + "tk:{" + text[len("rbk_"):][:13] + "}:api"
		field := must(rb.Do(ctx, rb.B().Hkeys().Key(key).Build()).AsStrSlice())(t)[0]
		for _, garbage := range []string{"", "x", "{}", `{"exp":x`, `{"exp":-5,`, `{"exp":99999999999999,`, `{"exp":99999999999999,"v":0}`, `{"exp":99999999999999,"iat":"x"}`} {
			ok(t, rb.Do(ctx, rb.B().Hset().Key(key).FieldValue().FieldValue(field, garbage).Build()).Error())
			_, err := o.Verify(ctx, text)
			is(t, garbage, err, token.ErrInvalid)
			if got := must(o.List(ctx, "7"))(t); len(got) != 0 {
				t.Errorf("%q is listed as %v", garbage, got)
			}
		}
		ok(t, rb.Do(ctx, rb.B().Unlink().Key(key).Build()).Error())
		ok(t, rb.Do(ctx, rb.B().Zadd().Key(key).ScoreMember().ScoreMember(1, "x").Build()).Error())
		_, err := o.Verify(ctx, text)
		if err == nil || errors.Is(err, token.ErrInvalid) {
			t.Errorf("a key of another type: %v, want an error that blames Redis", err)
		}
	})
}

func TestBadOptionsAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := token.NewOneTime[int](rb, "{x}", token.OneTimeOptions{TTL: time.Millisecond, Prefix: "A", Max: -1})
	names(t, err, "name", "TTL", "Prefix", "Max", "{x}")
	_, err = token.NewOpaque[int](rb, "", token.OpaqueOptions{TTL: 20 * 365 * 24 * time.Hour, Prefix: "x_", Max: 1e6})
	names(t, err, "name", "TTL", "Prefix", "Max")
	_, err = token.NewRefresh(rb, token.RefreshOptions{Secrets: [][]byte{secrets[0], []byte("hush")}, Idle: time.Hour, Absolute: time.Minute, Grace: time.Hour, MaxFamilies: -1, Prefix: "?"})
	names(t, err, "Secrets[1]", "4 bytes", "Sessions", "EndSession", "Idle", "Grace", "MaxFamilies", "Prefix")
	_, err = token.NewRefresh(rb, token.RefreshOptions{})
	names(t, err, "Secrets", "Sessions")
	_, err = token.NewAccess(token.AccessOptions{TTL: time.Millisecond, Leeway: time.Hour})
	names(t, err, "Keys", "Issuer", "Audience", "TTL", "Leeway", "Sessions")
	_, err = token.NewAccess(token.AccessOptions{Leeway: 500 * time.Millisecond}) // would be none
	names(t, err, "Leeway")
}

// names holds an error of options to its words.
func names(t *testing.T, err error, words ...string) {
	t.Helper()
	is(t, "options", err, redbrick.ErrConfig)
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want it to name %s", err, w)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("error %q tells a secret", err)
	}
}
