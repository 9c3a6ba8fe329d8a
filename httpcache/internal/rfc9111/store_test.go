package rfc9111_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// get is a request of a method with fields.
func get(t testing.TB, method string, fields ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), method, "http://example.com/a", nil)
	r.Header = header(fields...)
	return r
}

func TestOnlyWhatSection3AllowsIsStored(t *testing.T) {
	t.Parallel()
	type P = rfc9111.Policy
	public := header("Cache-Control", "max-age=60")
	with := func(fields ...string) http.Header {
		return header(append([]string{"Cache-Control", "max-age=60"}, fields...)...)
	}
	cc := func(s string) http.Header { return header("Cache-Control", s) }
	auth := get(t, "GET", "Authorization", "Basic x")
	for _, c := range []struct {
		name   string
		p      P
		r      *http.Request
		status int
		h      http.Header
		want   string // why not; "": stored
	}{
		{"a response that says so", P{}, get(t, "GET"), 200, public, ""},
		{"a method that is not understood", P{}, get(t, "POST"), 200, public, "method"},
		{"HEAD", P{}, get(t, "HEAD"), 200, public, "method"},
		{"the method in another case", P{}, get(t, "get"), 200, public, "method"},
		{"an interim response", P{}, get(t, "GET"), 103, public, "status"},
		{"206", P{}, get(t, "GET"), 206, public, "partial"},
		{"304", P{}, get(t, "GET"), 304, public, "status"},
		{"416, which answers a range", P{}, get(t, "GET"), 416, public, "status"},
		{"400, which answers what is no part of the key", P{}, get(t, "GET"), 400, public, "status"},
		{"401", P{}, get(t, "GET"), 401, public, "status"},
		{"404 that says so", P{}, get(t, "GET"), 404, public, ""},
		{"503 that says so", P{}, get(t, "GET"), 503, public, ""},
		{"an unknown status that says so", P{}, get(t, "GET"), 299, public, ""},
		{"must-understand and an unknown status (5.2.2.3)", P{}, get(t, "GET"), 299, cc("max-age=60, must-understand"), "must-understand"},
		{"must-understand and a known one", P{}, get(t, "GET"), 200, cc("max-age=60, must-understand, no-store"), ""},
		{"no-store (5.2.2.5)", P{}, get(t, "GET"), 200, cc("max-age=60, no-store"), "no-store"},
		{"no-store in a private cache", P{Private: true}, get(t, "GET"), 200, cc("max-age=60, no-store"), "no-store"},
		{"no-store of the request (5.2.1.5)", P{}, get(t, "GET", "Cache-Control", "No-Store"), 200, public, "request no-store"},
		{"private (5.2.2.7)", P{}, get(t, "GET"), 200, cc("max-age=60, private"), "private"},
		{"private in a private cache", P{Private: true}, get(t, "GET"), 200, cc("private"), ""},
		{"private with fields", P{}, get(t, "GET"), 200, cc(`max-age=60, private="x-a"`), ""},
		{"Authorization (3.5)", P{}, auth, 200, public, "authorization"},
		{"Authorization, even an empty one", P{}, get(t, "GET", "Authorization", ""), 200, public, "authorization"},
		{"Authorization and public", P{}, auth, 200, cc("max-age=60, public"), ""},
		{"Authorization and s-maxage", P{}, auth, 200, cc("s-maxage=60"), ""},
		{"Authorization and must-revalidate", P{}, auth, 200, cc("max-age=60, must-revalidate"), ""},
		{"Authorization and proxy-revalidate", P{}, auth, 200, cc("max-age=60, proxy-revalidate"), "authorization"},
		{"Authorization in a private cache", P{Private: true}, auth, 200, public, ""},
		{"Set-Cookie", P{}, get(t, "GET"), 200, with("Set-Cookie", "a=b"), "set-cookie"},
		{"Set-Cookie though it is public", P{}, get(t, "GET"), 200, header("Cache-Control", "public, max-age=60", "Set-Cookie", "a=b"), "set-cookie"},
		{"Set-Cookie that is kept", P{KeepCookies: true}, get(t, "GET"), 200, with("Set-Cookie", "a=b"), ""},
		{"Vary: * (4.1)", P{}, get(t, "GET"), 200, with("Vary", "Accept, *"), "vary"},
		{"Vary that nobody understands", P{}, get(t, "GET"), 200, with("Vary", "a b"), "vary"},
		{"Vary", P{}, get(t, "GET"), 200, with("Vary", "Accept, X-A"), ""},
		{"a status that may be stored without being told", P{}, get(t, "GET"), 410, header(), ""},
		{"one that may not", P{}, get(t, "GET"), 201, header(), "no freshness"},
		{"one that may not, with Expires", P{}, get(t, "GET"), 201, header("Expires", "0"), ""},
		{"one that may not, public", P{}, get(t, "GET"), 201, cc("public"), ""},
		{"one that may not, private to a private cache", P{Private: true}, get(t, "GET"), 201, cc("private"), ""},
		{"one that may not, s-maxage to a private cache", P{Private: true}, get(t, "GET"), 201, cc("s-maxage=5"), "no freshness"},
		{"Expires hidden by a targeted field", P{Targets: []string{"CDN-Cache-Control"}}, get(t, "GET"), 201, header("Expires", at(time.Hour), "CDN-Cache-Control", "no-transform"), "no freshness"},
		{"no-store hidden by a targeted field (9213 2.2)", P{Targets: []string{"CDN-Cache-Control"}}, get(t, "GET"), 200, header("Cache-Control", "no-store", "CDN-Cache-Control", "max-age=5"), ""},
		{"a precondition for the origin", P{}, get(t, "GET", "If-Match", `"a"`), 200, public, "precondition"},
		{"an upgrade", P{}, get(t, "GET", "Upgrade", "websocket"), 200, public, "upgrade"},
		{"a field for the next hop alone", P{}, get(t, "GET", "Connection", "Keep-Alive, X-A"), 200, public, "connection"},
		{"none for the next hop alone", P{}, get(t, "GET", "Connection", "Keep-Alive, TE"), 200, public, ""},
	} {
		ok, why := c.p.Store(c.r, c.status, c.h)
		if why != c.want || ok != (why == "") {
			t.Errorf("%s: %q %t, want %q", c.name, why, ok, c.want)
		}
	}
	body := httptest.NewRequestWithContext(t.Context(), "GET", "http://example.com/a", strings.NewReader("x"))
	if ok, why := (P{}).Store(body, 200, public); ok || why != "body" {
		t.Errorf("a GET with a body: %q %t, want body", why, ok)
	}
}

func TestFieldsThatMustNotBeStoredAreNot(t *testing.T) {
	t.Parallel()
	resp := header(
		"Content-Type", "text/plain", "Date", at(0), "Age", "3", "Etag", `"a"`,
		"Connection", "X-Listed, keep-alive", "Connection", "x-other", "X-Listed", "1", "X-Other", "2", "Keep-Alive", "timeout=3",
		"Proxy-Connection", "x", "Te", "x", "Transfer-Encoding", "chunked", "Upgrade", "h2c", "Trailer", "X-T", "Trailer:X-T", "1",
		"Proxy-Authenticate", "x", "Proxy-Authentication-Info", "x", "Proxy-Authorization", "x",
		"Cache-Control", `max-age=1, no-cache="x-nc", private="x-p"`, "X-Nc", "1", "X-P", "1", "Set-Cookie", "a=b",
	)
	want := header("Content-Type", "text/plain", "Date", at(0), "Etag", `"a"`, "Cache-Control", `max-age=1, no-cache="x-nc", private="x-p"`)
	if diff := cmp.Diff(want, rfc9111.Policy{}.Stored(resp, now)); diff != "" {
		t.Errorf("shared (3.1):\n%s", diff)
	}
	want.Set("X-P", "1")
	want.Set("Set-Cookie", "a=b")
	if diff := cmp.Diff(want, rfc9111.Policy{Private: true, KeepCookies: true}.Stored(resp, now)); diff != "" {
		t.Errorf("private (5.2.2.7):\n%s", diff)
	}
	if got := (rfc9111.Policy{}).Stored(header("X", "1"), now)["Date"]; len(got) != 1 || got[0] != at(0) {
		t.Errorf("no Date was added (9110 6.6.1): %q", got)
	}
}

func TestAnAnswerWithoutABodyUpdatesWhatSection32Says(t *testing.T) {
	t.Parallel()
	stored := header("Content-Type", "a", "Content-Length", "3", "Content-Encoding", "gzip", "Content-Range", "bytes 0-2/3", "X-A", "1", "X-B", "1", "Date", at(-time.Hour))
	answer := header("Content-Type", "b", "Content-Length", "0", "Content-Encoding", "br", "Content-Range", "x", "X-A", "2", "X-A", "3",
		"X-C", "4", "Connection", "x-d", "X-D", "5", "Set-Cookie", "a=b", "Age", "7", "Date", at(0))
	want := header("Content-Type", "b", "Content-Length", "3", "Content-Encoding", "gzip", "Content-Range", "bytes 0-2/3", "X-A", "2", "X-A", "3", "X-B", "1", "X-C", "4", "Date", at(0))
	if diff := cmp.Diff(want, rfc9111.Policy{}.Update(stored, answer, now)); diff != "" {
		t.Error(diff)
	}
	if stored.Get("X-A") != "1" {
		t.Error("the stored header itself was changed")
	}
}

func TestWhatCanNeverBeUsedIsNotWorthStoring(t *testing.T) {
	t.Parallel()
	type F = rfc9111.Freshness
	tag := header("Etag", `"a"`)
	for _, c := range []struct {
		name string
		f    F
		h    http.Header
		want bool
	}{
		{"fresh", F{Lifetime: time.Second}, header(), true},
		{"stale on arrival", F{Lifetime: time.Second, Age: time.Second}, header(), false},
		{"stale on arrival, with a validator", F{}, tag, true},
		{"stale on arrival, with a date", F{}, header("Last-Modified", at(0)), true},
		{"stale on arrival, allowed to be", F{StaleIfError: time.Second}, header(), true},
		{"allowed to be, but must be validated", F{StaleIfError: time.Second, MustRevalidate: true}, header(), false},
		{"no-cache", F{Lifetime: time.Hour, NoCache: true, MustRevalidate: true}, header(), false},
		{"no-cache with a validator", F{Lifetime: time.Hour, NoCache: true, MustRevalidate: true}, tag, true},
	} {
		if got := c.f.Useful(c.h); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
