package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// proxy is the cache before an origin.
type proxy struct {
	o         proxyOptions
	logger    *slog.Logger
	cache     *httpcache.Cache
	clients   *ratelimit.Clients
	transport *http.Transport
	exact     map[string]http.Handler // by path
	prefixes  []prefixed
	rest      http.Handler // where no rule fits

	public, private net.Listener
	servers         []*http.Server
	failed          chan error
	life            context.Context //nolint:containedctx // of connections that were upgraded: they end with the proxy
	end             context.CancelFunc
	work            sync.WaitGroup // servers, and requests under way

	requests [6]atomic.Int64 // by the first digit of the status
	underWay atomic.Int64
	broken   atomic.Int64
	limited  atomic.Int64
}

type prefixed struct {
	prefix  string
	handler http.Handler
}

// Dialling and idle connections of the origin.
const (
	originDial = 10 * time.Second
	originIdle = 90 * time.Second
	originKept = 256
)

func newProxy(rb *redbrick.Client, o proxyOptions, logger *slog.Logger) (*proxy, error) {
	x := &proxy{o: o, logger: logger, exact: map[string]http.Handler{}, failed: make(chan error, 2)}
	x.life, x.end = context.WithCancel(context.Background())
	x.transport = &http.Transport{ // not by way of another proxy, whatever the environment says
		DialContext:        (&net.Dialer{Timeout: originDial}).DialContext,
		DisableCompression: true, IdleConnTimeout: originIdle, MaxIdleConnsPerHost: originKept,
	}
	var err error
	if x.clients, err = ratelimit.NewClients(o.clients); err != nil {
		return nil, err
	}
	if x.cache, err = httpcache.New(rb, httpcache.Options{Hosts: o.hosts, NoHeuristic: o.noHeuristic}); err != nil {
		return nil, err
	}
	origin := x.origin()
	x.rest = x.cache.Middleware(origin)
	for i := range o.rules {
		r := &o.rules[i]
		h := x.cache.Route(r.cached())(origin)
		if len(r.Invalidates) > 0 {
			h = x.cache.InvalidateOn(r.Invalidates...)(h)
		}
		if h, err = x.limit(rb, r, h); err != nil {
			return nil, err
		}
		if prefix, ok := strings.CutSuffix(r.Path, "*"); ok {
			x.prefixes = append(x.prefixes, prefixed{prefix, h})
		} else {
			x.exact[r.Path] = h
		}
	}
	return x, nil
}

// limit puts a rate limit before a handler, by the client's address.
func (x *proxy) limit(rb *redbrick.Client, r *proxyRule, next http.Handler) (http.Handler, error) {
	if r.Limit == nil {
		return next, nil
	}
	limiter, err := ratelimit.New(rb, ratelimit.Options{Policies: []ratelimit.Policy{r.policy()}, Timeout: x.o.decide})
	if err != nil {
		return nil, fmt.Errorf("rule of line %d: %w", r.line, err)
	}
	wrap, err := ratelimit.NewMiddleware(ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Limiter: limiter, Key: ratelimit.ByClient(x.clients)}},
		Denied: func(w http.ResponseWriter, _ *http.Request, status int, _ ratelimit.Result) {
			x.limited.Add(1)
			http.Error(w, http.StatusText(status), status)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("rule of line %d: %w", r.line, err)
	}
	return wrap(next), nil
}

// origin asks the service.
func (x *proxy) origin() http.Handler {
	return &httputil.ReverseProxy{
		Transport: x.transport,
		ErrorLog:  slog.NewLogLogger(x.logger.Handler(), slog.LevelDebug),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = x.o.origin.Scheme, x.o.origin.Host, r.In.Host
			// What a client says of itself has been taken out; this is what is known of it.
			h := r.Out.Header
			h.Set("X-Forwarded-For", x.clients.Addr(r.In).String())
			h.Set("X-Forwarded-Host", r.In.Host)
			h.Set("X-Forwarded-Proto", "http")
			if x.clients.HTTPS(r.In) {
				h.Set("X-Forwarded-Proto", "https")
			}
			h.Add("Via", fmt.Sprintf("%d.%d redbrick", r.In.ProtoMajor, r.In.ProtoMinor)) // RFC 9110, section 7.6.3
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			x.broken.Add(1)
			if r.Context().Err() == nil {
				x.logger.WarnContext(r.Context(), "the origin did not answer", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			status := http.StatusBadGateway
			var late interface{ Timeout() bool }
			if errors.As(err, &late) && late.Timeout() {
				status = http.StatusGatewayTimeout
			}
			http.Error(w, http.StatusText(status), status)
		},
	}
}

// ServeHTTP answers by the rule of the path.
func (x *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.work.Add(1)
	defer x.work.Done()
	x.underWay.Add(1)
	defer x.underWay.Add(-1)
	c := &counted{ResponseWriter: w, proxy: x}
	defer c.done()
	x.find(r).ServeHTTP(c, r)
}

// find gives the handler for a request. A path that the origin may read as another one than it seems to be has no rule: what
// is kept of it then is what the origin allows.
func (x *proxy) find(r *http.Request) http.Handler {
	path := r.URL.EscapedPath()
	if doubtful(path) {
		return x.rest
	}
	if h, ok := x.exact[path]; ok {
		return h
	}
	best, h := -1, x.rest
	for _, p := range x.prefixes {
		if len(p.prefix) > best && strings.HasPrefix(path, p.prefix) {
			best, h = len(p.prefix), p.handler
		}
	}
	return h
}

// doubtful reports whether a path has what some servers take for a separator, or for a step up, and others do not.
func doubtful(path string) bool {
	lower := strings.ToLower(path)
	for _, s := range []string{"%2f", "%5c", "%2e", "%3b", "%00", "//", "/./", "/../", "\\", ";"} {
		if strings.Contains(lower, s) {
			return true
		}
	}
	return strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
}

// counted counts an answer when its head is sent.
type counted struct {
	http.ResponseWriter

	proxy *proxy
	known bool
}

// WriteHeader counts final answers.
func (c *counted) WriteHeader(status int) {
	if !c.known && (status >= 200 || status == http.StatusSwitchingProtocols) {
		c.known = true
		c.proxy.requests[min(status/100, 5)].Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (c *counted) Write(b []byte) (int, error) {
	if !c.known {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush, hijack and set deadlines.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// done counts an answer that was broken off before its head.
func (c *counted) done() {
	if !c.known {
		c.proxy.requests[0].Add(1)
	}
}

// serveMetrics tells the counters as Prometheus reads them.
func (x *proxy) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s := x.cache.Stats()
	metric := func(name, kind, help string, samples ...any) {
		fmt.Fprintf(w, "# HELP redbrick_proxy_%s %s\n# TYPE redbrick_proxy_%s %s\n", name, help, name, kind)
		for i := 0; i < len(samples); i += 2 {
			fmt.Fprintf(w, "redbrick_proxy_%s%v %v\n", name, samples[i], samples[i+1])
		}
	}
	var answers []any
	for i, class := range []string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		answers = append(answers, fmt.Sprintf("{status=%q}", class), x.requests[i].Load())
	}
	metric("requests_total", "counter", "Requests by the class of their answer; none was broken off.", answers...)
	metric("requests_under_way", "gauge", "Requests that are being answered.", "", x.underWay.Load())
	metric("origin_errors_total", "counter", "Requests that the origin did not answer.", "", x.broken.Load())
	metric("limited_total", "counter", "Requests that a rate limit denied.", "", x.limited.Load())
	metric("cache_total", "counter", "What the cache did with requests.",
		`{result="near"}`, s.NearHits, `{result="hit"}`, s.Hits, `{result="stale"}`, s.Stale, `{result="miss"}`, s.Misses,
		`{result="revalidated"}`, s.Revalidated, `{result="collapsed"}`, s.Collapsed, `{result="bypass"}`, s.Bypassed, `{result="away"}`, s.Away)
	metric("stored_total", "counter", "Responses that were stored, or not.", `{result="stored"}`, s.Stored, `{result="refused"}`, s.Refused, `{result="too_large"}`, s.TooLarge)
	metric("near_entries", "gauge", "Responses in the memory of this process.", "", s.NearEntries)
	metric("near_bytes", "gauge", "Bytes of the memory of this process that they take.", "", s.NearBytes)
}
