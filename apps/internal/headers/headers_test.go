package headers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/headers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryReplyIsProtected(t *testing.T) {
	t.Parallel()
	handler := headers.Protect(func(r *http.Request) bool { return r.Host == "secure" }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
		}
		if r.URL.Path == "/failed" {
			http.Error(w, "failed", http.StatusInternalServerError)
		}
	}))
	reply := func(address string) http.Header {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
		return w.Header()
	}
	for _, address := range []string{"http://plain/", "http://secure/page", "http://plain/failed"} {
		got := reply(address)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=()", "Content-Security-Policy": "-src ",
		} {
			if !strings.Contains(got.Get(name), want) {
				t.Errorf("%s: %s is %q, want %q in it", address, name, got.Get(name), want)
			}
		}
		if has, want := got.Get("Strict-Transport-Security") != "", strings.Contains(address, "secure"); has != want {
			t.Errorf("%s: Strict-Transport-Security %t, want %t", address, has, want)
		}
	}
	if got := reply("http://plain/page").Get("Content-Security-Policy"); got != "script-src 'self'" {
		t.Errorf("the page's policy is %q", got)
	}
	if got := reply("http://plain/").Get("Content-Security-Policy"); got != headers.APIPolicy {
		t.Errorf("a page's policy stayed: %q", got)
	}
}

// Without a word about proxies a header that anybody can send is not believed.
func TestHTTPSIsAskedOfTheConnection(t *testing.T) {
	t.Parallel()
	handler := headers.Protect(nil, http.NotFoundHandler())
	for scheme, want := range map[string]bool{"http": false, "https": true} {
		r := httptest.NewRequest(http.MethodGet, scheme+"://shop/", nil)
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%s: Strict-Transport-Security %t, want %t", scheme, got, want)
		}
	}
}
