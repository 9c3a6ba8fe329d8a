package plainjson

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Decode sets v, which must be settable and zero, to what a text says. Where it reports false the text was declined, and
// what v is then is nothing to be used. It keeps nothing of data.
func (p *Plan) Decode(data []byte, v reflect.Value) bool {
	if p == nil {
		return false
	}
	s := scanner{data: data, other: p.other}
	if !s.value(p.root, v, 0) {
		return false
	}
	s.space()
	return s.at == len(data)
}

func (s *scanner) value(n *node, v reflect.Value, depth int) bool {
	if depth > maxDepth {
		return false
	}
	c := s.next()
	if n.kind == foreign {
		return s.foreign(v, depth)
	}
	if c == 'n' { // null changes nothing, and there is nothing yet
		return s.word("null")
	}
	switch n.kind {
	case boolean:
		if c == 't' {
			v.SetBool(true)
			return s.word("true")
		}
		return s.word("false")
	case integer:
		i, ok := s.integer()
		if !ok || v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
	case unsigned:
		i, ok := s.integer()
		if !ok || i < 0 || v.OverflowUint(uint64(i)) {
			return false
		}
		v.SetUint(uint64(i))
	case float:
		f, ok := s.float(n.bits)
		if !ok {
			return false
		}
		v.SetFloat(f)
	case text:
		t, ok := s.text()
		if !ok {
			return false
		}
		v.SetString(t)
	case object:
		return s.object(n, v, depth)
	case list:
		return s.list(n, v, depth)
	case texts:
		return s.texts(n, v)
	case pointer:
		to := reflect.New(n.typ)
		if !s.value(n.element, to.Elem(), depth+1) {
			return false
		}
		v.Set(to)
	case moment:
		return s.moment(v)
	}
	return true
}

func (s *scanner) foreign(v reflect.Value, depth int) bool {
	from := s.at
	return s.skip(depth) && s.other(s.data[from:s.at], v.Addr().Interface()) == nil
}

func (s *scanner) moment(v reflect.Value) bool {
	from := s.at
	if _, _, escaped, ok := s.string(); !ok || escaped {
		return false
	}
	t, ok := reflect.TypeAssert[*time.Time](v.Addr())
	return ok && t.UnmarshalJSON(s.data[from:s.at]) == nil
}

func (s *scanner) object(n *node, v reflect.Value, depth int) bool {
	if !s.take('{') {
		return false
	}
	if s.next() == '}' {
		s.at++
		return true
	}
	var seen uint64
	for at := 0; ; at++ { // the fields mostly come as the struct has them
		if s.next() != '"' {
			return false
		}
		if at >= len(n.fields) || !s.word(n.fields[at].quoted) {
			found, ok := s.name(n)
			if !ok {
				return false
			}
			if found < 0 { // nobody's
				if !s.take(':') || !s.skip(depth+1) {
					return false
				}
				at--
				if more, ok := s.more('}'); !more {
					return ok
				}
				continue
			}
			at = found
		}
		if seen&(1<<at) != 0 || !s.take(':') {
			return false
		}
		seen |= 1 << at
		f := &n.fields[at]
		if !s.value(f.node, v.Field(f.index), depth+1) {
			return false
		}
		if more, ok := s.more('}'); !more {
			return ok
		}
	}
}

// name reads the name of a member and finds its field; -1 if there is none. A name that is a field's but for the case is
// declined.
func (s *scanner) name(n *node) (found int, ok bool) {
	start := s.at
	from, to, escaped, ok := s.string()
	if !ok || escaped {
		return 0, false
	}
	if i, ok := n.byName[string(s.data[start:s.at])]; ok {
		return i, true
	}
	for _, c := range s.data[from:to] {
		if c >= 0x80 { // may be a letter in another case
			return 0, false
		}
	}
	for i := range n.fields {
		if strings.EqualFold(n.fields[i].name(), string(s.data[from:to])) {
			return 0, false
		}
	}
	return -1, true
}

func (f *field) name() string { return f.quoted[1 : len(f.quoted)-1] }

const (
	aheadBytes = 4096 // of memory that is given to a list before it is known how long it is
	firstGrow  = 4
)

// ahead is how many elements are made room for at once.
func (n *node) ahead() int {
	return max(min(int(n.length.Load()), aheadBytes/max(n.size, 1)), 1)
}

// was takes note of the length of a list.
func (n *node) was(length int) {
	if l := int32(min(length, math.MaxInt32)); n.length.Load() != l { //nolint:gosec // bounded
		n.length.Store(l)
	}
}

func (s *scanner) list(n *node, v reflect.Value, depth int) bool {
	if !s.take('[') {
		return false
	}
	if s.next() == ']' {
		s.at++
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return true
	}
	v.Grow(n.ahead())
	for i := 0; ; i++ {
		if i == v.Cap() {
			v.Grow(max(i, firstGrow))
		}
		v.SetLen(i + 1)
		if !s.value(n.element, v.Index(i), depth+1) {
			return false
		}
		if more, ok := s.more(']'); !more {
			if v.Cap() > 2*v.Len() { // the one before was much longer
				exact := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
				reflect.Copy(exact, v)
				v.Set(exact)
			}
			n.was(i + 1)
			return ok
		}
	}
}

func (s *scanner) texts(n *node, v reflect.Value) bool {
	to, ok := reflect.TypeAssert[*[]string](v.Addr())
	if !ok || !s.take('[') {
		return false
	}
	if s.next() == ']' {
		s.at++
		*to = []string{}
		return true
	}
	all := make([]string, 0, n.ahead())
	for {
		t := ""
		if s.next() == 'n' {
			ok = s.word("null")
		} else {
			t, ok = s.text()
		}
		if !ok {
			return false
		}
		all = append(all, t)
		if more, ok := s.more(']'); !more {
			if cap(all) > 2*len(all) {
				all = append(make([]string, 0, len(all)), all...)
			}
			*to = all
			n.was(len(all))
			return ok
		}
	}
}

const (
	// chunkBytes is how much of the text is copied at once for short strings. A string that is kept keeps so much.
	chunkBytes = 256
	// shortBytes is how long a string is at most that is a part of a chunk.
	shortBytes = chunkBytes / 2
)

// text reads a string.
func (s *scanner) text() (string, bool) {
	from, to, escaped, ok := s.string()
	switch {
	case !ok:
		return "", false
	case escaped:
		var room [chunkBytes]byte
		plain, ok := unescape(room[:0], s.data[from:to])
		return string(plain), ok
	case to-from > shortBytes:
		return string(s.data[from:to]), true
	case to > s.chunkAt+len(s.chunk):
		s.chunk, s.chunkAt = string(s.data[from:min(from+chunkBytes, len(s.data))]), from
	}
	return s.chunk[from-s.chunkAt : to-s.chunkAt], true
}

// integer reads a whole number of at most 18 digits.
func (s *scanner) integer() (i int64, ok bool) {
	s.space()
	negative := s.at < len(s.data) && s.data[s.at] == '-'
	if negative {
		s.at++
	}
	from := s.at
	for ; s.at < len(s.data) && s.data[s.at]-'0' <= 9; s.at++ {
		i = i*10 + int64(s.data[s.at]-'0')
	}
	if n := s.at - from; n == 0 || n > 18 || s.data[from] == '0' && (n > 1 || negative) {
		return 0, false
	}
	if s.at < len(s.data) {
		if c := s.data[s.at]; c == '.' || c|0x20 == 'e' {
			return 0, false
		}
	}
	if negative {
		i = -i
	}
	return i, true
}

// exactDigits is how many digits a whole number may have to be one in a float of 64 bits.
const exactDigits = 15

func (s *scanner) float(width int) (float64, bool) {
	from, to, whole, ok := s.number()
	if !ok {
		return 0, false
	}
	if digits := s.data[from:to]; whole && width == 64 && len(digits) <= exactDigits && digits[0] != '-' {
		n := int64(0)
		for _, c := range digits {
			n = n*10 + int64(c-'0')
		}
		return float64(n), true
	}
	f, err := strconv.ParseFloat(string(s.data[from:to]), width)
	return f, err == nil
}
