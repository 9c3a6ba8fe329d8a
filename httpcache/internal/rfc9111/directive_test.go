package rfc9111_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func sec(n int) rfc9111.Seconds { return rfc9111.Seconds{Set: true, D: time.Duration(n) * time.Second} }

func TestDirectivesOfAResponseAreReadAsSection52Says(t *testing.T) {
	t.Parallel()
	type C = rfc9111.Control
	forever := rfc9111.Seconds{Set: true, D: rfc9111.Forever}
	for _, c := range []struct {
		name  string
		lines []string
		want  C
	}{
		{"nothing", nil, C{}},
		{"empty members and spaces (9110 5.6.1)", []string{" ,, max-age=5 ,\tpublic,"}, C{MaxAge: sec(5), Public: true}},
		{"lines are one list", []string{"max-age=5", "no-store"}, C{MaxAge: sec(5), NoStore: true}},
		{"names in any case", []string{"Max-Age=5, PUBLIC, Must-Revalidate, S-MaxAge=7"}, C{MaxAge: sec(5), Public: true, MustRevalidate: true, SMaxAge: sec(7)}},
		{"all of them", []string{"no-store,no-cache,private,public,must-revalidate,proxy-revalidate,must-understand,no-transform,immutable,max-age=1,s-maxage=2,stale-while-revalidate=3,stale-if-error=4"},
			C{NoStore: true, NoCache: true, Private: true, Public: true, MustRevalidate: true, ProxyRevalidate: true, MustUnderstand: true,
				NoTransform: true, Immutable: true, MaxAge: sec(1), SMaxAge: sec(2), StaleWhileRevalidate: sec(3), StaleIfError: sec(4)}},
		{"an argument as quoted string", []string{`max-age="5", s-maxage="\6"`}, C{MaxAge: sec(5), SMaxAge: sec(6)}},
		{"an argument that none is expected of", []string{"no-store=1, public=x"}, C{NoStore: true, Public: true}},
		{"unknown directives", []string{`x, y=max-age=7, z="no-store, max-age=9", max-agee=4`}, C{}},
		{"too large a number (1.2.2)", []string{"max-age=99999999999999999999999"}, C{MaxAge: forever}},
		{"largest number", []string{"max-age=2147483648"}, C{MaxAge: forever}},
		{"no number is stale (4.2.1)", []string{"max-age=5s"}, C{MaxAge: sec(0)}},
		{"a fraction", []string{"max-age=5.0"}, C{MaxAge: sec(0)}},
		{"a sign", []string{"max-age=-5, s-maxage=+5"}, C{MaxAge: sec(0), SMaxAge: sec(0)}},
		{"no argument", []string{"max-age, s-maxage="}, C{MaxAge: sec(0), SMaxAge: sec(0)}},
		{"spaces at the equals sign", []string{"max-age =5, no-store =5"}, C{MaxAge: sec(0), NoStore: true}},
		{"a space in the number", []string{"max-age= 5"}, C{MaxAge: sec(0)}},
		{"single quotes are no quotes", []string{"max-age='5'"}, C{MaxAge: sec(0)}},
		{"semicolons are no commas", []string{"max-age=5; no-store"}, C{MaxAge: sec(0)}},
		{"said twice alike", []string{"max-age=5, max-age=5"}, C{MaxAge: sec(5)}},
		{"said twice and not alike is stale (4.2.1)", []string{"max-age=5", "max-age=6"}, C{MaxAge: sec(0)}},
		{"of two allowances the shorter", []string{"stale-if-error=5, stale-if-error=3"}, C{StaleIfError: sec(3)}},
		{"an allowance that is none", []string{"stale-while-revalidate=x, stale-if-error"}, C{}},
		{"names of fields", []string{`no-cache="set-cookie, x-A", private="x-b"`}, C{NoCacheFields: []string{"Set-Cookie", "X-A"}, PrivateFields: []string{"X-B"}}},
		{"a name without quotes (5.2)", []string{"private=x-b"}, C{PrivateFields: []string{"X-B"}}},
		{"all the signs that a name may have", []string{"private=\"!#$%&'*+-.^_`|~\""}, C{PrivateFields: []string{"!#$%&'*+-.^_`|~"}}},
		{"empty names among others", []string{`private=",x-a,,x-b,"`}, C{PrivateFields: []string{"X-A", "X-B"}}},
		{"both forms", []string{`no-cache, no-cache=x-a`}, C{NoCache: true, NoCacheFields: []string{"X-A"}}},
		{"no names are the form without", []string{`no-cache="", private=" , "`}, C{NoCache: true, Private: true}},
		{"what is no name is the form without", []string{`private="x y"`}, C{Private: true}},
		{"a quote that is never closed hides nothing", []string{`x="a, no-store, max-age=5`}, C{NoStore: true, MaxAge: sec(5)}},
		{"nor does an escaped one", []string{`x="a\", private`}, C{Private: true}},
		{"a broken argument is the form without", []string{`private="x-a`}, C{Private: true}},
	} {
		got := rfc9111.ParseResponse(http.Header{"Cache-Control": c.lines}, nil)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %q:\n%s", c.name, c.lines, diff)
		}
	}
}

func TestDirectivesOfARequestAreReadAsSection521Says(t *testing.T) {
	t.Parallel()
	type D = rfc9111.Directives
	for _, c := range []struct {
		name string
		h    http.Header
		want D
	}{
		{"nothing", http.Header{}, D{}},
		{"all of them", http.Header{"Cache-Control": {"no-store, no-cache, only-if-cached, max-age=1, min-fresh=2, max-stale=3, stale-if-error=4"}},
			D{NoStore: true, NoCache: true, OnlyIfCached: true, MaxAge: sec(1), MinFresh: sec(2), MaxStale: sec(3), StaleIfError: sec(4)}},
		{"any staleness (5.2.1.2)", http.Header{"Cache-Control": {"max-stale"}}, D{MaxStale: rfc9111.Seconds{Set: true, D: rfc9111.Forever}}},
		{"of two the stricter", http.Header{"Cache-Control": {"max-age=5, max-age=3, min-fresh=1, min-fresh=2, max-stale, max-stale=9"}},
			D{MaxAge: sec(3), MinFresh: sec(2), MaxStale: sec(9)}},
		{"no numbers", http.Header{"Cache-Control": {"max-age=x, max-stale=x, min-fresh=x"}},
			D{MaxAge: sec(0), MaxStale: sec(0), MinFresh: rfc9111.Seconds{Set: true, D: rfc9111.Forever}}},
		{"Pragma (5.4)", http.Header{"Pragma": {"x, No-Cache"}}, D{NoCache: true}},
		{"Pragma beside Cache-Control does not count", http.Header{"Pragma": {"no-cache"}, "Cache-Control": {"max-age=5"}}, D{MaxAge: sec(5)}},
	} {
		if diff := cmp.Diff(c.want, rfc9111.ParseRequest(c.h)); diff != "" {
			t.Errorf("%s: %v:\n%s", c.name, c.h, diff)
		}
	}
}

func TestTargetedFieldsComeFirstAsRFC9213Says(t *testing.T) {
	t.Parallel()
	type C = rfc9111.Control
	targets := []string{"example-cache-control", "CDN-Cache-Control"}
	for _, c := range []struct {
		name, example, cdn string
		want               C
	}{
		{"none", "", "", C{NoStore: true}},
		{"the first that is there (2.2)", "max-age=5", "max-age=6", C{Targeted: true, MaxAge: sec(5)}},
		{"else the next", "", "max-age=6, public", C{Targeted: true, MaxAge: sec(6), Public: true}},
		{"one that is malformed does not count", "max-age=5;;", "max-age=6", C{Targeted: true, MaxAge: sec(6)}},
		{"nor one whose names are not in lower case", "Max-Age=5", "", C{NoStore: true}},
		{"nor with an empty member", "max-age=5,", "", C{NoStore: true}},
		{"parameters say nothing (2.1)", `max-age=5;x="y";z, no-store;q=1.5`, "", C{Targeted: true, MaxAge: sec(5), NoStore: true}},
		{"names of fields", `private="x-a, x-b", no-cache="x-c"`, "", C{Targeted: true, PrivateFields: []string{"X-A", "X-B"}, NoCacheFields: []string{"X-C"}}},
		{"what is false is not said", "no-store=?0, max-age=5", "", C{Targeted: true, MaxAge: sec(5)}},
		{"the last of two", "max-age=5, max-age=6", "", C{Targeted: true, MaxAge: sec(6)}},
		{"a number of another type is stale", `max-age="5", s-maxage=5.0`, "", C{Targeted: true, MaxAge: sec(0), SMaxAge: sec(0)}},
		{"below zero", "max-age=-1", "", C{Targeted: true, MaxAge: sec(0)}},
		{"what forbids holds whatever its type", "no-store=1, private=(a b)", "", C{Targeted: true, NoStore: true, Private: true}},
		{"what allows has to be well said", "public=1, immutable=x, max-age=5", "", C{Targeted: true, MaxAge: sec(5)}},
	} {
		h := http.Header{"Cache-Control": {"no-store"}}
		if c.example != "" {
			h.Set("Example-Cache-Control", c.example)
		}
		if c.cdn != "" {
			h.Set("CDN-Cache-Control", c.cdn)
		}
		if diff := cmp.Diff(c.want, rfc9111.ParseResponse(h, targets)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}
