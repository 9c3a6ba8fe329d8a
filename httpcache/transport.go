package httpcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Transport is an http.RoundTripper with the cache before another one: what Middleware is for a server, it is for a client.
// Responses lie where those of the middleware lie, under the same keys, are made invalid by the same calls, and by requests
// of unsafe methods that go through it.
//
// It is a shared cache, unless its rule has Private: a client of one user gives a constant name there, and what servers call
// private is then kept for it. Options.Hosts bounds what is cached. Where the cache is middleware too, strangers can say by
// Host whose response it stores: for servers of others make a cache of another Name. It is safe for concurrent use.
type Transport struct {
	route http.Handler
	next  http.RoundTripper
}

// Transport makes an http.RoundTripper that answers from the cache by a rule, or asks next; nil means http.DefaultTransport.
// It panics on a rule that cannot be, as Route does.
//
// Errors of next are returned as they are, unless something stored may be served in their place (RFC 5861). The body of a
// response has to be closed, as always; one that is not read to its end is not stored.
func (c *Cache) Transport(rule Rule, next http.RoundTripper) *Transport {
	if next == nil {
		next = http.DefaultTransport
	}
	t := &Transport{next: next}
	t.route = c.Route(rule)(http.HandlerFunc(t.fetch))
	return t
}

// RoundTrip answers a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	web := r.URL != nil && (r.URL.Scheme == "http" || r.URL.Scheme == "https") && r.URL.Opaque == "" && r.URL.Host != ""
	if !web || r.Method == http.MethodConnect || len(r.Header["Upgrade"]) > 0 {
		return t.next.RoundTrip(r)
	}
	ctx, cancel := context.WithCancel(r.Context())
	p := newReply(r)
	go func() {
		defer cancel()
		// Who reads the body gives up with the request.
		defer context.AfterFunc(ctx, func() { p.body.CloseWithError(context.Cause(ctx)) })()
		defer func() { p.end(recover()) }()
		t.route.ServeHTTP(p, received(r.WithContext(ctx)))
	}()
	select {
	case <-p.known:
	case <-r.Context().Done():
		p.give(nil, context.Cause(r.Context()))
		<-p.known
	}
	if p.panicked != nil {
		panic(p.panicked)
	}
	return p.response, p.err
}

// received makes a request that is sent look like one that was received, without changing the caller's.
func received(r *http.Request) *http.Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	u := *r.URL
	if u.Path == "" {
		u.Path = "/"
	}
	r.URL = &u
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Host == "" {
		r.Host = u.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return served(r)
}

// fetch is the handler behind the cache: it asks the next transport.
func (t *Transport) fetch(w http.ResponseWriter, r *http.Request) {
	out := r.WithContext(r.Context())
	out.RequestURI, out.TLS = "", nil
	if out.ContentLength == 0 {
		out.Body = nil
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		if p := replyOf(w); p != nil {
			p.failed(err)
		}
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	if resp.ContentLength > 0 && len(resp.Header["Content-Length"]) == 0 {
		w.Header()["Content-Length"] = []string{strconv.FormatInt(resp.ContentLength, 10)}
	}
	if len(resp.Trailer) > 0 {
		w.Header()["Trailer"] = []string{strings.Join(slices.Sorted(maps.Keys(resp.Trailer)), ", ")}
	}
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		if p := replyOf(w); p != nil {
			p.failed(err)
		}
		panic(http.ErrAbortHandler) // what is known of the response is not all of it
	}
	for name, lines := range resp.Trailer {
		w.Header()[http.TrailerPrefix+name] = lines
	}
}

// replyOf finds the reply behind the writers of the cache; nil where nobody waits for it.
func replyOf(w http.ResponseWriter) *reply {
	for w != nil {
		if p, ok := w.(*reply); ok {
			return p
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
	return nil
}

// reply is a ResponseWriter that becomes the response of a round trip: the head as soon as it is written, the body as it
// comes.
type reply struct {
	request *http.Request
	header  http.Header
	body    *io.PipeWriter
	reader  *io.PipeReader

	mu       sync.Mutex
	fault    error // of the next transport
	known    chan struct{}
	response *http.Response
	err      error
	panicked any
}

func newReply(r *http.Request) *reply {
	p := &reply{request: r, header: http.Header{}, known: make(chan struct{})}
	p.reader, p.body = io.Pipe()
	return p
}

// Header is that of the response until it is written.
func (p *reply) Header() http.Header { return p.header }

// failed remembers why the next transport gave no response, or no more of it.
func (p *reply) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = err
}

// give ends the wait for the head; only the first call counts.
func (p *reply) give(resp *http.Response, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.known:
		return
	default:
	}
	if resp == nil {
		p.reader.CloseWithError(err)
	}
	p.response, p.err = resp, err
	close(p.known)
}

// WriteHeader gives the head. Interim responses went to the request's own httptrace already.
func (p *reply) WriteHeader(status int) {
	if status < 200 {
		return
	}
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	if fault != nil && status == http.StatusBadGateway {
		p.give(nil, fault)
		return
	}
	h := p.header.Clone() // what is stored is shared, and the caller may do with his header what he likes
	resp := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: p.reader, ContentLength: -1, Request: p.request,
	}
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		resp.ContentLength = n
	}
	for _, line := range h["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			if resp.Trailer == nil {
				resp.Trailer = http.Header{}
			}
			resp.Trailer[http.CanonicalHeaderKey(strings.TrimSpace(name))] = nil
		}
	}
	delete(h, "Trailer")
	p.give(resp, nil)
}

// Write gives a part of the body to whoever reads it.
func (p *reply) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

// FlushError does nothing: nothing is held back.
func (p *reply) FlushError() error { return nil }

// end is called when the cache is done with the request, with what it panicked with.
func (p *reply) end(panicked any) {
	p.mu.Lock()
	err := p.fault
	p.mu.Unlock()
	switch {
	case panicked == nil:
		err = nil
		if cause := context.Cause(p.request.Context()); cause != nil {
			p.give(nil, cause) // who waited was not answered
		}
		p.WriteHeader(http.StatusOK)
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	select {
	case <-p.known:
		if recovered, ok := panicked.(error); panicked != nil && (!ok || !errors.Is(recovered, http.ErrAbortHandler)) {
			err = fmt.Errorf("httpcache: panic: %v", panicked)
		}
	default:
		p.panicked = panicked
		p.give(nil, err)
	}
	if p.response != nil && err == nil {
		for name, lines := range p.header {
			if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && p.response.Trailer != nil {
				p.response.Trailer[name] = lines // read after the end of the body alone
			}
		}
	}
	p.body.CloseWithError(err)
	if p.request.Body != nil {
		p.request.Body.Close()
	}
}
