package httpcache

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func TestAnEntryComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	for _, tags := range [][]string{nil, {"a", "group http://x y"}} {
		e := &entry{
			status: 404, body: []byte("\x00body"), open: true, life: time.Hour, at: 5 * time.Second, seq: 7, tags: tags,
			header: http.Header{"Content-Type": {"text/plain"}, "X-Many": {"a", "", "b"}, "X-None": {}},
			fresh: rfc9111.Freshness{
				Lifetime: time.Minute, Age: 3 * time.Second, Explicit: true, NoCache: true, MustRevalidate: true, Immutable: true,
				StaleWhileRevalidate: time.Second, StaleIfError: 2 * time.Second,
			},
			received: time.UnixMilli(1_700_000_000_123),
		}
		e.seal()
		got, err := decode(e.encode(10*time.Second), 59*time.Minute, 100*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		// Stored 5 s after it was received, found a minute after that.
		if age := got.age(100 * time.Second); age != 3*time.Second+5*time.Second+time.Minute {
			t.Errorf("age %v", age)
		}
		want := e.fresh
		want.Age += 5 * time.Second
		if d := cmp.Diff(want, got.fresh); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(e.header, got.header); d != "" {
			t.Error(d)
		}
		if got.status != 404 || string(got.body) != "\x00body" || !got.open || got.life != time.Hour || !got.received.Equal(e.received) ||
			!cmp.Equal(got.tags, tags) || (len(tags) > 0) != (got.seq == 7) {
			t.Errorf("%+v", got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	e := &entry{status: 200, body: []byte("x"), life: time.Hour, header: http.Header{"A": {"b", "c"}}, received: time.UnixMilli(1)}
	f.Add(e.seal().encode(0))
	e.tags = []string{"t"}
	f.Add(e.encode(0))
	f.Add([]byte("\xffRB\x01\x10\x05http1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decode(b, time.Minute, time.Hour)
		if err != nil {
			return
		}
		again, err := decode(e.encode(time.Hour), e.life, time.Hour)
		if err != nil || again.status != e.status || string(again.body) != string(e.body) || !cmp.Equal(again.header, e.header) {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}

func FuzzParseRoot(f *testing.F) {
	f.Add(newRoot("k", nil).raw)
	f.Add(newRoot("k", []string{"Accept", "Cookie"}).raw)
	f.Add("1 ")
	f.Fuzz(func(t *testing.T, raw string) {
		if rt, ok := parseRoot("k", raw); ok && (rt.raw != raw || rt.plain == "k:") {
			t.Errorf("%q: %+v", raw, rt)
		}
	})
}

func FuzzKeyed(f *testing.F) {
	f.Add("a=1&b=2&a=3;4&%61=5&c=%zz&b=a+b%26", "b", "a")
	f.Add("a&a=&=a&&", "a", "")
	f.Fuzz(func(t *testing.T, query, one, other string) {
		names := []string{one}
		if other != one {
			names = append(names, other)
		}
		values, _ := url.ParseQuery(query) // what is well formed is kept
		want := url.Values{}
		for _, name := range names {
			if len(values[name]) > 0 {
				want[name] = values[name]
			}
		}
		got := keyed(query, names)
		read, err := url.ParseQuery(got)
		if err != nil || !cmp.Equal(read, want) || keyed(got, names) != got {
			t.Errorf("%q of %q: %q, %v, %v", names, query, got, read, err)
		}
	})
}
