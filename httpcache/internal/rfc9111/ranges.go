package rfc9111

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRanges is the number of ranges that one request may ask for; a request that asks for more gets the whole body, since
// each costs a header of its own (RFC 9110, section 14.2).
const maxRanges = 64

// ServeRange answers a request for ranges from a whole stored response of status 200 and reports whether it did; if not, the
// caller sends the whole. The answer's header must hold the stored fields already. What is sent is what http.ServeContent
// sends, except where that leaves RFC 9110: Range counts for GET alone, in units of bytes alone, and a date in If-Range has to
// be a strong validator (sections 13.1.5, 14.2).
//
// The conditions have been judged, so that the standard library, which writes the ranges, hears of Range alone.
func ServeRange(w http.ResponseWriter, r *http.Request, stored http.Header, body []byte) (served bool) {
	lines := r.Header["Range"]
	if r.Method != http.MethodGet || len(lines) != 1 || !ifRange(r.Header["If-Range"], stored) {
		return false
	}
	unit, spec, ok := strings.Cut(lines[0], "=")
	if !ok || !strings.EqualFold(unit, "bytes") || strings.Count(spec, ",") >= maxRanges {
		return false
	}
	if _, ok := w.Header()["Content-Type"]; !ok {
		w.Header()["Content-Type"] = nil // it would look for one in the bytes
	}
	plain := &http.Request{Method: http.MethodGet, Header: http.Header{"Range": {"bytes=" + spec}}}
	http.ServeContent(w, plain, "", time.Time{}, bytes.NewReader(body))
	return true
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

func parseSize(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}
