package rfc9111_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// FuzzCacheControl holds that nothing hides a directive that forbids, and that no number leaves its bounds.
func FuzzCacheControl(f *testing.F) {
	for _, s := range []string{"", "max-age=5", `private="a, b", x`, `x="`, `x="\`, `"a"b"`, "max-age=99999999999999999999", ",,=", `no-cache="\"",`, "max-age=5;", "\\\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, lines := range [][]string{{s + ", no-store"}, {"no-store, " + s}, {s, "no-store"}, {s + ", No-Store = x"}} {
			h := http.Header{"Cache-Control": lines}
			c := rfc9111.ParseResponse(h, nil)
			if !c.NoStore || !rfc9111.ParseRequest(h).NoStore {
				t.Fatalf("%q: no-store is hidden", lines)
			}
			for _, n := range []rfc9111.Seconds{c.MaxAge, c.SMaxAge, c.StaleIfError, c.StaleWhileRevalidate, rfc9111.ParseRequest(h).MaxStale} {
				if n.D < 0 || n.D > rfc9111.Forever || !n.Set && n.D != 0 {
					t.Fatalf("%q: %+v", lines, c)
				}
			}
			for _, name := range append(c.PrivateFields, c.NoCacheFields...) {
				if name == "" || strings.ContainsAny(name, ", \"") {
					t.Fatalf("%q: a field named %q", lines, name)
				}
			}
		}
		if c := rfc9111.ParseResponse(http.Header{"Cache-Control": {s}, "T": {s}}, []string{"T"}); c.Targeted && strings.TrimSpace(s) == "" {
			t.Fatalf("%q is a targeted field", s)
		}
	})
}

// FuzzTargeted holds that a dictionary to which a directive that forbids is added says it, unless it is malformed, and then
// Cache-Control counts.
func FuzzTargeted(f *testing.F) {
	for _, s := range []string{"max-age=5", `a="x";b=(1 2);c`, "a=:YQ==:", `a=%"%c3%bc"`, "a=@1", "a=?0", "a=1.5, b", "a=(", "A", `private="x"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := http.Header{"T": {s, "no-store"}, "Cache-Control": {"no-store"}}
		c := rfc9111.ParseResponse(h, []string{"T"})
		if !c.NoStore {
			t.Fatalf("%q: %+v", s, c)
		}
		if c.MaxAge.D < 0 || c.MaxAge.D > rfc9111.Forever {
			t.Fatalf("%q: %+v", s, c)
		}
	})
}

// FuzzGroups holds that groups that are read can be written, and read again.
func FuzzGroups(f *testing.F) {
	for _, s := range []string{`"a"`, `"a", "b";x`, `"\"\\"`, `a`, `("a")`, `"a" , "b"`} {
		f.Add(s)
	}
	quote := strings.NewReplacer(`"`, `\"`, `\`, `\\`)
	f.Fuzz(func(t *testing.T, s string) {
		groups := rfc9111.Groups(http.Header{"Cache-Groups": {s}})
		lines := make([]string, len(groups))
		for i, g := range groups {
			lines[i] = `"` + quote.Replace(g) + `"`
		}
		if again := rfc9111.Groups(http.Header{"Cache-Groups": lines}); strings.Join(groups, "\x00") != strings.Join(again, "\x00") {
			t.Fatalf("%q: %q, again %q", s, groups, again)
		}
	})
}

// FuzzVary holds that requests that are taken for one say one thing: fields nobody knows to the byte, but for spaces at their
// ends, and Accept-Encoding in what is chosen by it. One request is taken for itself, whatever it says.
func FuzzVary(f *testing.F) {
	for _, s := range [][2]string{{"gzip, br", "br,gzip"}, {"gzip;q=0.5", "gzip;q=500"}, {"gzip;q=0.5", "gzip;q=0.500"}, {"*;q=0", ""}, {"a;b", "a;b="}, {",", ""}, {"zstd;q=1.0;x=y", "zstd"}} {
		f.Add(s[0], s[1])
	}
	names := []string{"Accept", "Accept-Encoding", "Accept-Language", "X-A"}
	f.Fuzz(func(t *testing.T, a, b string) {
		bytesOf := func(name, value string) string {
			return string(rfc9111.AppendVary(nil, names, get(t, "GET", name, value)))
		}
		if bytesOf("X-A", a) == bytesOf("X-A", b) && strings.Trim(a, " \t\r\n") != strings.Trim(b, " \t\r\n") {
			t.Fatalf("%q and %q are one", a, b)
		}
		if bytesOf("X-A", a) == bytesOf("Accept", b) {
			t.Fatalf("%q in one field is %q in another", a, b)
		}
		one, two := rfc9111.Encoding([]string{a}, "zstd", "gzip"), rfc9111.Encoding([]string{b}, "zstd", "gzip")
		if bytesOf("Accept-Encoding", a) == bytesOf("Accept-Encoding", b) && one != two {
			t.Fatalf("%q and %q are one, but choose %q and %q", a, b, one, two)
		}
		if bytesOf("Accept-Language", a) != bytesOf("Accept-Language", a+"  ") {
			t.Fatalf("%q is two", a)
		}
	})
}

// FuzzFreshness holds the bounds of ages and lifetimes, and that a date is read as the standard library reads it.
func FuzzFreshness(f *testing.F) {
	f.Add("5", at(0), at(time.Hour), at(-time.Hour))
	f.Add("99999999999999999999", "Sunday, 06-Nov-94 08:49:37 GMT", "0", "Sun Nov  6 08:49:37 1994")
	f.Add("5", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Add("-1, 5", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0000 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:60 GMT")
	f.Fuzz(func(t *testing.T, age, date, expires, modified string) {
		h := http.Header{"Age": {age}, "Date": {date}, "Expires": {expires}, "Last-Modified": {modified}}
		fr := rfc9111.Policy{}.Freshness(200, h, now.Add(-time.Second), now)
		if fr.Age < 0 || fr.Lifetime < 0 || fr.Lifetime > rfc9111.Forever || fr.Age+rfc9111.Forever < 0 {
			t.Fatalf("%v: %+v", h, fr)
		}
		fr.Decide(fr.Age+rfc9111.Forever, rfc9111.Directives{})
		delete(h, "Expires")
		if fr = (rfc9111.Policy{}).Freshness(200, h, now, now); fr.Lifetime > 24*time.Hour {
			t.Fatalf("%v: guessed %v", h, fr.Lifetime)
		}
		for _, s := range []string{date, expires, modified} {
			got, ok := rfc9111.ParseDate(s, now)
			if !ok {
				continue
			}
			if got.After(now.AddDate(50, 0, 0)) && strings.Contains(s, "-") {
				t.Fatalf("%q is %v", s, got)
			}
			if again, ok := rfc9111.ParseDate(got.Format(http.TimeFormat), now); !ok || !again.Equal(got) {
				t.Fatalf("%q: %v, again %v", s, got, again)
			}
		}
	})
}

// FuzzRange holds that ranges are answered as http.ServeContent answers them.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"0-0", "-3", "5-", "0-1,4-5", "x", "", "9-100", "100-", " 1 - 2 ", "0-0,-1", "-", "1-0", "-0", "-0,-0", "3-4,5-6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		r, stored := get(t, "GET", "Range", "bytes="+spec), strongly("Etag", `"a"`)
		std, ours := httptest.NewRecorder(), httptest.NewRecorder()
		fill(std.Header(), stored)
		fill(ours.Header(), stored)
		if rfc9111.ServeRange(ours, r, stored, digits) {
			http.ServeContent(std, r, "", time.Time{}, bytes.NewReader(digits))
			compare(t, spec, std, ours)
		} else if strings.Count(spec, ",") < 64 {
			t.Fatalf("%q is not answered", spec)
		}
	})
}

func compare(t *testing.T, spec string, std, ours *httptest.ResponseRecorder) {
	t.Helper()
	if std.Code != ours.Code || std.Header().Get("Content-Range") != ours.Header().Get("Content-Range") {
		t.Fatalf("%q: %d %v, http.ServeContent says %d %v", spec, ours.Code, ours.Header(), std.Code, std.Header())
	}
	if a, b := strings.Join(parts(t, std), ""), strings.Join(parts(t, ours), ""); a != b || std.Body.String() != ours.Body.String() {
		t.Fatalf("%q: %q%q, http.ServeContent says %q%q", spec, b, ours.Body, a, std.Body)
	}
}
