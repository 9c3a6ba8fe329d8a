package session

import (
	"encoding/json"
	"strings"
)

// The fields of the hash; see docs/design/session.md.
const (
	fieldRecord = "m"
	dataPrefix  = "d:"
	flashPrefix = "f:"
)

// record is what the toolkit itself keeps of a session: a line each, in one field, because the names and values of a hash are
// most of what a read costs. None holds a line break but the last.
type record struct {
	hash, alias, times string
	epoch, global      int64 // 0 for a visitor
	size, from, info   string
	user               string
}

func parseRecord(s string) (r record, ok bool) {
	var epoch, global string
	for _, line := range [...]*string{&r.hash, &r.alias, &r.times, &epoch, &global, &r.size, &r.from, &r.info} {
		if *line, s, ok = strings.Cut(s, "\n"); !ok {
			return record{}, false
		}
	}
	r.user = s
	var known bool
	r.epoch, ok = parseInt(epoch)
	r.global, known = parseInt(global)
	return r, ok && known
}

// times are those of a session, in milliseconds by the server's clock.
type times struct{ ends, seen, auth, abs, idle, login int64 }

func parseTimes(s string) (times, bool) {
	var v [6]int64
	for i := range v {
		word, rest, more := strings.Cut(s, " ")
		n, ok := parseInt(word)
		if !ok || more != (i < len(v)-1) {
			return times{}, false
		}
		v[i], s = n, rest
	}
	return times{v[0], v[1], v[2], v[3], v[4], v[5]}, true
}

// parseInt reads the digits of a number that Lua counts exactly.
func parseInt(s string) (n int64, ok bool) {
	const longest = 16 // of 1<<53
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 || i == longest {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	return n, s != "" && n < 1<<53
}

// parseAlias reads the id before the last rotation and until when it reads.
func parseAlias(s string) (until int64, hash string) {
	word, hash, _ := strings.Cut(s, " ")
	until, ok := parseInt(word)
	if !ok {
		return 0, ""
	}
	return until, hash
}

// info is what a session knows of the browser.
type info struct {
	Address   string `json:"ip,omitempty"`
	UserAgent string `json:"ua,omitempty"`
	Remember  bool   `json:"remember,omitempty"`
}

// The longest texts that are kept of a browser.
const (
	maxAddress   = 64
	maxUserAgent = 256
)

func (i info) encode() string {
	i.Address, i.UserAgent = cut(i.Address, maxAddress), cut(i.UserAgent, maxUserAgent)
	b, err := json.Marshal(i)
	if err != nil {
		return "{}" // not of two texts and a truth
	}
	return string(b)
}

func parseInfo(s string) (i info) {
	if json.Unmarshal([]byte(s), &i) != nil {
		return info{}
	}
	return i
}

// cut shortens text to whole characters; what is no UTF-8 is replaced.
func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") // a character that was cut through
	}
	return s
}
