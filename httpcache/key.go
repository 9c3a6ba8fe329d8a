package httpcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// steering are request fields by which a stranger can change what some handlers answer. Nobody names them in Vary, so they
// are a part of every key.
var steering = []string{
	"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Port", "X-Forwarded-Prefix",
	"X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Http-Host-Override", "X-Host", "X-Original-Url", "X-Original-Host", "X-Rewrite-Url", "X-Http-Method-Override",
	"X-Http-Method", "X-Method-Override",
}

// place is where the responses to a request lie.
type place struct {
	root string // key of the root
	user string // of a private rule
	// query is what the handler is to see, where the rule has names.
	query string
	// steered: the request has one of the steering fields. closed: it has credentials that the key does not hold.
	steered, closed bool
}

// place gives the place of a request; why is set where it has none.
func (t *route) place(r *http.Request) (p place, why string) {
	host := hostOf(r)
	if !t.c.known(host) {
		return p, "host"
	}
	if t.rule.Private != nil {
		if p.user = t.rule.Private(r); p.user == "" {
			return p, "no user"
		}
	} else if !t.rule.Shared {
		p.closed = len(r.Header["Cookie"]) > 0 && !t.cookieKeyed || len(r.Header["Authorization"]) > 0 && !t.authKeyed
	}
	for _, name := range steering {
		if _, ok := r.Header[name]; ok {
			p.steered = true
			break
		}
	}
	var room [320]byte
	b := append(append(room[:0], t.c.prefix...), '{')
	from := len(b)
	if t.rule.Key != nil {
		key := t.rule.Key(r)
		if key == "" {
			return p, "no key"
		}
		b = appendKey(b, schemeOf(r), host, key)
	} else {
		path, query, asked := target(r)
		if t.rule.Query != nil {
			query = keyed(query, t.rule.Query)
			p.query, asked = query, query != ""
		}
		b = appendURL(b, schemeOf(r), host, path, query, asked)
	}
	p.root = t.c.finish(b, from)
	return p, ""
}

func appendURL(b []byte, scheme, host, path, query string, asked bool) []byte {
	b = append(append(append(b, scheme...), "://"...), host...)
	if path == "" {
		path = "/"
	}
	b = append(b, path...)
	if asked {
		b = append(append(b, '?'), query...)
	}
	return b
}

// appendKey writes what Rule.Key made of path and query. No host has a space in it.
func appendKey(b []byte, scheme, host, key string) []byte {
	return append(append(append(append(append(append(b, "key "...), scheme...), "://"...), host...), ' '), key...)
}

// finish closes the hash tag around the id that begins at from.
func (c *Cache) finish(b []byte, from int) string {
	if id := b[from:]; len(id) > keyspace.MaxID || bytes.ContainsAny(id, "{}%") || len(id) > keyspace.IDHead && id[keyspace.IDHead] == '~' {
		b = append(b[:from], keyspace.EscapeID(string(id))...)
	}
	return string(append(b, '}'))
}

// target is path and query as they were sent: a handler behind http.StripPrefix sees less.
func target(r *http.Request) (path, query string, asked bool) {
	if strings.HasPrefix(r.RequestURI, "/") {
		return strings.Cut(r.RequestURI, "?")
	}
	return r.URL.EscapedPath(), r.URL.RawQuery, r.URL.RawQuery != "" || r.URL.ForceQuery
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func hostOf(r *http.Request) string {
	host := r.Host
	for i := range len(host) {
		if 'A' <= host[i] && host[i] <= 'Z' {
			host = strings.ToLower(host)
			break
		}
	}
	if r.TLS != nil {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

func (c *Cache) known(host string) bool {
	if len(c.opt.Hosts) > 0 {
		return slices.Contains(c.opt.Hosts, host)
	}
	return validHost(host)
}

// keyed keeps the named parameters, in the order of the names, each value in one spelling. What is malformed is no
// parameter, for the handler neither. It is url.ParseQuery without the map: a part of every hit.
func keyed(query string, names []string) string {
	if query == "" || len(names) == 0 {
		return ""
	}
	var room [256]byte
	b := room[:0]
	for _, name := range names {
		for rest := query; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, "&")
			if pair == "" || strings.IndexByte(pair, ';') >= 0 {
				continue
			}
			key, value, _ := strings.Cut(pair, "=")
			key, ok := unescaped(key)
			if !ok || key != name {
				continue
			}
			if value, ok = unescaped(value); !ok {
				continue
			}
			if len(b) > 0 {
				b = append(b, '&')
			}
			b = append(append(append(b, escaped(name)...), '='), escaped(value)...)
		}
	}
	if string(b) == query {
		return query
	}
	return string(b)
}

func unescaped(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	u, err := url.QueryUnescape(s)
	return u, err == nil
}

func escaped(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
		default:
			return url.QueryEscape(s)
		}
	}
	return s
}

// variant is the key of the response to a request below a root.
func (p *place) variant(rt *root, r *http.Request) string {
	if p.user == "" && !p.steered && len(rt.names) == 0 {
		return rt.plain
	}
	var room [512]byte
	b := binary.BigEndian.AppendUint32(room[:0], uint32(len(p.user))) //nolint:gosec // shorter
	b = append(b, p.user...)
	if p.steered {
		b = append(b, 1)
		b = rfc9111.AppendVary(b, steering, r)
	} else {
		b = append(b, 0)
	}
	b = rfc9111.AppendVary(b, rt.names, r)
	sum := sha256.Sum256(b)
	at := len(rt.plain) - 1
	key := append(room[:0], rt.plain[:at]...)
	return string(base64.RawURLEncoding.AppendEncode(key, sum[:]))
}

// route is a Rule in use.
type route struct {
	c                      *Cache
	rule                   Rule
	policy                 rfc9111.Policy
	cookieKeyed, authKeyed bool
	// codes: responses are sent in codings too. Those of one user are not: what he is told and what a stranger makes him ask
	// for would be compressed together, and the length would tell of the one by the other (BREACH).
	codes bool
}

func (c *Cache) route(rule Rule) (*route, error) {
	rule, err := rule.checked(c.opt)
	if err != nil {
		return nil, err
	}
	t := &route{c: c, rule: rule}
	t.policy = rfc9111.Policy{
		Private: rule.Private != nil, Targets: c.opt.Targets, NoHeuristic: c.opt.NoHeuristic, TTL: rule.TTL,
		StaleWhileRevalidate: rule.StaleWhileRevalidate, StaleIfError: rule.StaleIfError,
	}
	t.cookieKeyed = slices.Contains(rule.VaryBy, "Cookie")
	t.authKeyed = slices.Contains(rule.VaryBy, "Authorization")
	t.codes = len(c.opt.Compress) > 0 && !rule.NoCompress && rule.Private == nil && !t.cookieKeyed && !t.authKeyed
	c.routes.add(t)
	return t, nil
}

// routes are the ways in which URLs are made into keys, each once: an invalidation goes through all of them.
type routes struct {
	mu      sync.RWMutex
	queries [][]string
	keys    []func(*http.Request) string
}

func (s *routes) add(t *route) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.rule.Key != nil {
		s.keys = append(s.keys, t.rule.Key)
		return
	}
	if !slices.ContainsFunc(s.queries, func(q []string) bool { return slices.Equal(q, t.rule.Query) && (q == nil) == (t.rule.Query == nil) }) {
		s.queries = append(s.queries, t.rule.Query)
	}
}

// roots are the keys of all roots at which responses of an absolute URL may lie.
func (c *Cache) rootsOf(r *http.Request) []string {
	c.routes.mu.RLock()
	defer c.routes.mu.RUnlock()
	head := append([]byte(c.prefix), '{')
	host, scheme := hostOf(r), schemeOf(r)
	path, query, asked := target(r)
	seen := make([]string, 0, 1+len(c.routes.queries))
	add := func(b []byte) {
		if key := c.finish(b, len(head)); !slices.Contains(seen, key) {
			seen = append(seen, key)
		}
	}
	add(appendURL(slices.Clone(head), scheme, host, path, query, asked))
	for _, names := range c.routes.queries {
		if names != nil {
			q := keyed(query, names)
			add(appendURL(slices.Clone(head), scheme, host, path, q, q != ""))
		}
	}
	for _, key := range c.routes.keys {
		if k := key(r); k != "" {
			add(appendKey(slices.Clone(head), scheme, host, k))
		}
	}
	return seen
}
