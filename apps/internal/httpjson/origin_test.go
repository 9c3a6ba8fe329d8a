package httpjson_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
)

// The check of the origin is about what a browser adds by itself: a token that a script added passes, and a
// cookie beside it does not.
func TestBearerAloneNeedsNoOrigin(t *testing.T) {
	t.Parallel()
	origins, err := httpjson.NewOrigins([]string{"https://shop.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	handler := origins.Protect("Content-Type", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		name    string
		headers map[string]string
		want    int
	}{
		{"a page of another site", map[string]string{"Origin": "https://evil.example.com"}, 403},
		{"with the cookie", map[string]string{"Origin": "https://evil.example.com", "Cookie": "s=1"}, 403},
		{"with a token", map[string]string{"Origin": "https://evil.example.com", "Authorization": "bearer x"}, 204},
		{"with both", map[string]string{"Origin": "https://evil.example.com", "Authorization": "Bearer x", "Cookie": "s=1"}, 403},
		{"with a password, which browsers add", map[string]string{"Origin": "https://evil.example.com", "Authorization": "Basic x"}, 403},
		{"an admitted site", map[string]string{"Origin": "https://shop.example.com", "Cookie": "s=1"}, 204},
		{"no browser", map[string]string{"Cookie": "s=1"}, 204},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://api.example.com/", nil)
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.want)
		}
	}
	// A page of another site can send no token at all: its preflight is not answered.
	r := httptest.NewRequest(http.MethodOptions, "http://api.example.com/", nil)
	r.Header.Set("Origin", "https://evil.example.com")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "authorization")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-Allow") {
			t.Errorf("the preflight of a stranger is answered with %s", name)
		}
	}
}
