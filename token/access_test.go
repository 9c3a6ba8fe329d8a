package token_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/token"
)

// newAccess makes an Access over the logins, with the keys of the secrets.
func newAccess(t testing.TB, l token.Sessions, edits ...func(*token.AccessOptions)) *token.Access {
	t.Helper()
	o := token.AccessOptions{Keys: must(token.AccessKeysFromSecret(secrets...))(t), Issuer: "shop", Audience: "api", Sessions: l}
	for _, edit := range edits {
		edit(&o)
	}
	return must(token.NewAccess(o))(t)
}

// noon is when the tests of times are.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// ed25519Key is the same in every test.
var ed25519Key = ed25519.NewKeyFromSeed(secrets[0])

// forge makes a JWT of a header and a payload as they are, signed with a shared key.
func forge(header, payload string, secret []byte) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

const (
	goodHeader = `{"alg":"HS256","typ":"at+jwt","kid":"k"}`
	// goodPayload is good at noon.
	goodPayload = `{"iss":"shop","aud":"api","sub":"7","rt":"r","sid":"s","ep":0,"iat":1777636800,"exp":1777637700}`
)

// hsAccess has one shared key, k, and stands still at noon.
func hsAccess(t testing.TB, l token.Sessions) *token.Access {
	t.Helper()
	return newAccess(t, l, func(o *token.AccessOptions) {
		o.Keys = []token.AccessKey{must(token.HS256Key("k", secrets[0]))(t)}
		*o = o.At(func() time.Time { return noon })
	})
}

func TestAnAccessTokenBringsItsClaims(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]token.AccessKey{
		"HS256": must(token.AccessKeysFromSecret(secrets...))(t),
		"EdDSA": {must(token.EdDSAKey("2026", ed25519Key))(t)},
	} {
		a := newAccess(t, &logins{epoch: 5}, func(o *token.AccessOptions) { o.Keys = keys })
		s := login("7", "public")
		s.Epoch = 5
		want := token.Claims{Session: s, AuthTime: time.Unix(1700000000, 0), Roles: []string{"admin", `"odd" <&>`}, Scope: "read write"}
		issued := must(a.Issue(want))(t)
		got := must(a.Verify(t.Context(), issued.Token))(t)
		if !got.Expires.Equal(issued.Expires) || got.ID != issued.ID || got.Expires.Sub(got.IssuedAt) != 15*time.Minute || time.Since(got.IssuedAt) > time.Minute {
			t.Errorf("%s: got %+v, want those of %+v", name, got, issued)
		}
		want.ID, want.IssuedAt, want.Expires = got.ID, got.IssuedAt, got.Expires
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if other := must(a.Issue(want))(t); other.ID == issued.ID || other.Token == issued.Token {
			t.Errorf("%s: two tokens are the same", name)
		}
	}
}

// What programs in other languages sign with the same key is taken, whatever the order of its members.
func TestTokensOfOtherProgramsAreTaken(t *testing.T) {
	t.Parallel()
	a := hsAccess(t, &logins{})
	for _, header := range []string{
		goodHeader,
		`{"typ":"at+jwt","kid":"k","alg":"HS256"}`,
		` { "alg" : "HS256", "typ" : "application/at+jwt", "kid" : "\u006b", "cty":"JSON", "x":[1,{"y":null}], "jku":"https://evil.example" } `,
	} {
		for _, payload := range []string{
			goodPayload,
			strings.Replace(goodPayload, `"api"`, `["web","api"]`, 1),
			strings.Replace(goodPayload, `"ep":0`, `"ep":0,"more":{"a":[true,-1.5e3,""]},"\ud83d\ude00":"\u0000","roles":[],"nbf":1777636800`, 1),
		} {
			c := must(a.Verify(t.Context(), forge(header, payload, secrets[0])))(t)
			if c.UserID != "7" || c.Route != "r" || c.PublicID != "s" || !c.IssuedAt.Equal(noon) {
				t.Errorf("%s: got %+v", payload, c)
			}
		}
	}
}

func TestATokenHasNoSayInItsAlgorithm(t *testing.T) {
	t.Parallel()
	public := ed25519Key.Public().(ed25519.PublicKey)
	a := newAccess(t, &logins{}, func(o *token.AccessOptions) {
		o.Keys = []token.AccessKey{must(token.EdDSAKey("k", ed25519Key))(t), must(token.HS256Key("h", secrets[0]))(t)}
		*o = o.At(func() time.Time { return noon })
	})
	for name, text := range map[string]string{
		"HMAC with the public key":   forge(goodHeader, goodPayload, public),
		"HMAC with the shared key":   forge(goodHeader, goodPayload, secrets[0]),
		"none":                       forge(`{"alg":"none","typ":"at+jwt","kid":"k"}`, goodPayload, nil),
		"none, without a signature":  strings.TrimRight(forge(`{"alg":"none","typ":"at+jwt","kid":"h"}`, goodPayload, nil), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		"HS512":                      forge(`{"alg":"HS512","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[0]),
		"hs256":                      forge(`{"alg":"hs256","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[0]),
		"EdDSA with the HMAC of h":   forge(`{"alg":"EdDSA","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[0]),
		"a key of its own":           forge(`{"alg":"HS256","typ":"at+jwt","kid":"mine","jwk":{"kty":"oct","k":"AA"}}`, goodPayload, []byte{0}),
		"no key":                     forge(`{"alg":"HS256","typ":"at+jwt"}`, goodPayload, secrets[0]),
		"two algorithms":             forge(`{"alg":"EdDSA","alg":"HS256","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[0]),
		"an extension it must know":  forge(`{"alg":"HS256","typ":"at+jwt","kid":"h","crit":["exp"]}`, goodPayload, secrets[0]),
		"an ID token":                forge(`{"alg":"HS256","typ":"JWT","kid":"h"}`, goodPayload, secrets[0]),
		"no type":                    forge(`{"alg":"HS256","kid":"h"}`, goodPayload, secrets[0]),
		"signed with something else": forge(`{"alg":"HS256","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[1]),
	} {
		_, err := a.Verify(t.Context(), text)
		is(t, name, err, token.ErrInvalid)
	}
	must(a.Verify(t.Context(), forge(`{"alg":"HS256","typ":"at+jwt","kid":"h"}`, goodPayload, secrets[0])))(t)
}

func TestClaimsThatAreNotOursAreRefused(t *testing.T) {
	t.Parallel()
	a := hsAccess(t, &logins{})
	for from, to := range map[string]string{
		`"shop"`:             `"Shop"`,
		`"api"`:              `"apis"`,
		`"aud":"api"`:        `"aud":[]`,
		`"aud":"api",`:       ``,
		`"iss":"shop",`:      ``,
		`"sub":"7",`:         ``,
		`"sub":"7"`:          `"sub":""`,
		`"sub":`:             `"sub":"6","sub":`,
		`{"iss"`:             `{"\u0069ss":"shop","iss"`,
		`"sid":"s",`:         ``,
		`"rt":"r",`:          ``,
		`"iat":1777636800,`:  ``,
		`,"exp":1777637700`:  ``,
		`1777637700`:         `"1777637700"`,
		`"exp":1777637700`:   `"exp":1777637700.5`,
		`"exp":17776377`:     `"exp":017776377`,
		`"exp":1777637700}`:  `"exp":1.7776377e9}`,
		`"exp":1777637700} `: `"exp":99999999999999999999}`,
		`"ep":0`:             `"ep":-0`,
		`7700}`:              `7700`,
		`7700}  `:            `7700}}`,
		`7700} `:             `7700,}`,
		`"rt"`:               `rt`,
		`"r"`:                "\"\n\"",
		`"s"`:                "\"\xff\"",
		`"7"`:                `7`,
		`{`:                  `[`,
		`"ep"`:               `"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"ep"`,
	} {
		payload := strings.Replace(goodPayload, strings.TrimRight(from, " "), to, 1)
		if payload == goodPayload {
			t.Fatalf("%q is not in the payload", from)
		}
		_, err := a.Verify(t.Context(), forge(goodHeader, payload, secrets[0]))
		is(t, payload, err, token.ErrInvalid)
	}
	for _, text := range []string{"", ".", "..", "a.b", "a.b.c.d", "...", strings.Repeat("a", 9000), strings.Repeat("a", 4500) + "." + strings.Repeat("a", 4500) + ".a"} {
		_, err := a.Verify(t.Context(), text)
		is(t, text, err, token.ErrInvalid)
	}
}

// One text alone stands for a token: no padding, no spare bits, no line ends.
func TestATokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	a := hsAccess(t, &logins{})
	good := forge(goodHeader, goodPayload+" ", secrets[0])
	must(a.Verify(t.Context(), good))(t)
	part := strings.Split(good, ".")
	spellings := []string{good + "=", good + "\n", " " + good, good + ".", part[0] + "=." + part[1] + "." + part[2], part[0] + "." + part[1] + "\n." + part[2]}
	for i := range len(good) {
		b := []byte(good)
		b[i] ^= 1
		spellings = append(spellings, string(b))
	}
	// The last letter of a part has bits to spare.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	spare := func(part string) string {
		end := len(part) - 1
		return part[:end] + string(letters[strings.IndexByte(letters, part[end])^1])
	}
	spellings = append(spellings, part[0]+"."+part[1]+"."+spare(part[2]))
	if len(part[1])%4 == 0 {
		t.Fatal("the payload has no bits to spare")
	}
	// Signed as it stands, the payload has to be the one text of its bytes still.
	even := base64.RawURLEncoding.EncodeToString([]byte(goodPayload)) // a line end more would not change its length in bytes
	for _, payload := range []string{even + "\n", even[:4] + "\r" + even[4:], part[1] + "\n", part[1] + "=", part[1][:len(part[1])-1], spare(part[1])} {
		h := hmac.New(sha256.New, secrets[0])
		h.Write([]byte(part[0] + "." + payload))
		spellings = append(spellings, part[0]+"."+payload+"."+base64.RawURLEncoding.EncodeToString(h.Sum(nil)))
	}
	for _, text := range spellings {
		_, err := a.Verify(t.Context(), text)
		is(t, text, err, token.ErrInvalid)
	}
}

func TestTimesHoldWithTheLeewayThatIsSaid(t *testing.T) {
	t.Parallel()
	var now time.Time
	a := newAccess(t, &logins{}, func(o *token.AccessOptions) {
		*o = o.At(func() time.Time { return now })
	})
	now = noon
	text := must(a.Issue(token.Claims{Session: login("7", "s"), NotBefore: noon.Add(time.Minute)}))(t).Token
	early := must(a.Issue(token.Claims{Session: login("7", "s")}))(t).Token
	for _, at := range []struct {
		text string
		when time.Duration
		want error
	}{
		{text, 55*time.Second - 1, token.ErrInvalid},
		{text, 55 * time.Second, nil},
		{text, 15*time.Minute + 5*time.Second - 1, nil},
		{text, 15*time.Minute + 5*time.Second, token.ErrExpired},
		{text, 24 * time.Hour, token.ErrExpired},
		{early, -5*time.Second - 1, token.ErrInvalid},
		{early, -5 * time.Second, nil},
	} {
		now = noon.Add(at.when)
		if _, err := a.Verify(t.Context(), at.text); !errors.Is(err, at.want) {
			t.Errorf("%v after noon: %v, want %v", at.when, err, at.want)
		}
	}
	for _, c := range []token.Claims{
		{Session: login("7", "s"), Expires: now.Add(25 * time.Hour)}, {Session: login("7", "s"), Expires: now},
		{Session: login("", "s")}, {Session: login("7", "")},
		// Good for less than a second, so for none of those that a token counts in.
		{Session: login("7", "s"), IssuedAt: noon, Expires: noon.Add(999 * time.Millisecond)},
		// JSON would make one user of these two.
		{Session: login("\xfe", "s")}, {Session: login("\xff", "s")},
	} {
		_, err := a.Issue(c)
		is(t, fmt.Sprint(c), err, redbrick.ErrConfig)
	}
	long := strings.Replace(goodPayload, "1777637700", "1777723201", 1)
	_, err := hsAccess(t, &logins{}).Verify(t.Context(), forge(goodHeader, long, secrets[0]))
	is(t, "a lifetime above a day", err, token.ErrInvalid)
}

func TestAnAccessTokenDiesWithItsSession(t *testing.T) {
	t.Parallel()
	l := &logins{epoch: 3}
	a := newAccess(t, l)
	s := login("7", "s")
	s.Epoch = 3
	text := must(a.Issue(token.Claims{Session: s}))(t).Token
	must(a.Verify(t.Context(), text))(t)
	l.away = fmt.Errorf("%w: a dead link", redbrick.ErrUnavailable)
	_, err := a.Verify(t.Context(), text)
	is(t, "not known", err, redbrick.ErrUnavailable)
	if errors.Is(err, token.ErrInvalid) {
		t.Errorf("error %v tells the client to forget its token", err)
	}
	l.away = nil
	l.epoch++
	_, err = a.Verify(t.Context(), text)
	is(t, "another epoch", err, token.ErrEnded)
}

func TestKeysAreReplacedWithoutLoggingAnyoneOut(t *testing.T) {
	t.Parallel()
	old := newAccess(t, &logins{}, func(o *token.AccessOptions) { o.Keys = o.Keys[1:] })
	a := newAccess(t, &logins{})
	before := must(old.Issue(token.Claims{Session: login("7", "s")}))(t).Token
	must(a.Verify(t.Context(), before))(t)
	after := must(a.Issue(token.Claims{Session: login("7", "s")}))(t).Token
	_, err := old.Verify(t.Context(), after)
	is(t, "a key not known yet", err, token.ErrInvalid)
	eddsa := must(token.EdDSAKey("ed", ed25519Key))(t)
	public := must(token.EdDSAPublicKey("ed", ed25519Key.Public().(ed25519.PublicKey)))(t)
	ok(t, a.SetKeys(eddsa, must(token.AccessKeysFromSecret(secrets[0]))(t)[0]))
	_, err = a.Verify(t.Context(), before)
	is(t, "a key that is gone", err, token.ErrInvalid)
	must(a.Verify(t.Context(), after))(t)
	signed := must(a.Issue(token.Claims{Session: login("7", "s")}))(t).Token
	checker := newAccess(t, &logins{}, func(o *token.AccessOptions) { o.Keys = []token.AccessKey{public} })
	must(checker.Verify(t.Context(), signed))(t)
	_, err = checker.Issue(token.Claims{Session: login("7", "s")})
	is(t, "a key that only checks", err, redbrick.ErrConfig)
	is(t, "two keys of one id", a.SetKeys(eddsa, public), redbrick.ErrConfig)
	is(t, "no key", a.SetKeys(), redbrick.ErrConfig)
	is(t, "the zero key", a.SetKeys(token.AccessKey{}), redbrick.ErrConfig)
}

func TestWeakKeysNeedAReason(t *testing.T) {
	t.Parallel()
	weak := must(token.AccessKeysFromSecret(secrets[0], []byte("short")))(t)
	o := token.AccessOptions{Keys: weak, Issuer: "shop", Audience: "api", Sessions: &logins{}}
	_, err := token.NewAccess(o)
	names(t, err, "Keys[1]", "32 bytes")
	o.AllowInsecure = "development"
	must(token.NewAccess(o))(t)
	for _, f := range []func() error{
		func() error { _, err := token.AccessKeysFromSecret(); return err },
		func() error { _, err := token.AccessKeysFromSecret(secrets[0], nil); return err },
		func() error { _, err := token.HS256Key("k", nil); return err },
		func() error { _, err := token.HS256Key("", secrets[0]); return err },
		func() error { _, err := token.EdDSAKey("k", nil); return err },
		func() error { _, err := token.EdDSAPublicKey("k", make([]byte, 31)); return err },
	} {
		is(t, "bad key", f(), redbrick.ErrConfig)
	}
}

// The key of access tokens is not the secret, nor that of another use.
func TestKeysComeFromTheSecretByHKDF(t *testing.T) {
	t.Parallel()
	key := must(token.AccessKeysFromSecret(secrets[0]))(t)[0]
	a := newAccess(t, &logins{}, func(o *token.AccessOptions) { *o = o.At(func() time.Time { return noon }) })
	header := fmt.Sprintf(`{"alg":"HS256","typ":"at+jwt","kid":%q}`, key.ID())
	// Made with a program of another author (openssl kdf HKDF, info "redbrick/token/access/hs256").
	_, err := a.Verify(t.Context(), forge(header, goodPayload, secrets[0]))
	is(t, "signed with the secret itself", err, token.ErrInvalid)
	if strings.Contains(header, string(secrets[0])) {
		t.Error("the id tells the secret")
	}
	if again := must(token.AccessKeysFromSecret(secrets[0]))(t)[0]; again.ID() != key.ID() || again.ID() == must(token.AccessKeysFromSecret(secrets[1]))(t)[0].ID() {
		t.Error("ids do not tell secrets apart alike in every process")
	}
}

func TestTheBearerIsInTheHeaderAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		token  string
		err    error
	}{
		{nil, "", token.ErrMissing},
		{[]string{""}, "", token.ErrMissing},
		{[]string{"Basic YTpi"}, "", token.ErrMissing},
		{[]string{"Bearer"}, "", token.ErrMissing},
		{[]string{"Bearerabc"}, "", token.ErrMissing},
		{[]string{"Bearer "}, "", token.ErrInvalid},
		{[]string{"Bearer a b"}, "", token.ErrInvalid},
		{[]string{"Bearer a,b"}, "", token.ErrInvalid},
		{[]string{"Bearer ä"}, "", token.ErrInvalid},
		{[]string{"Bearer a", "Bearer a"}, "", token.ErrInvalid},
		{[]string{"bearer a.b-_~+/="}, "a.b-_~+/=", nil},
		{[]string{"BEARER   abc"}, "abc", nil},
	} {
		r := httptest.NewRequest(http.MethodPost, "/?access_token=abc", strings.NewReader("access_token=abc"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header["Authorization"] = c.values
		got, err := token.Bearer(r)
		if got != c.token || !errors.Is(err, c.err) {
			t.Errorf("%q: %q, %v, want %q, %v", c.values, got, err, c.token, c.err)
		}
	}
}

func TestRefusalsSayWhatTheClientIsToDo(t *testing.T) {
	t.Parallel()
	l := &logins{}
	a := newAccess(t, l)
	good := must(a.Issue(token.Claims{Session: login("7", "s"), Roles: []string{"admin"}}))(t).Token
	dead := must(a.Issue(token.Claims{Session: login("7", "dead")}))(t).Token
	old := must(a.Issue(token.Claims{Session: login("7", "s"), IssuedAt: noon, Expires: noon.Add(time.Second)}))(t).Token
	ok(t, l.end(t.Context(), login("7", "dead")))
	h := a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := token.FromContext(r.Context())
		_ = json.NewEncoder(w).Encode([]any{c.UserID, c.Roles, known})
	}))
	ask := func(bearer string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := ask(good); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `["7",["admin"],true]` {
		t.Errorf("good token: %d %s", w.Code, w.Body)
	}
	for bearer, challenge := range map[string]string{
		"":    `Bearer realm="shop"`,
		"x":   `Bearer realm="shop", error="invalid_token"`,
		dead:  `Bearer realm="shop", error="invalid_token"`,
		old:   `Bearer realm="shop", error="invalid_token", error_description="expired"`,
		"x y": `Bearer realm="shop", error="invalid_token"`,
	} {
		w := ask(bearer)
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != challenge || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %v, want %s", bearer, w.Code, w.Header(), challenge)
		}
	}
	for _, fault := range []error{redbrick.ErrUnavailable, redbrick.ErrTimeout, errors.New("anything")} {
		l.set(func() { l.away = fault })
		w := ask(good)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" || strings.Contains(w.Body.String(), "anything") {
			t.Errorf("%v: %d %v %s, want 503 and no challenge", fault, w.Code, w.Header(), w.Body)
		}
	}
	head := http.Header{}
	if token.Challenge(head, "a\"b\\c\nd", token.ErrMissing); head.Get("WWW-Authenticate") != `Bearer realm="abcd"` {
		t.Errorf("realm: %q", head.Get("WWW-Authenticate"))
	}
	if _, known := token.FromContext(t.Context()); known {
		t.Error("claims out of nowhere")
	}
}
