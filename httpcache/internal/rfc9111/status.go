package rfc9111

import (
	"strconv"
	"strings"
	"time"
)

// Status is what a cache tells of one request in Cache-Status (RFC 9211). The zero value but for Cache is a request about
// which nothing is told.
type Status struct {
	Cache     string  // the cache's name
	Hit       bool    // answered without the origin; Fwd does not count then
	Fwd       string  // why the origin was asked: bypass, method, uri-miss, vary-miss, miss, request, stale, partial
	FwdStatus int     // what it answered; 0: not told
	TTL       Seconds // freshness that is left, negative once stale; told in whole seconds, rounded down
	Stored    bool    // the answer was stored
	Collapsed bool    // the answer came with that to another request
	Key       string  // of what is stored; "": not told
	Detail    string  // what no parameter says; "": nothing
}

// Append appends the member of the field. The member goes behind those of caches nearer to the origin.
func (s Status) Append(dst []byte) []byte {
	dst = appendName(dst, s.Cache)
	switch {
	case s.Hit:
		dst = append(dst, "; hit"...)
	case s.Fwd != "":
		dst = append(append(dst, "; fwd="...), s.Fwd...)
		if s.FwdStatus != 0 {
			dst = strconv.AppendInt(append(dst, "; fwd-status="...), int64(s.FwdStatus), 10)
		}
	}
	if s.TTL.Set {
		n := s.TTL.D / time.Second
		if s.TTL.D%time.Second < 0 {
			n--
		}
		dst = strconv.AppendInt(append(dst, "; ttl="...), int64(n), 10)
	}
	if s.Stored {
		dst = append(dst, "; stored"...)
	}
	if s.Collapsed {
		dst = append(dst, "; collapsed"...)
	}
	if s.Key != "" {
		dst = appendString(append(dst, "; key="...), s.Key)
	}
	if s.Detail != "" {
		dst = appendName(append(dst, "; detail="...), s.Detail)
	}
	return dst
}

// appendName writes a Token where the text is one, else a String.
func appendName(dst []byte, s string) []byte {
	token := s != "" && (s[0] == '*' || isAlpha(s[0]))
	for i := range len(s) {
		token = token && (isTokenByte(s[i]) || s[i] == ':' || s[i] == '/')
	}
	if token {
		return append(dst, s...)
	}
	return appendString(dst, s)
}

// appendString writes a String. What it cannot hold is shown as a question mark.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, c := range strings.ToValidUTF8(s, "?") {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '?')
		default:
			dst = append(dst, byte(c))
		}
	}
	return append(dst, '"')
}
