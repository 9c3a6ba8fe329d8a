package rfc9111

import (
	"net/http"
	"strings"
	"time"
)

// The three formats of a date (RFC 9110, section 5.6.7), without the day's name in the one where its length varies.
const (
	imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850     = "02-Jan-06 15:04:05 GMT"
	asctime    = "Mon Jan _2 15:04:05 2006"
)

// ParseDate reads a date in any of the three formats, whatever the case of its letters (section 4.2), as seen at now: a year
// of two digits that seems more than 50 years ahead is one of the century before. A zone other than GMT makes it invalid.
func ParseDate(s string, now time.Time) (time.Time, bool) {
	s = trim(s)
	layout := asctime
	if day, rest, ok := strings.Cut(s, ", "); ok {
		layout = imfFixdate
		if len(day) > 3 && isToken(day) {
			layout, s = rfc850, rest
		}
	}
	if len(s) != len(layout) {
		return time.Time{}, false
	}
	if layout != asctime {
		if !strings.EqualFold(s[len(s)-3:], "GMT") {
			return time.Time{}, false
		}
		s = s[:len(s)-3] + "GMT"
	}
	leap := time.Duration(0)
	if at := strings.LastIndexByte(s, ':'); at > 0 && strings.HasPrefix(s[at:], ":60") {
		leap, s = time.Second, s[:at]+":59"+s[at+3:] // a leap second
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}, false
	}
	if layout == rfc850 {
		t = t.AddDate((now.UTC().Year()/100-t.Year()/100)*100, 0, 0)
		if t.After(now.AddDate(50, 0, 0)) {
			t = t.AddDate(-100, 0, 0)
		}
	}
	return t.Add(leap), true
}

// dateOf reads a date field. Several lines that do not say the same are no date.
func dateOf(h http.Header, name string, now time.Time) (time.Time, bool) {
	lines := h[name]
	if len(lines) == 0 {
		return time.Time{}, false
	}
	t, ok := ParseDate(lines[0], now)
	for _, other := range lines[1:] {
		if u, valid := ParseDate(other, now); !valid || !u.Equal(t) {
			return time.Time{}, false
		}
	}
	return t, ok
}

// ageOf reads Age: the first member of a list counts, one that is no number is as if it were absent (section 5.1).
func ageOf(h http.Header) time.Duration {
	for m := range members(h["Age"]) {
		d, _ := parseSeconds(m)
		return d
	}
	return 0
}
