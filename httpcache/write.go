package httpcache

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// write lets a request through that may change something. What it makes invalid is invalid before its answer is sent; more
// is done where the answer is no error.
func (c *Cache) write(w http.ResponseWriter, r *http.Request, next http.Handler, more func(context.Context) error) {
	c.stats.bypassed.Add(1)
	header := w.Header()
	header["X-Cache"] = xBypass
	header["Cache-Status"] = append(header["Cache-Status"], c.opt.Identity+"; fwd=method")
	i := &intercept{ResponseWriter: w, at: func(status int) {
		c.written(r, status, w.Header(), more)
	}}
	returned := false
	defer func() {
		if !returned && !i.done { // it may have written before it panicked
			i.done = true
			c.written(r, http.StatusOK, http.Header{}, more)
		}
	}()
	next.ServeHTTP(i, c.uncoded(r))
	returned = true
	i.decide(http.StatusOK)
}

func (c *Cache) written(r *http.Request, status int, h http.Header, more func(context.Context) error) {
	ctx := context.WithoutCancel(r.Context())
	unsafe := len(rfc9111.InvalidationTargets(r.Method, &url.URL{}, http.StatusOK, nil)) > 0
	if more != nil && unsafe && status < 400 {
		if err := more(ctx); err != nil {
			c.rb.Logger().WarnContext(ctx, "httpcache: invalidating after a write", "cache", c.opt.Name, "error", err)
		}
	}
	path, query, _ := target(r)
	u, err := url.ParseRequestURI(path)
	if err != nil || c.disabled {
		return
	}
	u.Scheme, u.Host, u.RawQuery = schemeOf(r), hostOf(r), query
	var keys []string
	for i, one := range rfc9111.InvalidationTargets(r.Method, u, status, h) {
		asked, err := http.NewRequestWithContext(ctx, http.MethodGet, one.String(), http.NoBody)
		if err == nil {
			if i == 0 {
				asked.RequestURI = r.RequestURI // in the spelling that others use too, which a URL may not keep
			}
			keys = append(keys, c.rootsOf(served(asked))...)
		}
	}
	var tags []string
	if status < 400 {
		for _, g := range rfc9111.InvalidatedGroups(r.Method, h) {
			tags = append(tags, groupTag(r, g))
		}
	}
	if len(keys) > 0 {
		err = c.dropRoots(ctx, "key", keys)
	}
	if err = errors.Join(err, c.InvalidateTags(ctx, tags...)); err != nil {
		c.rb.Logger().WarnContext(ctx, "httpcache: invalidating after a write", "cache", c.opt.Name, "error", err)
	}
}

// served makes a request that was built by its URL look like one that was received.
func served(r *http.Request) *http.Request {
	if r.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	return r
}

// intercept calls at before the head of a final response is sent.
type intercept struct {
	http.ResponseWriter

	at   func(status int)
	done bool
}

func (i *intercept) decide(status int) {
	if !i.done {
		i.done = true
		i.at(status)
	}
}

// WriteHeader sends the head.
func (i *intercept) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		i.decide(status)
	}
	i.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (i *intercept) Write(b []byte) (int, error) {
	i.decide(http.StatusOK)
	return i.ResponseWriter.Write(b)
}

// ReadFrom sends a body as fast as the connection can.
func (i *intercept) ReadFrom(r io.Reader) (int64, error) {
	i.decide(http.StatusOK)
	return io.Copy(i.ResponseWriter, r)
}

// FlushError sends what there is.
func (i *intercept) FlushError() error {
	i.decide(http.StatusOK)
	return http.NewResponseController(i.ResponseWriter).Flush()
}

// Flush is FlushError for those who ask for an http.Flusher.
func (i *intercept) Flush() { _ = i.FlushError() }

// Hijack hands the connection over.
func (i *intercept) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	i.decide(http.StatusOK)
	return http.NewResponseController(i.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach deadlines.
func (i *intercept) Unwrap() http.ResponseWriter { return i.ResponseWriter }
