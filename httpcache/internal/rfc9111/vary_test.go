package rfc9111_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func TestVaryNamesTheFieldsThatCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		want  []string
		star  bool
	}{
		{nil, nil, false},
		{[]string{""}, nil, false},
		{[]string{"x-b, Accept", "accept , ,X-A"}, []string{"Accept", "X-A", "X-B"}, false},
		{[]string{"*"}, nil, true},
		{[]string{"accept", "x-a, *"}, nil, true},
		{[]string{"accept x-a"}, nil, true},
	} {
		h := header()
		h["Vary"] = c.lines
		names, star := rfc9111.VaryNames(h)
		if !slices.Equal(names, c.want) || star != c.star {
			t.Errorf("%q: %q %t", c.lines, names, star)
		}
	}
}

func TestTwoRequestsMatchIfTheySayTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b []string
		same bool
	}{
		{"absent in both (4.1)", nil, nil, true},
		{"absent in one", nil, []string{"X-A", ""}, false},
		{"the same", []string{"X-A", "1"}, []string{"X-A", "1"}, true},
		{"spaces around it", []string{"X-A", " 1\t"}, []string{"X-A", "1"}, true},
		{"two lines and one (4.1)", []string{"X-A", "1", "X-A", "2"}, []string{"X-A", "1, 2"}, true},
		{"another order of what nobody knows", []string{"X-A", "1, 2"}, []string{"X-A", "2, 1"}, false},
		{"another case of what nobody knows", []string{"X-A", "a"}, []string{"X-A", "A"}, false},
		{"one field's value in another", []string{"X-A", "1"}, []string{"X-B", "1"}, false},
		{"a value that looks like two", []string{"X-A", "1", "X-B", "2"}, []string{"X-A", "12"}, false},
		{"no field that counts", []string{"X-Z", "1"}, nil, true},
		{"languages: spaces and case", []string{"Accept-Language", "en-US, de;q=0.5"}, []string{"Accept-Language", "EN-us,DE; Q=0.500"}, true},
		{"languages: order by weight", []string{"Accept-Language", "de;q=0.5, en"}, []string{"Accept-Language", "en, de;q=0.5"}, true},
		{"languages: order of what is wanted alike", []string{"Accept-Language", "de, en"}, []string{"Accept-Language", "en, de"}, false},
		{"languages: another weight", []string{"Accept-Language", "en, de;q=0.5"}, []string{"Accept-Language", "en, de;q=0.6"}, false},
		{"languages: the same twice", []string{"Accept-Language", "en, en"}, []string{"Accept-Language", "en"}, true},
		{"languages: the same twice, and another", []string{"Accept-Language", "en, en, de"}, []string{"Accept-Language", "en, de"}, true},
		{"a weight of four digits", []string{"Accept-Encoding", "br, gzip;q=0.5000"}, []string{"Accept-Encoding", "gzip;q=0.5000, br"}, false},
		{"a weight above one", []string{"Accept-Encoding", "br, gzip;q=1.001"}, []string{"Accept-Encoding", "gzip;q=1.001, br"}, false},
		{"a weight of two digits before the point", []string{"Accept-Encoding", "br, gzip;q=00"}, []string{"Accept-Encoding", "gzip;q=00, br"}, false},
		{"a weight of letters", []string{"Accept-Encoding", "br, gzip;q=0.x"}, []string{"Accept-Encoding", "gzip;q=0.x, br"}, false},
		{"encodings: order", []string{"Accept-Encoding", "gzip, br, deflate;q=0.1"}, []string{"Accept-Encoding", "deflate;q=0.1,br", "Accept-Encoding", "gzip;q=1.0"}, true},
		{"encodings: refused and not named", []string{"Accept-Encoding", "gzip;q=0"}, []string{"Accept-Encoding", ""}, false},
		{"encodings: absent and empty mean two things (9110 12.5.3)", nil, []string{"Accept-Encoding", ""}, false},
		{"types: parameters", []string{"Accept", "text/HTML; Level=1;q=0.3"}, []string{"Accept", "text/html;level=1;q=.3"}, false},
		{"types: parameters, spelled well", []string{"Accept", "text/HTML; Level=1;q=0.3"}, []string{"Accept", "text/html;level=1;q=0.30"}, true},
		{"types: a parameter's value has a case", []string{"Accept", "text/html;a=B"}, []string{"Accept", "text/html;a=b"}, false},
		{"types: quotes are left alone", []string{"Accept", `text/html;a="x;y"`}, []string{"Accept", `text/html;a="x;z"`}, false},
		{"a weight that is none", []string{"Accept-Encoding", "gzip;q=2, br"}, []string{"Accept-Encoding", "br, gzip;q=2"}, false},
	} {
		names := []string{"Accept", "Accept-Encoding", "Accept-Language", "X-A", "X-B"}
		a := rfc9111.AppendVary(nil, names, get(t, "GET", c.a...))
		b := rfc9111.AppendVary(nil, names, get(t, "GET", c.b...))
		if same := string(a) == string(b); same != c.same {
			t.Errorf("%s: %q and %q: %t", c.name, a, b, same)
		}
	}
	one, two := get(t, "GET"), get(t, "GET", "Host", "a.example")
	one.Host, two.Host = "A.example", "b.example"
	hostOf := func(i int) string {
		return string(rfc9111.AppendVary(nil, []string{"Host"}, []*http.Request{one, two}[i]))
	}
	if hostOf(0) == hostOf(1) {
		t.Error("Vary: Host tells two hosts not apart")
	}
	if two.Host = "a.EXAMPLE"; hostOf(0) != hostOf(1) {
		t.Error("Vary: Host tells one host apart from itself")
	}
}

func TestTheEncodingThatIsWantedMostIsChosen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip, deflate, br, zstd"}, "zstd"},
		{[]string{"gzip, deflate, br"}, "gzip"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"gzip;q=1, zstd;q=0.5"}, "gzip"},
		{[]string{"gzip", "zstd"}, "zstd"},
		{[]string{"*"}, "zstd"},
		{[]string{"*, zstd;q=0"}, "gzip"},
		{[]string{"zstd;q=0, gzip;q=0"}, ""},
		{[]string{"*;q=0"}, ""},
		{[]string{"identity, gzip;q=0.5"}, ""},
		{[]string{"identity;q=0.5, gzip;q=0.8"}, "gzip"},
		{[]string{"identity, gzip"}, "gzip"},
		{[]string{"identity;q=0, gzip;q=0.001"}, "gzip"},
		{[]string{"gzip;q=x"}, ""},
	} {
		if got := rfc9111.Encoding(c.accept, "zstd", "gzip"); got != c.want {
			t.Errorf("%q: %q, want %q", c.accept, got, c.want)
		}
	}
}

// TestAnOrdinaryHitCostsNoAllocation holds what is asked of every request.
func TestAnOrdinaryHitCostsNoAllocation(t *testing.T) {
	r := get(t, "GET", "Accept-Encoding", "gzip, deflate, br, zstd", "Accept-Language", "en-us,en;q=0.9", "Cache-Control", "max-age=0",
		"If-None-Match", `"b", "a"`, "If-Modified-Since", at(0), "Range", "bytes=0-1")
	stored := header("Etag", `"a"`, "Last-Modified", at(0))
	f := rfc9111.Policy{}.Freshness(200, stored, now, now)
	names := []string{"Accept-Encoding", "Accept-Language", "Host"}
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		rfc9111.Bypass(r)
		f.Decide(3, rfc9111.ParseRequest(r.Header))
		dst = rfc9111.AppendVary(dst[:0], names, r)
		rfc9111.NotModified(r, 200, stored, now)
		rfc9111.Encoding(r.Header["Accept-Encoding"], "zstd", "gzip")
		dst = rfc9111.Status{Cache: "redbrick", Hit: true, TTL: sec(3)}.Append(dst[:0])
	}); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}
