package rfc9111

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRanges is the number of ranges that one request may ask for; a request that asks for more gets the whole body, since
// each costs a header of its own (RFC 9110, section 14.2).
const maxRanges = 64

// span is a range of bytes: from, and the first one behind it.
type span struct{ from, to int64 }

// ServeRange answers a request for ranges from a whole stored response of status 200 and reports whether it did; if not, the
// caller sends the whole. The answer's header must hold the stored fields already. What is sent is what http.ServeContent
// sends, except where that leaves RFC 9110: Range counts for GET alone, in units of bytes alone, and a date in If-Range has to
// be a strong validator (sections 13.1.5, 14.2).
func ServeRange(w http.ResponseWriter, r *http.Request, stored http.Header, body []byte) (served bool) {
	if _, ok := wantedRange(r, stored); !ok {
		return false
	}
	serveContent(w, r, bytes.NewReader(body))
	return true
}

// wantedRange gives the ranges that a request asks for, behind "bytes=". ok is false where it asks for none, or not for those
// of what is stored, or for more than is good.
func wantedRange(r *http.Request, stored http.Header) (spec string, ok bool) {
	lines := r.Header["Range"]
	if r.Method != http.MethodGet || len(lines) != 1 || !ifRange(r.Header["If-Range"], stored) {
		return "", false
	}
	unit, spec, ok := strings.Cut(lines[0], "=")
	if !ok || !strings.EqualFold(unit, "bytes") || strings.Count(spec, ",") >= maxRanges {
		return "", false
	}
	return spec, true
}

// serveContent lets the standard library write the ranges. The conditions have been judged, so that it hears of Range alone.
func serveContent(w http.ResponseWriter, r *http.Request, content io.ReadSeeker) {
	_, spec, _ := strings.Cut(r.Header["Range"][0], "=")
	if _, ok := w.Header()["Content-Type"]; !ok {
		w.Header()["Content-Type"] = nil // it would look for one in the bytes
	}
	plain := &http.Request{Method: http.MethodGet, Header: http.Header{"Range": {"bytes=" + spec}}}
	http.ServeContent(w, plain, "", time.Time{}, content)
}

// ifRange judges If-Range: the client holds parts of exactly what is stored (RFC 9110, section 13.1.5).
func ifRange(lines []string, stored http.Header) bool {
	if len(lines) == 0 {
		return true
	}
	if len(lines) > 1 {
		return false
	}
	if tag, rest := scanETag(trim(lines[0])); tag != "" {
		have, ok := etagOf(stored)
		return ok && rest == "" && strong(tag) && have == tag
	}
	date, _ := dateOf(stored, "Date", time.Time{})
	claimed, ok := ParseDate(lines[0], date)
	modified, strongly := strongDate(stored)
	return ok && strongly && claimed.Equal(modified)
}

// strongDate gives Last-Modified if it is a strong validator: a second or more before Date (RFC 9110, section 8.8.2.2).
func strongDate(h http.Header) (time.Time, bool) {
	date, ok := dateOf(h, "Date", time.Time{})
	modified, valid := dateOf(h, "Last-Modified", date)
	return modified, ok && valid && date.Sub(modified) >= time.Second
}

// spans reads what stands behind "bytes=" for a representation of the given size. ok is false where it is malformed or
// nothing of it lies inside.
func spans(spec string, size int64) (list []span, ok bool) {
	for s := range strings.SplitSeq(spec, ",") {
		if s = trim(s); s == "" {
			continue
		}
		first, last, dash := strings.Cut(s, "-")
		from, hasFirst := parseSize(trim(first))
		to, hasLast := parseSize(trim(last))
		if !dash || !hasFirst && trim(first) != "" || !hasLast && trim(last) != "" || !hasFirst && !hasLast || hasFirst && hasLast && to < from {
			return nil, false
		}
		switch {
		case !hasFirst:
			list = append(list, span{max(size-to, 0), size})
		case from >= size:
		case !hasLast:
			list = append(list, span{from, size})
		default:
			list = append(list, span{from, min(to, size-1) + 1})
		}
	}
	return list, len(list) > 0
}

func parseSize(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}

// contentRange reads where a part lies and how long the whole is (RFC 9110, section 14.4). A whole of unknown length is not
// ok: nothing can be told of it.
func contentRange(h http.Header) (s span, size int64, ok bool) {
	lines := h["Content-Range"]
	if len(lines) != 1 {
		return span{}, 0, false
	}
	unit, rest, _ := strings.Cut(trim(lines[0]), " ")
	where, whole, _ := strings.Cut(rest, "/")
	first, last, _ := strings.Cut(where, "-")
	from, ok1 := parseSize(first)
	to, ok2 := parseSize(last)
	size, ok3 := parseSize(whole)
	return span{from, to + 1}, size, strings.EqualFold(unit, "bytes") && ok1 && ok2 && ok3 && from <= to && to < size
}

// SameRepresentation reports whether two responses carry the same bytes or parts of them: they share a strong validator
// (section 3.4).
func SameRepresentation(a, b http.Header) bool {
	tag, tagged := etagOf(a)
	other, too := etagOf(b)
	if tagged || too {
		return tagged && too && strong(tag) && tag == other
	}
	t, ok := strongDate(a)
	u, valid := strongDate(b)
	return ok && valid && t.Equal(u) && slices.Equal(a["Content-Encoding"], b["Content-Encoding"])
}
