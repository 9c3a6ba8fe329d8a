package httpcache

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Options of a Cache. The zero value of each field is a good choice.
type Options struct {
	// Name tells caches of one client apart; it stands in their keys. "" is a name as well. Letters, digits and _ : . -
	Name string
	// Hosts are the hosts, with their port unless it is that of the scheme, whose responses are cached; requests for others
	// go to the handler. None: every host is, each under its own keys. X-Forwarded-Host is never heeded.
	Hosts []string
	// MaxBody is the largest body that is stored. 0 means 8 MiB, at most 256 MiB. Larger ones are passed on.
	MaxBody int
	// Patience is how long a request waits for the response that another one is fetching before it goes to the handler by
	// itself. 0 means 4 s. For a request of another process it waits half of that.
	Patience time.Duration
	// LoadTimeout is the longest time that a handler takes for a response that is stored; others do not wait for it longer.
	// 0 means 30 s.
	LoadTimeout time.Duration
	// Targets are names of fields that are read before Cache-Control, the first that is there alone (RFC 9213 section 2.2).
	// Nil means CDN-Cache-Control; an empty slice none.
	Targets []string
	// NoHeuristic stores nothing without explicit freshness. Otherwise a response with Last-Modified is fresh for a tenth of
	// its age, at most a day, where RFC 9111 section 4.2.2 allows it.
	NoHeuristic bool
	// NoNear keeps responses out of the process: every request goes to Redis.
	NoNear bool
	// NearBytes bounds the memory of the responses in the process. 0 means 64 MiB.
	NearBytes int64
	// NearUntracked is the longest life of a response in the process where Redis cannot track keys. 0 means 1 s.
	NearUntracked time.Duration
	// Compress are the media types, with asterisks for parts of them, whose responses are also kept in zstd and gzip, made once
	// for all when they are first asked for, and sent to clients that accept them. Their strong entity tags get the coding's
	// name. Nil means text and the usual formats of text; an empty slice none. Content-Encoding of the handler, no-transform,
	// rules with NoCompress or Private, and requests for ranges keep a response as it is.
	Compress []string
	// CompressFrom is the length in bytes from which on a body is compressed. 0 means 1024.
	CompressFrom int
	// Identity names this cache in the field Cache-Status. "" means redbrick.
	Identity string
}

// Rule says how the responses of a route are cached, beyond what they say themselves. The zero Rule adds nothing.
type Rule struct {
	// TTL is how long a response is fresh whose handler gives no explicit freshness. 0: only what handlers allow is stored.
	TTL time.Duration
	// StaleWhileRevalidate and StaleIfError are used where the response has no such directive (RFC 5861).
	StaleWhileRevalidate, StaleIfError time.Duration
	// Query names the parameters that make a difference. The handler sees these alone, sorted by name: what is outside the
	// key cannot poison an entry. Nil means the whole query as it was sent, an empty slice none of it.
	Query []string
	// Key replaces path and query in the key, for all routes of the cache: two that mean different things by the same text
	// need different texts. Scheme and host stay in the key. The empty string sends the request past the cache.
	Key func(*http.Request) string
	// When sends requests past the cache for which it returns false.
	When func(*http.Request) bool
	// Tags of the response, at most 128 with those of Cache-Groups; see Cache.InvalidateTags.
	Tags func(*http.Request) []string
	// Private gives every user entries of his own, and the cache keeps for him what a private cache may. The empty string
	// sends the request past the cache.
	Private func(*http.Request) (user string)
	// Shared declares that the response is the same whatever Cookie and Authorization the request has.
	Shared bool
	// VaryBy names request header fields that make a difference, besides those that the response names in Vary.
	VaryBy []string
	// ETag gives a response of status 200 without one an entity tag made of its body, so that clients who have it get a 304.
	// The first client then gets it when the handler has returned, unless that flushes.
	ETag bool
	// MaxBody is Options.MaxBody for this route.
	MaxBody int
	// NoCompress sends bodies as they are. Needed where a response repeats what a stranger can put into a request beside a
	// secret that is the same for all.
	NoCompress bool
}

// Defaults, see Options.
const (
	defaultMaxBody       = 8 << 20
	largestBody          = 256 << 20
	defaultPatience      = 4 * time.Second
	defaultLoadTimeout   = 30 * time.Second
	defaultNearBytes     = 64 << 20
	defaultNearUntracked = time.Second
	longestTTL           = 10 * 365 * 24 * time.Hour
	// defaultCompressFrom: less fits into one packet of a network anyway.
	defaultCompressFrom = 1 << 10
)

// defaultCompress has the most frequent types first, and spelled out: those are found at once.
var defaultCompress = []string{
	"application/json", "text/html", "text/*", "application/javascript", "application/xml", "*/*+json", "*/*+xml", "application/wasm",
	"font/ttf", "font/otf",
}

func (o Options) withDefaults() (Options, error) {
	var faults []error
	add := func(field string, value any, expected string) {
		faults = append(faults, fmt.Errorf("%w: httpcache %q: Options.%s is %v, expected %s", redbrick.ErrConfig, o.Name, field, value, expected))
	}
	if keyspace.ValidName(o.Name) != nil {
		add("Name", o.Name, "letters, digits and _ : . -")
	}
	o.Hosts = slices.Clone(o.Hosts)
	for i, h := range o.Hosts {
		if o.Hosts[i] = strings.ToLower(h); !validHost(h) {
			add("Hosts", fmt.Sprintf("%q", h), "host or host:port")
		}
	}
	for _, d := range []struct {
		field string
		value *time.Duration
		zero  time.Duration
	}{
		{"Patience", &o.Patience, defaultPatience},
		{"LoadTimeout", &o.LoadTimeout, defaultLoadTimeout},
		{"NearUntracked", &o.NearUntracked, defaultNearUntracked},
	} {
		if *d.value == 0 {
			*d.value = d.zero
		} else if *d.value < time.Millisecond || *d.value > longestTTL {
			add(d.field, *d.value, "at least 1ms and at most ten years")
		}
	}
	switch {
	case o.MaxBody == 0:
		o.MaxBody = defaultMaxBody
	case o.MaxBody < 0 || o.MaxBody > largestBody:
		add("MaxBody", o.MaxBody, "1 to 268435456")
	}
	switch {
	case o.NearBytes == 0:
		o.NearBytes = defaultNearBytes
	case o.NearBytes < 0:
		add("NearBytes", o.NearBytes, "more than 0; NoNear switches it off")
	}
	if o.Compress == nil {
		o.Compress = defaultCompress
	}
	for _, kind := range o.Compress {
		if _, err := path.Match(kind, ""); err != nil || !strings.Contains(kind, "/") || strings.ToLower(kind) != kind {
			add("Compress", fmt.Sprintf("%q", kind), "media types in small letters, such as text/*")
		}
	}
	switch {
	case o.CompressFrom == 0:
		o.CompressFrom = defaultCompressFrom
	case o.CompressFrom < 0:
		add("CompressFrom", o.CompressFrom, "more than 0")
	}
	if o.Targets == nil {
		o.Targets = []string{"CDN-Cache-Control"}
	}
	for _, t := range o.Targets {
		if !validToken(t) {
			add("Targets", fmt.Sprintf("%q", t), "names of header fields")
		}
	}
	if o.Identity == "" {
		o.Identity = "redbrick"
	} else if !validToken(o.Identity) {
		add("Identity", fmt.Sprintf("%q", o.Identity), "a token")
	}
	return o, errors.Join(faults...)
}

// checked is the rule with names in canonical form; a bad one is an error that names the field.
func (r Rule) checked(o Options) (Rule, error) {
	var faults []error
	add := func(field string, value any, expected string) {
		faults = append(faults, fmt.Errorf("%w: httpcache %q: Rule.%s is %v, expected %s", redbrick.ErrConfig, o.Name, field, value, expected))
	}
	for field, d := range map[string]time.Duration{
		"TTL": r.TTL, "StaleWhileRevalidate": r.StaleWhileRevalidate, "StaleIfError": r.StaleIfError,
	} {
		if d < 0 || d > longestTTL {
			add(field, d, "0 to ten years")
		}
	}
	switch {
	case r.MaxBody == 0:
		r.MaxBody = o.MaxBody
	case r.MaxBody < 0 || r.MaxBody > largestBody:
		add("MaxBody", r.MaxBody, "1 to 268435456")
	}
	if r.Private != nil && r.Shared {
		add("Shared", true, "false where Private is set")
	}
	if r.Query != nil {
		r.Query = slices.Compact(slices.Sorted(slices.Values(r.Query)))
		if r.Query == nil {
			r.Query = []string{}
		}
	}
	names := make([]string, 0, len(r.VaryBy))
	for _, name := range r.VaryBy {
		if !validToken(name) {
			add("VaryBy", fmt.Sprintf("%q", name), "names of header fields")
		}
		names = append(names, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(names)
	r.VaryBy = slices.Compact(names)
	return r, errors.Join(faults...)
}

// validHost reports whether a host can stand in a URL before a slash.
func validHost(h string) bool {
	return h != "" && len(h) <= 255 && !strings.ContainsFunc(h, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`/?#\@{}"<>`, c)
	})
}

// validToken reports whether s is a token of RFC 9110 section 5.6.2.
func validToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c)
	})
}
