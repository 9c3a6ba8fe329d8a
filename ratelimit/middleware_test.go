package ratelimit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// served is a handler behind the middleware, and what it was asked.
func served(t testing.TB, o HTTPOptions) http.Handler {
	t.Helper()
	mw := must(NewMiddleware(o))(t)
	return mw(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("served")) }))
}

// get makes a request with a peer and headers as "Name: value".
func get(t testing.TB, h http.Handler, peer string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
	r.RemoteAddr = peer
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheMiddlewareAnswers429WithAllHeaders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := patient(t, rb, Options{Policies: []Policy{
			{Name: "burst", Limit: 2, Window: 2 * time.Hour},
			{Name: "tried", Limit: 1, Window: time.Hour, Shadow: true},
			{Name: "day", Algorithm: FixedWindow, Limit: 50, Window: 24 * time.Hour},
		}})
		h := served(t, HTTPOptions{Rules: []Rule{{Limiter: l}}})
		for i := range 4 {
			w := get(t, h, "192.0.2.1:1")
			head := w.Header()
			allowed := i < 2
			if status := map[bool]int{true: 200, false: 429}[allowed]; w.Code != status || (w.Body.String() == "served") != allowed {
				t.Fatalf("request %d: %d %q", i, w.Code, w.Body)
			}
			if got := head.Get("X-RateLimit-Limit"); got != "2" {
				t.Errorf("request %d: limit %q", i, got)
			}
			if got, want := head.Get("X-RateLimit-Remaining"), itoa(int64(max(1-i, 0))); got != want {
				t.Errorf("request %d: remaining %q, want %s", i, got, want)
			}
			reset, err := time.Parse(isoMillis, head.Get("X-RateLimit-Reset"))
			if in := time.Until(reset); err != nil || in < 30*time.Minute || in > 3*time.Hour {
				t.Errorf("request %d: reset %q: %v", i, head.Get("X-RateLimit-Reset"), err)
			}
			if !allowed && i == 3 && head.Get("RateLimit") == "" {
				t.Errorf("request %d: no RateLimit", i)
			}
			if allowed {
				equal(t, "policies", head.Get("RateLimit-Policy"), `"burst";q=2;w=7200, "day";q=50;w=86400`)
				if got := head.Get("RateLimit"); !strings.HasPrefix(got, fmt.Sprintf(`"burst";r=%d;t=`, 1-i)) || !strings.Contains(got, fmt.Sprintf(`, "day";r=%d;t=86`, 49-i)) || strings.Contains(got, "tried") {
					t.Errorf("request %d: %s", i, got)
				}
				equal(t, "Retry-After of a request that was admitted", head.Get("Retry-After"), "")
				continue
			}
			after, err := strconv.Atoi(head.Get("Retry-After"))
			if err != nil || after < 3000 || after > 3601 {
				t.Errorf("request %d: Retry-After %q: %v", i, head.Get("Retry-After"), err)
			}
			// The draft wants Retry-After no earlier than t.
			if _, rest, _ := strings.Cut(head.Get("RateLimit"), `"burst";r=0;t=`); rest == "" {
				t.Errorf("request %d: %s", i, head.Get("RateLimit"))
			} else if n, err := strconv.Atoi(strings.FieldsFunc(rest, func(c rune) bool { return c < '0' || c > '9' })[0]); err != nil || n > after {
				t.Errorf("request %d: t is %d, Retry-After %d: %v", i, n, after, err)
			}
		}
		equal(t, "another client", get(t, h, "192.0.2.2:1").Code, 200)
	})
}

func TestHeadersAreAsAskedFor(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, one(Policy{Limit: 1, Window: time.Hour}))
	for kind, want := range map[Headers]string{DraftHeaders: "RateLimit", LegacyHeaders: "X-RateLimit-Limit", NoHeaders: "none"} {
		h := served(t, HTTPOptions{Rules: []Rule{{Limiter: l}}, Headers: kind})
		ok(t, l.Reset(t.Context(), "192.0.2.1"))
		for range 2 {
			w := get(t, h, "192.0.2.1:1")
			for _, name := range []string{"RateLimit", "X-RateLimit-Limit"} {
				if (w.Header().Get(name) != "") != (name == want) {
					t.Errorf("%d: %s is %q, want %s alone", kind, name, w.Header().Get(name), want)
				}
			}
			if (w.Code == 429) != (w.Header().Get("Retry-After") != "") {
				t.Errorf("%d: %d with Retry-After %q", kind, w.Code, w.Header().Get("Retry-After"))
			}
		}
	}
}

func TestDenialsSpeakAsAskedFor(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, Options{Policies: []Policy{{Name: "a", Limit: 1, Window: time.Hour}, {Name: "b", Limit: 5}}, BlockEntries: -1})
	rules := []Rule{{Limiter: l}}
	get(t, served(t, HTTPOptions{Rules: rules}), "192.0.2.1:1")
	w := get(t, served(t, HTTPOptions{Rules: rules}), "192.0.2.1:1")
	equal(t, "text", w.Body.String(), "Too many requests\n")
	w = get(t, served(t, HTTPOptions{Rules: rules, Problem: true}), "192.0.2.1:1")
	var p problem
	ok(t, json.Unmarshal(w.Body.Bytes(), &p))
	if p.RetryAfter < 3590 || p.RetryAfter > 3600 {
		t.Errorf("%+v", p)
	}
	p.RetryAfter = 0
	equal(t, "problem", p, problem{
		Type: "https://iana.org/assignments/http-problem-types#quota-exceeded", Title: "Request cannot be satisfied as assigned quota has been exceeded",
		Status: 429, Violated: []string{"a"},
	})
	equal(t, "type", w.Header().Get("Content-Type"), "application/problem+json")
	w = get(t, served(t, HTTPOptions{Rules: rules, Denied: func(w http.ResponseWriter, _ *http.Request, status int, r Result) {
		w.WriteHeader(status)
		fmt.Fprint(w, r.Policy, w.Header().Get("Retry-After") != "")
	}}), "192.0.2.1:1")
	equal(t, "own", fmt.Sprint(w.Code, w.Body), "429 atrue")
	none := patient(t, rb, one(Policy{Name: "none", Limit: 0}))
	w = get(t, served(t, HTTPOptions{Rules: []Rule{{Limiter: none}}}), "192.0.2.1:1")
	equal(t, "limit 0", fmt.Sprint(w.Code, " ", w.Header().Get("Retry-After"), " ", w.Header().Get("RateLimit")), `429 86400 "none";r=0`)
}

// TestAMiddlewareWithoutRedis: 503 where a policy is closed, else served or counted here, never with made-up headers.
func TestAMiddlewareWithoutRedis(t *testing.T) {
	t.Parallel()
	for away, want := range map[Away][]int{Open: {200, 200, 200}, Closed: {503, 503, 503}, Local: {200, 200, 429}} {
		for _, kind := range []Algorithm{TokenBucket, Concurrency} {
			rb := redistest.Open(t, "embedded")
			l := patient(t, rb, one(Policy{Limit: 2, Window: time.Hour, Algorithm: kind, Away: away}))
			ok(t, rb.Close())
			h := served(t, HTTPOptions{Rules: []Rule{{Limiter: l}}, Problem: true})
			for i, code := range want {
				if kind == Concurrency && code == 429 {
					code = 200 // the places are given back
				}
				w := get(t, h, "192.0.2.1:1")
				if w.Code != code || w.Header().Get("RateLimit") != "" || (code != 200) != (w.Header().Get("Retry-After") != "") {
					t.Errorf("%d, %v, request %d: %d %v %s", away, kind, i, w.Code, w.Header(), w.Body)
				}
				if code == 503 && !strings.Contains(w.Body.String(), "#temporary-reduced-capacity") {
					t.Errorf("%s", w.Body)
				}
			}
		}
	}
}

// TestTheClientBehindATrustedProxyIsCountedAndNobodyElseIsBelieved.
func TestTheClientBehindATrustedProxyIsCountedAndNobodyElseIsBelieved(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, one(Policy{Limit: 3, Window: time.Hour}))
	clients := must(NewClients(ClientOptions{TrustedProxies: []string{"10.0.0.0/8"}}))(t)
	h := served(t, HTTPOptions{Rules: []Rule{{Limiter: l, Key: ByClient(clients)}}})
	codes := func(n int, peer, header string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprint(&b, get(t, h, peer, strings.ReplaceAll(header, "N", strconv.Itoa(i))).Code, " ")
		}
		return b.String()
	}
	equal(t, "forged by a client", codes(5, "192.0.2.1:1", "X-Forwarded-For: 203.0.113.N"), "200 200 200 429 429 ")
	equal(t, "forged through the proxy", codes(5, "10.0.0.1:1", "X-Forwarded-For: 203.0.113.N, 192.0.2.7"), "200 200 200 429 429 ")
	equal(t, "different clients", codes(5, "10.0.0.1:1", "X-Forwarded-For: 203.0.113.N"), "200 200 200 200 200 ")
	equal(t, "one household", codes(5, "10.0.0.1:1", "X-Forwarded-For: 2001:db8::N"), "200 200 200 429 429 ")
}

func TestKeysTellIdentitiesApart(t *testing.T) {
	t.Parallel()
	request := func(peer, path string, headers ...string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.RemoteAddr = peer
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Add(name, value)
		}
		return r
	}
	r := request("[2001:db8::7]:1", "/x", "X-Api-Key:  k1 ", "User: 1|2")
	unix := request("@", "/x")
	four := request("192.0.2.1:1", "/x")
	route := request("192.0.2.1:1", "/x")
	route.Pattern = "GET /x"
	clients, node := must(NewClients(ClientOptions{}))(t), must(NewClients(ClientOptions{NodeSpelling: true}))(t)
	wide := must(NewClients(ClientOptions{IPv6Bits: 48}))(t)
	user := ByUser(func(r *http.Request) string { return r.Header.Get("User") })
	for i, c := range []struct {
		key  Key
		r    *http.Request
		want string
	}{
		{ByClient(clients), r, "2001:db8::/64"},
		{ByClient(wide), r, "2001:db8::/48"},
		{ByClient(node), r, "2001:db8::7"},
		{ByClient(clients), four, "192.0.2.1"},
		{ByClient(node), four, "::ffff:192.0.2.1"},
		{ByClient(clients), unix, "local"},
		{user, r, "user:1|2"},
		{user, four, ""},
		{FirstOf(user, ByClient(clients)), r, "user:1|2"},
		{FirstOf(user, ByClient(clients)), four, "192.0.2.1"},
		{FirstOf(), four, ""},
		{ByHeader("x-api-key"), r, "x-api-key:k1"},
		{ByHeader("x-api-key"), four, ""},
		{ByRoute(), route, "route:GET /x"},
		{ByRoute(), r, "route:"},
		{AllOf(user, ByRoute()), r, "user:1%7C2|route:"},
		{AllOf(user, ByRoute()), four, ""},
	} {
		if got := c.key(c.r); got != c.want {
			t.Errorf("key %d is %q, want %q", i, got, c.want)
		}
	}
}

// TestCostSkipAndSeveralRules: a request is counted in all rules or in none.
func TestCostSkipAndSeveralRules(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		client := patient(t, rb, Options{Policies: []Policy{{Name: "client", Limit: 10, Window: time.Hour}}, BlockEntries: -1})
		user := patient(t, rb, Options{Policies: []Policy{{Name: "user", Limit: 5, Window: time.Hour}}, BlockEntries: -1})
		h := served(t, HTTPOptions{
			Rules: []Rule{
				{Limiter: client, Cost: func(r *http.Request) int64 {
					n, _ := strconv.ParseInt(r.Header.Get("Cost"), 10, 64)
					return n
				}},
				{Limiter: user, Key: ByHeader("User")},
			},
			Skip: func(r *http.Request) bool { return r.Header.Get("Skip") != "" },
		})
		left := func() [2]int64 {
			return [2]int64{must(client.Peek(t.Context(), "192.0.2.1"))(t).Remaining, must(user.Peek(t.Context(), "user:ann"))(t).Remaining}
		}
		for i, c := range []struct {
			headers []string
			code    int
			left    [2]int64
		}{
			{[]string{"Cost: 3", "User: ann"}, 200, [2]int64{7, 4}},
			{[]string{"Cost: 0", "User: ann"}, 200, [2]int64{7, 3}},
			{[]string{"Cost: 4"}, 200, [2]int64{3, 3}},
			{[]string{"Cost: 4", "User: ann"}, 429, [2]int64{3, 3}},
			{[]string{"Cost: 400", "User: ann"}, 429, [2]int64{3, 3}},
			{[]string{"Cost: 4", "User: ann", "Skip: yes"}, 200, [2]int64{3, 3}},
			{[]string{"Cost: 0"}, 200, [2]int64{3, 3}},
		} {
			w := get(t, h, "192.0.2.1:1", c.headers...)
			if w.Code != c.code || left() != c.left {
				t.Errorf("request %d: %d and %v left, want %d and %v", i, w.Code, left(), c.code, c.left)
			}
		}
	})
}

// TestPlacesAreHeldUntilTheHandlerReturnsOrPanics.
func TestPlacesAreHeldUntilTheHandlerReturnsOrPanics(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := patient(t, rb, Options{Policies: []Policy{
			{Name: "places", Algorithm: Concurrency, Limit: 2, Window: time.Hour}, {Name: "rate", Limit: 3, Window: 1000 * time.Hour},
		}})
		mw := must(NewMiddleware(HTTPOptions{Rules: []Rule{{Limiter: l}}}))(t)
		inside, goOn := make(chan struct{}), make(chan struct{})
		h := mw(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inside <- struct{}{}
			<-goOn
			if r.Header.Get("Panic") != "" {
				panic(http.ErrAbortHandler)
			}
		}))
		var wg sync.WaitGroup
		for _, header := range []string{"Panic: yes", "X: y"} {
			wg.Go(func() {
				defer func() { _ = recover() }()
				get(t, h, "192.0.2.1:1", header)
			})
			<-inside
		}
		w := get(t, h, "192.0.2.1:1")
		equal(t, "a third one", w.Code, 429)
		equal(t, "its RateLimit", w.Header().Get("RateLimit"), `"places";r=0;t=1`)
		equal(t, "policies", w.Header().Get("RateLimit-Policy"), `"places";q=2;qu="concurrent-requests", "rate";q=3;w=3600000`)
		close(goOn)
		wg.Wait()
		go func() { <-inside }()
		equal(t, "when they have left", get(t, h, "192.0.2.1:1").Code, 200)
		// The rate denies now: the place is given back.
		for range 3 {
			equal(t, "the rate", get(t, h, "192.0.2.1:1").Header().Get("Retry-After") > "1", true)
		}
		p := must(l.acquire(t.Context(), "192.0.2.1", 1, false))(t)
		equal(t, "places left", p.Result.Remaining, int64(1))
		ok(t, p.Release(context.Background()))
	})
}

func TestFaultyMiddlewareOptionsAreNamed(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, Options{})
	_, err := NewMiddleware(HTTPOptions{Headers: 9})
	refused(t, "nothing", err, "Rules", "Headers")
	_, err = NewMiddleware(HTTPOptions{Rules: []Rule{{}, {Limiter: l}, {Limiter: l}}})
	refused(t, "rules", err, "Rules[0].Limiter", `Rules[2] is "default"`)
	other := patient(t, redistest.Open(t, "embedded"), one(Policy{Name: "other"}))
	_, err = NewMiddleware(HTTPOptions{Rules: []Rule{{Limiter: l}, {Limiter: other}}})
	refused(t, "two clients", err, "Rules[1].Limiter")
	_, err = NewClients(ClientOptions{TrustedProxies: []string{"10.0.0.0/33"}, IPv6Bits: 16})
	refused(t, "clients", err, "TrustedProxies", "10.0.0.0/33", "IPv6Bits")
	_, err = clientOptionsFrom(func(string) string { return "10.0.0.1, localhost" })
	refused(t, "environment", err, "TRUSTED_PROXIES", "localhost")
	o := must(clientOptionsFrom(func(string) string { return "10.0.0.0/8, unix" }))(t)
	equal(t, "environment", o, ClientOptions{TrustedProxies: []string{"10.0.0.0/8", "unix"}})
}
