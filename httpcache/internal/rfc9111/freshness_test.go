package rfc9111_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// at writes the date that is d after now.
func at(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }

// header makes a header of names and values in turn.
func header(fields ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

func TestDatesAreReadInAllThreeFormats(t *testing.T) {
	t.Parallel()
	want := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, c := range []struct {
		in   string
		want time.Time
	}{
		{"Sun, 06 Nov 1994 08:49:37 GMT", want},
		{"Sunday, 06-Nov-94 08:49:37 GMT", want},
		{"Sun Nov  6 08:49:37 1994", want},
		{"sun, 06 nov 1994 08:49:37 gmt", want}, // 4.2: whatever the case
		{" Sun, 06 Nov 1994 08:49:37 GMT ", want},
		{"Sun, 06 Nov 1994 08:49:60 GMT", want.Add(23 * time.Second)},                      // a leap second
		{"Monday, 06-Nov-76 08:49:37 GMT", time.Date(2076, 11, 6, 8, 49, 37, 0, time.UTC)}, // not yet 50 years ahead
		{"Monday, 06-Dec-76 08:49:37 GMT", time.Date(1976, 12, 6, 8, 49, 37, 0, time.UTC)}, // more: 9110 5.6.7
		{"Sunday, 06-Nov-27 08:49:37 GMT", time.Date(2027, 11, 6, 8, 49, 37, 0, time.UTC)}, // next year
		{"0", time.Time{}}, {"", time.Time{}}, {"-1", time.Time{}}, // 5.3
		{"Sun, 06 Nov 1994 08:49:37 UTC", time.Time{}}, {"Sun, 06 Nov 1994 08:49:37 EST", time.Time{}}, // 4.2: another zone
		{"Sun, 06 Nov 1994 08:49:37 +0000", time.Time{}}, {"Sunday, 06-Nov-94 08:49:37 EST", time.Time{}},
		{"Sun, 06 Nov 1994 08:49:37.5 GMT", time.Time{}}, {"Sun, 6 Nov 1994 08:49:37 GMT", time.Time{}},
		{"Sun, 31 Feb 1994 08:49:37 GMT", time.Time{}}, {"Sun, 06-Nov-1994 08:49:37 GMT", time.Time{}},
		{"Sun, 06 Nov 1994 8:49:37 GMT", time.Time{}}, {"Sun, 06 Nov 94 08:49:37 GMT", time.Time{}},
		{"Sun, 06 Nov 1994 08:49 GMT", time.Time{}}, {"1994-11-06T08:49:37Z", time.Time{}},
	} {
		got, ok := rfc9111.ParseDate(c.in, now)
		if ok != !c.want.IsZero() || !got.Equal(c.want) {
			t.Errorf("%q: %v %t, want %v", c.in, got, ok, c.want)
		}
	}
}

func TestAResponseIsFreshForAsLongAsSection42Says(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	type F = rfc9111.Freshness
	type P = rfc9111.Policy
	second := time.Second
	for _, c := range []struct {
		name   string
		p      P
		status int
		h      http.Header
		want   F
	}{
		{"nothing", P{}, 200, header(), F{}},
		{"max-age (4.2.1)", P{}, 200, header("Cache-Control", "max-age=5"), F{Lifetime: 5 * second, Explicit: true}},
		{"s-maxage comes first in a shared cache (5.2.2.10)", P{}, 200, header("Cache-Control", "max-age=5, s-maxage=7"),
			F{Lifetime: 7 * second, Explicit: true, MustRevalidate: true}},
		{"and says nothing to a private one", P{Private: true}, 200, header("Cache-Control", "max-age=5, s-maxage=7"), F{Lifetime: 5 * second, Explicit: true}},
		{"max-age comes before Expires (5.3)", P{}, 200, header("Cache-Control", "max-age=5", "Expires", at(time.Hour)), F{Lifetime: 5 * second, Explicit: true}},
		{"Expires less Date", P{}, 200, header("Expires", at(time.Minute), "Date", at(-time.Minute)), F{Lifetime: 2 * time.Minute, Age: time.Minute, Explicit: true}},
		{"Expires less the time it was received", P{}, 200, header("Expires", at(time.Minute)), F{Lifetime: time.Minute, Explicit: true}},
		{"Expires in the past", P{}, 200, header("Expires", at(-time.Minute), "Last-Modified", at(-100*day)), F{Explicit: true}},
		{"Expires that is no date is in the past (5.3)", P{}, 200, header("Expires", "0", "Last-Modified", at(-100*day)), F{Explicit: true}},
		{"Expires twice", P{}, 200, header("Expires", at(time.Minute), "Expires", at(time.Hour)), F{Explicit: true}},
		{"a slow clock of the origin", P{}, 200, header("Expires", at(-time.Minute), "Date", at(-2*time.Minute)), F{Lifetime: time.Minute, Age: 2 * time.Minute, Explicit: true}},
		{"a fast clock of the origin", P{}, 200, header("Expires", at(time.Hour), "Date", at(time.Hour)), F{Explicit: true}},
		{"a tenth of the time since it was modified (4.2.2)", P{}, 200, header("Last-Modified", at(-10*time.Minute)), F{Lifetime: time.Minute, Heuristic: true}},
		{"but not for ever", P{}, 200, header("Last-Modified", at(-1000*day)), F{Lifetime: day, Heuristic: true}},
		{"nor if it is switched off", P{NoHeuristic: true}, 200, header("Last-Modified", at(-10*day)), F{}},
		{"nor where freshness is explicit", P{}, 200, header("Cache-Control", "max-age=x", "Last-Modified", at(-10*day)), F{Explicit: true}},
		{"nor for a status that does not allow it", P{}, 201, header("Last-Modified", at(-10*day)), F{}},
		{"unless the response says public", P{}, 201, header("Cache-Control", "public", "Last-Modified", at(-10*time.Minute)), F{Lifetime: time.Minute, Heuristic: true}},
		{"modified after it was sent", P{}, 200, header("Last-Modified", at(day)), F{}},
		{"a rule's TTL where it says nothing", P{TTL: time.Minute}, 200, header("Last-Modified", at(-10*day)), F{Lifetime: time.Minute}},
		{"but not where it does", P{TTL: time.Minute}, 200, header("Cache-Control", "max-age=0"), F{Explicit: true}},
		{"nor for other statuses", P{TTL: time.Minute}, 500, header(), F{}},
		{"no-cache (5.2.2.4)", P{}, 200, header("Cache-Control", "no-cache, max-age=5"), F{Lifetime: 5 * second, Explicit: true, NoCache: true, MustRevalidate: true}},
		{"no-cache with fields is none", P{}, 200, header("Cache-Control", "no-cache=x-a, max-age=5"), F{Lifetime: 5 * second, Explicit: true}},
		{"must-revalidate (5.2.2.2)", P{Private: true}, 200, header("Cache-Control", "must-revalidate"), F{MustRevalidate: true}},
		{"proxy-revalidate (5.2.2.8)", P{}, 200, header("Cache-Control", "proxy-revalidate"), F{MustRevalidate: true}},
		{"and a private cache", P{Private: true}, 200, header("Cache-Control", "proxy-revalidate"), F{}},
		{"immutable (8246)", P{}, 200, header("Cache-Control", "max-age=5, immutable"), F{Lifetime: 5 * second, Explicit: true, Immutable: true}},
		{"stale extensions (5861)", P{StaleIfError: day}, 200, header("Cache-Control", "max-age=5, stale-while-revalidate=6"),
			F{Lifetime: 5 * second, Explicit: true, StaleWhileRevalidate: 6 * second, StaleIfError: day}},
		{"the response's own come before a rule's", P{StaleIfError: day}, 200, header("Cache-Control", "stale-if-error=0"), F{}},
		{"Age (4.2.3)", P{}, 200, header("Age", "30"), F{Age: 30 * second}},
		{"the larger of Age and the time since Date", P{}, 200, header("Age", "30", "Date", at(-40*second)), F{Age: 40 * second}},
		{"Age and the time it took", P{}, 200, header("Age", "50", "Date", at(-40*second)), F{Age: 50 * second}},
		{"of several Ages the first (5.1)", P{}, 200, header("Age", "30, 60", "Age", "70"), F{Age: 30 * second}},
		{"Age that is no number is none (5.1)", P{}, 200, header("Age", "30s"), F{}},
		{"Age below zero", P{}, 200, header("Age", "-3"), F{}},
		{"Date ahead", P{}, 200, header("Date", at(day)), F{}},
		{"a targeted field hides Expires (9213 2.2)", P{Targets: []string{"CDN-Cache-Control"}}, 200, header("CDN-Cache-Control", "no-transform", "Expires", at(day), "Cache-Control", "max-age=9"), F{}},
	} {
		if diff := cmp.Diff(c.want, c.p.Freshness(c.status, c.h, now, now)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	if got := (P{}).Freshness(200, header("Age", "30"), now.Add(-3*second), now).Age; got != 33*second {
		t.Errorf("the time that the answer took is not in the age: %v", got)
	}
}

func TestWhatMayBeServedIsDecidedAsSection42Says(t *testing.T) {
	t.Parallel()
	type F = rfc9111.Freshness
	type D = rfc9111.Directives
	second := time.Second
	fresh := F{Lifetime: 10 * second}
	swr := F{Lifetime: 10 * second, StaleWhileRevalidate: 5 * second}
	ever := rfc9111.Seconds{Set: true, D: rfc9111.Forever}
	for _, c := range []struct {
		name string
		f    F
		age  int
		d    D
		want rfc9111.Verdict
	}{
		{"fresh", fresh, 9, D{}, rfc9111.Fresh},
		{"as old as its lifetime is stale", fresh, 10, D{}, rfc9111.Validate},
		{"no lifetime", F{}, 0, D{}, rfc9111.Validate},
		{"no-cache of the response", F{Lifetime: 10 * second, NoCache: true, MustRevalidate: true}, 0, D{}, rfc9111.Validate},
		{"no-cache of the request (5.2.1.4)", fresh, 0, D{NoCache: true}, rfc9111.Validate},
		{"max-age of the request (5.2.1.1)", fresh, 3, D{MaxAge: sec(3)}, rfc9111.Fresh},
		{"max-age of the request, older", fresh, 4, D{MaxAge: sec(3)}, rfc9111.Validate},
		{"max-age and max-stale, older", fresh, 4, D{MaxAge: sec(3), MaxStale: ever}, rfc9111.Validate},
		{"max-age and max-stale, stale", fresh, 14, D{MaxAge: sec(20), MaxStale: ever}, rfc9111.Stale},
		{"min-fresh (5.2.1.3)", fresh, 5, D{MinFresh: sec(5)}, rfc9111.Fresh},
		{"min-fresh, less", fresh, 6, D{MinFresh: sec(5)}, rfc9111.Validate},
		{"max-stale (5.2.1.2)", fresh, 15, D{MaxStale: sec(5)}, rfc9111.Stale},
		{"max-stale, staler", fresh, 16, D{MaxStale: sec(5)}, rfc9111.Validate},
		{"max-stale without a value", fresh, 1e6, D{MaxStale: ever}, rfc9111.Stale},
		{"max-stale and what must be revalidated (4.2.4)", F{Lifetime: 10 * second, MustRevalidate: true}, 11, D{MaxStale: ever}, rfc9111.Validate},
		{"stale-while-revalidate (5861 3)", swr, 14, D{}, rfc9111.Revalidate},
		{"after it", swr, 15, D{}, rfc9111.Validate},
		{"with what must be revalidated", F{Lifetime: 10 * second, StaleWhileRevalidate: 5 * second, MustRevalidate: true}, 11, D{}, rfc9111.Validate},
		{"with a request that sets an age", swr, 14, D{MaxAge: sec(20)}, rfc9111.Validate},
		{"with a request that sets a freshness", swr, 14, D{MinFresh: sec(0)}, rfc9111.Validate},
		{"only-if-cached (5.2.1.7), fresh", fresh, 9, D{OnlyIfCached: true}, rfc9111.Fresh},
		{"only-if-cached, stale", fresh, 10, D{OnlyIfCached: true}, rfc9111.Unavailable},
		{"immutable and a reload (8246 2)", F{Lifetime: 10 * second, Immutable: true}, 5, D{MaxAge: sec(0)}, rfc9111.Fresh},
		{"immutable and a forced reload", F{Lifetime: 10 * second, Immutable: true}, 5, D{NoCache: true}, rfc9111.Validate},
		{"immutable, but stale", F{Lifetime: 10 * second, Immutable: true}, 10, D{MaxAge: sec(0)}, rfc9111.Validate},
	} {
		if got := c.f.Decide(time.Duration(c.age)*second, c.d); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
	}
}

func TestAnErrorIsReplacedAsRFC5861Says(t *testing.T) {
	t.Parallel()
	type F = rfc9111.Freshness
	type D = rfc9111.Directives
	second := time.Second
	f := F{Lifetime: 10 * second, StaleIfError: 5 * second}
	for _, c := range []struct {
		name string
		f    F
		age  int
		d    D
		want bool
	}{
		{"within", f, 15, D{}, true},
		{"after", f, 16, D{}, false},
		{"not allowed", F{Lifetime: 10 * second}, 10, D{}, false},
		{"by the request", F{Lifetime: 10 * second}, 13, D{StaleIfError: sec(3)}, true},
		{"the longer counts", f, 18, D{StaleIfError: sec(8)}, true},
		{"what must be revalidated (4.2.4)", F{StaleIfError: time.Hour, MustRevalidate: true}, 1, D{}, false},
		{"a request that wants none", f, 11, D{NoCache: true}, false},
	} {
		if got := c.f.OnError(time.Duration(c.age)*second, c.d); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
