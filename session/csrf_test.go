package session_test

import (
	"context"
	"encoding/base64"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// status of a request that passes Middleware and Protect.
func status(t *testing.T, m *session.Manager, o session.CSRF, method, cookie, body string, headers map[string]string) int {
	t.Helper()
	protect, err := m.Protect(o)
	ok(t, err)
	r := httptest.NewRequest(method, "http://shop.example/form", strings.NewReader(body)).WithContext(t.Context())
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
	}
	for name, v := range headers {
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	m.Middleware(protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))).ServeHTTP(w, r)
	return w.Code
}

func TestWritesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		o := session.CSRF{Origins: []string{"https://app.example"}}
		for _, tt := range []struct {
			method, cookie string
			headers        map[string]string
			want           int
		}{
			{http.MethodPost, cookie, nil, 202},
			{http.MethodPost, cookie, map[string]string{"Sec-Fetch-Site": "same-origin"}, 202},
			{http.MethodPost, cookie, map[string]string{"Sec-Fetch-Site": "none"}, 202},
			{http.MethodPost, cookie, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
			{http.MethodPost, cookie, map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
			{http.MethodDelete, cookie, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
			{http.MethodPost, "", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403}, // a login, too
			{http.MethodPost, cookie, map[string]string{"Origin": "http://shop.example"}, 202},
			{http.MethodPost, cookie, map[string]string{"Origin": "http://evil.example"}, 403},
			{http.MethodPost, cookie, map[string]string{"Origin": "null"}, 403},
			{http.MethodPost, cookie, map[string]string{"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}, 202},
			{http.MethodPost, "", map[string]string{"Origin": "http://evil.example", "Authorization": "Bearer x"}, 202},
			{http.MethodPost, cookie, map[string]string{"Origin": "http://evil.example", "Authorization": "Bearer x"}, 403},
			{http.MethodGet, cookie, map[string]string{"Sec-Fetch-Site": "cross-site"}, 202},
			{http.MethodHead, cookie, map[string]string{"Sec-Fetch-Site": "cross-site"}, 202},
		} {
			if got := status(t, m, o, tt.method, tt.cookie, "", tt.headers); got != tt.want {
				t.Errorf("%s with cookie %t and %v: status %d, want %d", tt.method, tt.cookie != "", tt.headers, got, tt.want)
			}
		}
		if _, err := m.Protect(session.CSRF{Origins: []string{"app.example", "https://ok.example", "https://x/y"}}); err == nil || strings.Count(err.Error(), "CSRF.Origins") != 2 {
			t.Errorf("bad origins: %v", err)
		}
	}, redistest.Only("embedded", "redis"))
}

func TestATokenIsOfItsSessionAlone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		anna, bert := login(t, m, "anna"), login(t, m, "bert")
		token, again, ofBert := "", "", loaded(t, m, bert).CSRFToken()
		anna = in(t, m, anna, func(ctx context.Context, s *session.Session) error {
			token, again = s.CSRFToken(), s.CSRFToken()
			return s.Rotate(ctx) // forms that are open go on
		})
		if token == again {
			t.Error("two tokens are alike: a compressed page would give them away")
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		ok(t, err)
		raw[20] ^= 1
		o := session.CSRF{Token: true}
		for what, tt := range map[string]struct {
			token string
			want  int
		}{
			"its own": {token, 202}, "another of its own": {again, 202}, "none": {"", 403}, "bert's": {ofBert, 403},
			"one bit off": {base64.RawURLEncoding.EncodeToString(raw), 403}, "cut": {token[:len(token)-1], 403}, "longer": {token + "A", 403}, "no base64": {"#" + token, 403},
		} {
			if got := status(t, m, o, http.MethodPost, anna, "", map[string]string{"X-CSRF-Token": tt.token}); got != tt.want {
				t.Errorf("%s in the header: status %d, want %d", what, got, tt.want)
			}
			form := url.Values{"csrf_token": {tt.token}, "x": {"1"}}.Encode()
			if got := status(t, m, o, http.MethodPost, anna, form, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); got != tt.want {
				t.Errorf("%s in the form: status %d, want %d", what, got, tt.want)
			}
		}
		if got := status(t, m, o, http.MethodPost, anna, "", map[string]string{"X-CSRF-Token": token, "Origin": "http://evil.example"}); got != 403 {
			t.Errorf("a token does not make up for the origin: status %d", got)
		}
		if got := status(t, m, o, http.MethodPost, "", "", nil); got != 202 {
			t.Errorf("a visitor without a session: status %d", got)
		}
	}, redistest.Only("embedded", "redis"))
}

// The body of an upload is the handler's, whole: its token comes in the header.
func TestAnUploadBringsItsTokenInTheHeader(t *testing.T) {
	t.Parallel()
	m := newManager(t, redistest.Open(t, "embedded"))
	cookie := login(t, m, "anna")
	token := loaded(t, m, cookie).CSRFToken()
	protect, err := m.Protect(session.CSRF{Token: true})
	ok(t, err)
	for header, want := range map[string]int{"": http.StatusForbidden, token: http.StatusAccepted} {
		var body strings.Builder
		form := multipart.NewWriter(&body)
		ok(t, form.WriteField("csrf_token", token))
		ok(t, form.Close())
		r := httptest.NewRequest(http.MethodPost, "http://shop.example/form", strings.NewReader(body.String())).WithContext(t.Context())
		r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("X-CSRF-Token", header)
		w := httptest.NewRecorder()
		m.Middleware(protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			ok(t, err)
			if string(got) != body.String() {
				t.Errorf("%d bytes of %d are left", len(got), body.Len())
			}
			w.WriteHeader(http.StatusAccepted)
		}))).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("with %t in the header: status %d, want %d", header != "", w.Code, want)
		}
	}
}

// The first secret signs, all are accepted: so a secret can be exchanged.
func TestTokensOutliveAnExchangeOfTheSecret(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	next := []byte("fedcba9876543210fedcba9876543210")
	old := newManager(t, rb)
	cookie := login(t, old, "anna")
	token := loaded(t, old, cookie).CSRFToken()
	for name, tt := range map[string]struct {
		secrets [][]byte
		want    int
	}{"exchanged": {[][]byte{next, secret}, 202}, "gone": {[][]byte{next}, 403}} {
		m := newManager(t, redistest.Another(t, rb), func(o *session.Options) { o.Secrets = tt.secrets })
		if got := status(t, m, session.CSRF{Token: true}, http.MethodPost, cookie, "", map[string]string{"X-CSRF-Token": token}); got != tt.want {
			t.Errorf("%s: status %d, want %d", name, got, tt.want)
		}
	}
}
