package rfc9111

import (
	"net/http"
	"strings"
	"time"
)

// conditional are the fields of a request by which a client asks about what it holds itself.
var conditional = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"}

// Unconditional takes the client's conditions and ranges out of a request that is to fetch a whole response for the cache.
func Unconditional(h http.Header) {
	for _, name := range conditional {
		delete(h, name)
	}
}

// Validation makes the header of a request one that asks whether the stored responses are still good (section 4.3.1): the
// entity tags of all, and the date of the only one. The client's own conditions are taken out. ok is false where there is
// nothing to ask by.
func Validation(h http.Header, stored ...http.Header) (ok bool) {
	Unconditional(h)
	var tags []string
	for _, s := range stored {
		if tag, ok := etagOf(s); ok {
			tags = append(tags, tag)
		}
	}
	if len(tags) > 0 {
		h["If-None-Match"] = []string{strings.Join(tags, ", ")}
	}
	if len(stored) == 1 && len(stored[0]["Last-Modified"]) == 1 {
		h["If-Modified-Since"] = stored[0]["Last-Modified"]
	}
	return len(h["If-None-Match"]) > 0 || len(h["If-Modified-Since"]) > 0
}

// Confirms reports whether a 304 speaks of the stored response (section 4.3.4). alone: no other stored response was asked
// about. An answer that names no validator then speaks of that one: the question did.
func Confirms(stored, answer http.Header, alone bool) bool {
	tag, tagged := etagOf(answer)
	have, has := etagOf(stored)
	switch modified := answer["Last-Modified"]; {
	case tagged && strong(tag):
		return has && have == tag
	case tagged:
		return has && weakly(have) == weakly(tag)
	case len(modified) > 0:
		return sameDate(stored, answer)
	}
	return alone
}

func sameDate(a, b http.Header) bool {
	var now time.Time // a date of two digits names the same day in both
	t, ok := dateOf(a, "Last-Modified", now)
	u, valid := dateOf(b, "Last-Modified", now)
	return ok && valid && t.Equal(u)
}

// HeadMatches reports whether the answer to HEAD speaks of the stored response, whose body has size bytes, so that it updates
// it; if not, what is stored is stale (section 4.3.5).
func HeadMatches(stored, head http.Header, size int64) bool {
	if length := head["Content-Length"]; len(length) > 0 {
		n, ok := parseSize(trim(length[0]))
		if len(length) != 1 || !ok || n != size {
			return false
		}
	}
	if len(head["Etag"]) > 0 {
		tag, ok := etagOf(head)
		have, has := etagOf(stored)
		if !ok || !has || have != tag {
			return false
		}
	}
	return len(head["Last-Modified"]) == 0 || sameDate(stored, head)
}

// NotModified reports whether a stored response is answered by 304 since the client holds it already (section 4.3.2): by
// If-None-Match, and only where that is absent by If-Modified-Since (RFC 9110, section 13.2.2).
func NotModified(r *http.Request, status int, stored http.Header, received time.Time) bool {
	if status/100 != 2 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if lines := r.Header["If-None-Match"]; len(lines) > 0 {
		have, _ := etagOf(stored)
		return matchesAny(lines, have)
	}
	lines := r.Header["If-Modified-Since"]
	if len(lines) != 1 {
		return false
	}
	since, ok := ParseDate(lines[0], received)
	if !ok {
		return false
	}
	modified, ok := dateOf(stored, "Last-Modified", received)
	if !ok {
		if modified, ok = dateOf(stored, "Date", received); !ok {
			modified = received.Truncate(time.Second)
		}
	}
	return !modified.After(since)
}

// NotModifiedHeader takes out of a stored header what a 304 does not carry (RFC 9110, section 15.4.5), as http.ServeContent
// does.
func NotModifiedHeader(h http.Header) {
	delete(h, "Content-Type")
	delete(h, "Content-Length")
	delete(h, "Content-Encoding")
	if len(h["Etag"]) > 0 {
		delete(h, "Last-Modified")
	}
}

// etagOf gives the entity tag of a response if it is one.
func etagOf(h http.Header) (string, bool) {
	lines := h["Etag"]
	if len(lines) != 1 {
		return "", false
	}
	tag, rest := scanETag(trim(lines[0]))
	return tag, tag != "" && rest == ""
}

// scanETag takes an entity tag off the front; "" if there is none (RFC 9110, section 8.8.3). A backslash in it is a character
// like others.
func scanETag(s string) (tag, rest string) {
	opaque := strings.TrimPrefix(s, "W/")
	if opaque == "" || opaque[0] != '"' {
		return "", ""
	}
	for i := 1; i < len(opaque); i++ {
		switch c := opaque[i]; {
		case c == '"':
			end := len(s) - len(opaque) + i + 1
			return s[:end], s[end:]
		case c < 0x21 || c == 0x7f:
			return "", ""
		}
	}
	return "", ""
}

func strong(tag string) bool { return !strings.HasPrefix(tag, "W/") }

// weakly is the tag without its mark of weakness: two that are alike so match weakly (RFC 9110, section 8.8.3.2).
func weakly(tag string) string { return strings.TrimPrefix(tag, "W/") }

// matchesAny compares weakly with the tags of If-None-Match. The asterisk matches whatever is stored; a line is read up to
// what is no tag.
func matchesAny(lines []string, have string) bool {
	for _, line := range lines {
		for {
			line = strings.TrimLeft(line, " \t,")
			if strings.HasPrefix(line, "*") {
				return true
			}
			tag, rest := scanETag(line)
			if tag == "" {
				break
			}
			if weakly(tag) == weakly(have) {
				return true
			}
			line = rest
		}
	}
	return false
}
