package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

// seeds are texts near to tokens.
func seeds(f *testing.F, good ...string) {
	f.Helper()
	for _, g := range good {
		f.Add(g)
		f.Add(g[:len(g)-1])
		f.Add(strings.ToUpper(g))
		f.Add(g + g)
		for i := 0; i < len(g); i += 9 {
			f.Add(flip(g, i))
		}
		if len(g) > checkLen {
			f.Add(recheck(flip(g, len(g)/2)))
		}
	}
	f.Add("")
	f.Add("rbk_")
	f.Add(strings.Repeat("a", 10_000))
	f.Add("rbk_{}{}{}{}{}{}\x00\xff")
}

// Whatever comes, no token is accepted that was not issued, and nothing panics.
func FuzzRandomTokens(f *testing.F) {
	rb := redistest.Open(f, "embedded")
	one, opaque := newOneTime(f, rb, "reset", token.OneTimeOptions{Prefix: "rbk"}), newOpaque(f, rb, token.OpaqueOptions{})
	good := must(opaque.Issue(f.Context(), "7", rights{}))(f).Token
	once := must(one.Issue(f.Context(), "7", reset{}))(f).Token
	seeds(f, good, once)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := opaque.Verify(t.Context(), text); (err == nil) != (text == good) || err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("opaque %q: %v", text, err)
		}
		if _, err := one.Peek(t.Context(), text); (err == nil) != (text == once) || err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("one-time %q: %v", text, err)
		}
	})
}

func FuzzRefreshTokens(f *testing.F) {
	rb := redistest.Open(f, "embedded")
	l := &logins{}
	r := newRefresh(f, rb, l, func(o *token.RefreshOptions) {
		*o = o.LongGrace()
		o.Grace = 24 * time.Hour
	})
	good := must(r.Issue(f.Context(), login("7", "s"), ""))(f).Token
	next := must(r.Rotate(f.Context(), good, ""))(f).Token // from here on the first gives the second again and again
	seeds(f, good, next)
	f.Fuzz(func(t *testing.T, text string) {
		if text == next {
			return
		}
		got, err := r.Rotate(t.Context(), text, "")
		if (err == nil) != (text == good) || err != nil && !errors.Is(err, token.ErrInvalid) || err == nil && got.Token != next {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if len(l.ends) != 0 {
			t.Errorf("%q ended a session", text)
		}
	})
}

func FuzzAccessTokens(f *testing.F) {
	a := hsAccess(f, &logins{})
	good := forge(goodHeader, goodPayload, secrets[0])
	seeds(f, good, forge(`{"alg":"none","typ":"at+jwt","kid":"k"}`, goodPayload, nil))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := a.Verify(t.Context(), text); (err == nil) != (text == good) || err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// Of headers and payloads that bear a good signature, as a partner's may, those that are taken are read as encoding/json reads
// them.
func FuzzClaims(f *testing.F) {
	a := hsAccess(f, &logins{})
	payloads := []string{
		goodPayload, strings.ToUpper(goodPayload), strings.Replace(goodPayload, "7", `\u0037`, 1),
		strings.Replace(goodPayload, `"ep":0`, `"ep":-9007199254740991,"x":[{"a":[1e5,null,true,"\"]"]}],"roles":["a","\ud83d\ude00"],"scope":"\ud83d"`, 1),
		strings.Replace(goodPayload, `"api"`, ` [ "b" , "api" ] `, 1), strings.Replace(goodPayload, "{", `{"iss":"x",`, 1), "{}", "[]", "", `{"iss"`, `{"iss":"shop"`,
	}
	for _, p := range payloads {
		f.Add(goodHeader, p)
	}
	for _, h := range []string{`{"kid":"k","typ":"at+jwt","alg":"HS256","x":{}}`, `{"kid":"k","typ":"at+jwt","alg":"HS256","crit":[]}`, `{"kid":"k","kid":"k","typ":"at+jwt","alg":"HS256"}`, "{}", ""} {
		f.Add(h, goodPayload)
	}
	f.Fuzz(func(t *testing.T, header, payload string) {
		c, err := a.Verify(t.Context(), forge(header, payload, secrets[0]))
		if err != nil {
			if !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%q %q: %v", header, payload, err)
			}
			return
		}
		var h struct{ Alg, Typ, Kid string }
		var p map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(header), &h), json.Unmarshal([]byte(payload), &p)); err != nil {
			t.Fatalf("%q %q was taken and is no JSON: %v", header, payload, err)
		}
		if h.Alg != "HS256" || h.Kid != "k" {
			t.Errorf("header %q was taken", header)
		}
		for name, got := range map[string]any{
			"sub": c.UserID, "rt": c.Route, "sid": c.PublicID, "ep": c.Epoch, "scope": c.Scope, "jti": c.ID, "iat": c.IssuedAt.Unix(), "exp": c.Expires.Unix(),
		} {
			want := []byte(p[name])
			if want == nil {
				continue
			}
			switch got := got.(type) {
			case string:
				var s string
				if json.Unmarshal(want, &s) != nil || s != got {
					t.Errorf("%q: %s is read as %q, want %s", payload, name, got, want)
				}
			case int64:
				var n int64
				if json.Unmarshal(want, &n) != nil || n != got {
					t.Errorf("%q: %s is read as %d, want %s", payload, name, got, want)
				}
			}
		}
		var roles []string
		if p["roles"] != nil && (json.Unmarshal(p["roles"], &roles) != nil || !slices.Equal(roles, c.Roles)) {
			t.Errorf("%q: roles are read as %q", payload, c.Roles)
		}
	})
}

// What is signed is not read before its signature is good.
func TestNothingIsReadBeforeTheSignature(t *testing.T) {
	t.Parallel()
	a := hsAccess(t, &logins{})
	broken := base64.RawURLEncoding.EncodeToString([]byte(goodHeader)) + "." + base64.RawURLEncoding.EncodeToString([]byte("{")) + "." + strings.Repeat("A", 43)
	_, err := a.Verify(t.Context(), broken)
	is(t, "bad signature over a bad payload", err, token.ErrInvalid)
	if !strings.Contains(err.Error(), "signature") {
		t.Errorf("error %v, want it to blame the signature", err)
	}
}
