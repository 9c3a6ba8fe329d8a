package plainjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scanner goes through a text once. Its methods report false where the text is wrong or unusual.
type scanner struct {
	data  []byte
	at    int
	other Other
	// chunk is a copy of data from chunkAt on, of which short strings are parts.
	chunk   string
	chunkAt int
}

// maxDepth is how deep values may lie in each other.
const maxDepth = 200

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return
		}
	}
}

// next skips white space and returns the byte after it, 0 at the end.
func (s *scanner) next() byte {
	if s.at < len(s.data) && s.data[s.at] > ' ' {
		return s.data[s.at]
	}
	s.space()
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(w string) bool {
	if len(s.data)-s.at < len(w) || string(s.data[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// more is called after a value in a list or an object: it takes the comma, or the end.
func (s *scanner) more(end byte) (more, ok bool) {
	switch s.next() {
	case ',':
		s.at++
		return true, true
	case end:
		s.at++
		return false, true
	}
	return false, false
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain is where the first byte from i on is that is not simply a part of a string: a quote, a backslash, a control
// character, one beyond ASCII; or the end.
func (s *scanner) plain(i int) int {
	for ; i+8 <= len(s.data); i += 8 {
		w := binary.LittleEndian.Uint64(s.data[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A borrow marks a byte too many only above one that is marked rightly.
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w | w) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s.data); i++ {
		if c := s.data[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// string goes over a string, the opening quote of which is next. Its bytes lie between from and to.
func (s *scanner) string() (from, to int, escaped, ok bool) {
	if !s.take('"') {
		return 0, 0, false, false
	}
	from = s.at
	wide := false
	for i := s.plain(from); i < len(s.data); i = s.plain(i) {
		switch c := s.data[i]; {
		case c == '"':
			s.at = i + 1
			return from, i, escaped, !wide || utf8.Valid(s.data[from:i])
		case c == '\\':
			escaped = true
			i += 2
		case c < ' ':
			return 0, 0, false, false
		default:
			wide = true
			for i++; i < len(s.data) && s.data[i] >= utf8.RuneSelf; i++ {
			}
		}
	}
	return 0, 0, false, false
}

// number goes over a number, and reports whether it is a whole one.
func (s *scanner) number() (from, to int, whole, ok bool) {
	s.space()
	from = s.at
	if s.at < len(s.data) && s.data[s.at] == '-' {
		s.at++
	}
	first := s.at
	if !s.digits() || s.data[first] == '0' && s.at > first+1 {
		return 0, 0, false, false
	}
	whole = true
	if s.at < len(s.data) && s.data[s.at] == '.' {
		s.at++
		whole = false
		if !s.digits() {
			return 0, 0, false, false
		}
	}
	if s.at < len(s.data) && s.data[s.at]|0x20 == 'e' {
		s.at++
		whole = false
		if s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return 0, 0, false, false
		}
	}
	return from, s.at, whole, true
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.data) && s.data[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > from
}

// skip goes over a value of any kind.
func (s *scanner) skip(depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch c := s.next(); c {
	case '"':
		from, to, escaped, ok := s.string()
		return ok && (!escaped || escapes(s.data[from:to]))
	case '{', '[':
		s.at++
		end := c + 2
		if s.next() == end {
			s.at++
			return true
		}
		for {
			if c == '{' && (!s.skipName() || !s.take(':')) || !s.skip(depth+1) {
				return false
			}
			if more, ok := s.more(end); !more {
				return ok
			}
		}
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		_, _, _, ok := s.number()
		return ok
	}
}

func (s *scanner) skipName() bool {
	_, _, escaped, ok := s.string()
	return ok && !escaped
}
