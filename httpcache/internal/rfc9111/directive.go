package rfc9111

import (
	"net/http"
	"strings"
)

// Control is what a response says about its being cached (section 5.2.2, RFC 5861, RFC 8246). The zero value says nothing.
type Control struct {
	NoStore, MustUnderstand, NoTransform bool
	NoCache, Private                     bool // the form without field names
	Public, Immutable                    bool
	MustRevalidate, ProxyRevalidate      bool
	MaxAge, SMaxAge                      Seconds
	StaleWhileRevalidate, StaleIfError   Seconds
	NoCacheFields, PrivateFields         []string // the names of the qualified form, canonical
	Targeted                             bool     // said by a targeted field, so that Cache-Control and Expires do not count
}

// ParseResponse reads the first of the targeted fields that is valid and not empty (RFC 9213, section 2.2), else
// Cache-Control.
func ParseResponse(h http.Header, targets []string) Control {
	for _, name := range targets {
		if c, ok := parseTargeted(h[http.CanonicalHeaderKey(name)]); ok {
			return c
		}
	}
	var c Control
	for m := range members(h["Cache-Control"]) {
		name, arg, has := directive(m)
		c.add(name, arg, has)
	}
	return c
}

// directive takes a member apart. Both forms of an argument mean the same (section 5.2); one that cannot be read, as with a
// space before the equals sign, is as one that is empty.
func directive(m string) (name, arg string, has bool) {
	name, arg, has = strings.Cut(m, "=")
	if n := trim(name); n != name {
		return n, "", has
	}
	if arg != "" {
		arg, _ = unquote(arg)
	}
	return name, arg, has
}

func (c *Control) add(name, arg string, has bool) {
	switch lower(name) {
	case "no-store":
		c.NoStore = true
	case "must-understand":
		c.MustUnderstand = true
	case "no-transform":
		c.NoTransform = true
	case "no-cache":
		c.NoCacheFields, c.NoCache = qualified(c.NoCacheFields, c.NoCache, arg, has)
	case "private":
		c.PrivateFields, c.Private = qualified(c.PrivateFields, c.Private, arg, has)
	case "public":
		c.Public = true
	case "immutable":
		c.Immutable = true
	case "must-revalidate":
		c.MustRevalidate = true
	case "proxy-revalidate":
		c.ProxyRevalidate = true
	case "max-age":
		c.MaxAge = lifetime(c.MaxAge, arg)
	case "s-maxage":
		c.SMaxAge = lifetime(c.SMaxAge, arg)
	case "stale-while-revalidate":
		c.StaleWhileRevalidate = allowance(c.StaleWhileRevalidate, arg)
	case "stale-if-error":
		c.StaleIfError = allowance(c.StaleIfError, arg)
	}
}

// lower is strings.ToLower without work for the names that are spelled as everybody spells them.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// lifetime reads freshness. What cannot be read, or is said twice and not the same, is stale (section 4.2.1).
func lifetime(before Seconds, arg string) Seconds {
	d, _ := parseSeconds(arg)
	if before.Set && before.D != d {
		d = 0
	}
	return Seconds{true, d}
}

// allowance reads how long something stale may be served. What cannot be read allows nothing; of two the shorter counts.
func allowance(before Seconds, arg string) Seconds {
	d, ok := parseSeconds(arg)
	switch {
	case !ok:
		return Seconds{before.Set, 0}
	case before.Set:
		d = min(d, before.D)
	}
	return Seconds{true, d}
}

// qualified adds the field names of an argument. One that names no field at all, or something that cannot be one, is the
// form without names, which is the stricter.
func qualified(names []string, whole bool, arg string, has bool) ([]string, bool) {
	if !has {
		return names, true
	}
	n := len(names)
	for name := range strings.SplitSeq(arg, ",") {
		if name = trim(name); name == "" {
			continue
		}
		if !isToken(name) {
			return names[:n], true
		}
		names = append(names, http.CanonicalHeaderKey(name))
	}
	return names, whole || len(names) == n
}

// Directives is what a request asks of caches (section 5.2.1, RFC 5861 section 4). The zero value asks for nothing.
type Directives struct {
	NoStore, NoCache, OnlyIfCached bool
	MaxAge, MinFresh               Seconds
	MaxStale                       Seconds // Forever: without a value, any staleness will do
	StaleIfError                   Seconds
}

// ParseRequest reads Cache-Control of a request, and where there is none "Pragma: no-cache" (section 5.4). Of two values the
// one that asks for more counts.
func ParseRequest(h http.Header) Directives {
	var d Directives
	lines, ok := h["Cache-Control"]
	if !ok {
		if pragma := h["Pragma"]; len(pragma) > 0 {
			d.NoCache = hasMember(pragma, "no-cache")
		}
		return d
	}
	for m := range members(lines) {
		name, arg, has := directive(m)
		switch lower(name) {
		case "no-store":
			d.NoStore = true
		case "no-cache":
			d.NoCache = true
		case "only-if-cached":
			d.OnlyIfCached = true
		case "max-age":
			d.MaxAge = atMost(d.MaxAge, arg)
		case "stale-if-error":
			d.StaleIfError = atMost(d.StaleIfError, arg)
		case "max-stale":
			if !has {
				arg = "2147483648"
			}
			d.MaxStale = atMost(d.MaxStale, arg)
		case "min-fresh":
			fresh, ok := parseSeconds(arg)
			if !ok {
				fresh = Forever
			}
			d.MinFresh = Seconds{true, max(d.MinFresh.D, fresh)}
		}
	}
	return d
}

// atMost reads a bound of a request; one that cannot be read is 0.
func atMost(before Seconds, arg string) Seconds {
	d, _ := parseSeconds(arg)
	if before.Set {
		d = min(d, before.D)
	}
	return Seconds{true, d}
}

// hasMember reports whether a list field has the token, whatever its case.
func hasMember(lines []string, token string) bool {
	for m := range members(lines) {
		if strings.EqualFold(m, token) {
			return true
		}
	}
	return false
}
