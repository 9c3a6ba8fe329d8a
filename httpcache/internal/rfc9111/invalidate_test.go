package rfc9111_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func TestAnUnsafeMethodInvalidatesWhatSection44Says(t *testing.T) {
	t.Parallel()
	target, err := url.Parse("https://Example.com/a/b?x=%2f#f")
	if err != nil {
		t.Fatal(err)
	}
	const own = "https://Example.com/a/b?x=%2f"
	for _, c := range []struct {
		name, method string
		status       int
		h            http.Header
		want         []string
	}{
		{"a safe method", "GET", 200, header("Location", "/c"), nil},
		{"another", "OPTIONS", 200, header(), nil},
		{"POST", "POST", 200, header(), []string{own}},
		{"an unknown method", "FROB", 204, header(), []string{own}},
		{"the name of a safe one in another case", "get", 200, header(), []string{own}},
		{"a redirect", "POST", 303, header("Location", "../c"), []string{own, "https://Example.com/c"}},
		{"an error", "PUT", 400, header("Location", "/c"), nil},
		{"a failure", "PUT", 500, header(), nil},
		{"an interim response", "PUT", 103, header(), nil},
		{"Location and Content-Location", "PUT", 201, header("Location", "https://example.com:443/c%2fd", "Content-Location", "?y"), []string{own, "https://example.com:443/c%2fd", "https://Example.com/a/b?y"}},
		{"another host", "PUT", 201, header("Location", "https://other.example/c", "Content-Location", "//other.example/d"), []string{own}},
		{"another scheme", "PUT", 201, header("Location", "http://example.com/c"), []string{own}},
		{"another port", "PUT", 201, header("Location", "https://example.com:444/c"), []string{own}},
		{"no URL", "PUT", 201, header("Location", "http://[::1"), []string{own}},
		{"a fragment and a user", "PUT", 201, header("Location", "https://u@example.com/c#f"), []string{own, "https://example.com/c"}},
	} {
		var got []string
		for _, u := range rfc9111.InvalidationTargets(c.method, target, c.status, c.h) {
			got = append(got, u.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if target.Fragment != "f" {
		t.Error("the caller's URL was changed")
	}
}

func TestGroupsAreStringsAsRFC9875Says(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("g", 32)+`", `, 32), ", ")
	for _, c := range []struct {
		lines []string
		want  []string
	}{
		{nil, nil},
		{[]string{`"a", "b\"\\c"`, `"d"`}, []string{"a", `b"\c`, "d"}},
		{[]string{`"a";x=1;y, "b"`}, []string{"a", "b"}},
		{[]string{`"A", "a"`}, []string{"A", "a"}},
		{[]string{`a, "b"`}, nil},    // a token is no string
		{[]string{`("a" "b")`}, nil}, // nor is an inner list
		{[]string{`"a" "b"`}, nil},
		{[]string{`"a`}, nil},
		{[]string{`"a",`}, nil},
		{[]string{`"ä"`}, nil},
	} {
		h := http.Header{"Cache-Groups": c.lines, "Cache-Group-Invalidation": c.lines}
		if got := rfc9111.Groups(h); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.lines, got)
		}
		if got := rfc9111.InvalidatedGroups("POST", h); !slices.Equal(got, c.want) {
			t.Errorf("%q: invalidates %q", c.lines, got)
		}
		if got := rfc9111.InvalidatedGroups("GET", h); got != nil {
			t.Errorf("%q: GET invalidates %q", c.lines, got)
		}
	}
	if got := rfc9111.Groups(header("Cache-Groups", many)); len(got) != 32 {
		t.Errorf("%d of 32 groups", len(got))
	}
}

func TestCacheStatusIsWrittenAsRFC9211Says(t *testing.T) {
	t.Parallel()
	type S = rfc9111.Status
	ttl := func(d time.Duration) rfc9111.Seconds { return rfc9111.Seconds{Set: true, D: d} }
	for _, c := range []struct {
		s    S
		want string
	}{
		{S{Cache: "redbrick"}, `redbrick`},
		{S{Cache: "my cache"}, `"my cache"`},
		{S{Cache: `1"\é`}, `"1\"\\?"`},
		{S{Cache: "1a"}, `"1a"`},
		{S{Cache: ""}, `""`},
		{S{Cache: "a.b:1/c*"}, `a.b:1/c*`},
		{S{Cache: "r", Hit: true, Fwd: "stale", TTL: ttl(1999 * time.Millisecond)}, `r; hit; ttl=1`},
		{S{Cache: "r", Hit: true, TTL: ttl(-1)}, `r; hit; ttl=-1`},
		{S{Cache: "r", Hit: true, TTL: ttl(-time.Second)}, `r; hit; ttl=-1`},
		{S{Cache: "r", Fwd: "uri-miss", FwdStatus: 200, TTL: ttl(0), Stored: true, Collapsed: true, Key: "a b", Detail: "no-store"},
			`r; fwd=uri-miss; fwd-status=200; ttl=0; stored; collapsed; key="a b"; detail=no-store`},
		{S{Cache: "r", Detail: "request no-store"}, `r; detail="request no-store"`},
	} {
		if got := string(c.s.Append([]byte("x, "))); got != "x, "+c.want {
			t.Errorf("%+v: %s", c.s, got)
		}
	}
}
