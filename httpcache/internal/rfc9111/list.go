package rfc9111

import (
	"iter"
	"net/textproto"
	"strings"
	"time"
)

// members gives the members of a list field that are not empty (RFC 9110, section 5.6.1), in order, over all its lines.
// A comma inside a quoted string parts nothing. A quote that is never closed is a character like others up to the end of
// its line: what stands behind it must not be hidden by it.
func members(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range lines {
			quotes := true
			for line != "" {
				end := 0
				for ; end < len(line) && line[end] != ','; end++ {
					if line[end] != '"' || !quotes {
						continue
					}
					closing := quotedEnd(line[end:])
					if quotes = closing > 0; quotes {
						end += closing - 1
					}
				}
				if m := trim(line[:end]); m != "" && !yield(m) {
					return
				}
				line = line[min(end+1, len(line)):]
			}
		}
	}
}

// quotedEnd is the length of the quoted string that s begins with, 0 if it is never closed.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// unquote gives what a quoted string says; anything else is given as it is. ok is false for one with an open end or with
// something behind it.
func unquote(s string) (value string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, !strings.Contains(s, `"`)
	}
	if quotedEnd(s) != len(s) {
		return "", false
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func trim(s string) string { return textproto.TrimString(s) }

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return isAlpha(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Seconds is a number of seconds that a field may or may not give. The zero value is one that is not given.
type Seconds struct {
	Set bool
	D   time.Duration
}

// Forever is the longest time a field can speak of: 2^31 seconds (section 1.2.2).
const Forever = time.Second << 31

// parseSeconds reads delta-seconds: digits alone, at most Forever.
func parseSeconds(s string) (time.Duration, bool) {
	n := int64(0)
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = min(n*10+int64(s[i]-'0'), 1<<31)
	}
	return time.Duration(n) * time.Second, s != ""
}
