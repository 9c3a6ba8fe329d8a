package rfc9111

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kinds of structured field values (RFC 9651). Only those that a field of caching uses keep what they say.
const (
	sfInner = iota // an inner list
	sfInteger
	sfDecimal
	sfString
	sfToken
	sfBytes
	sfBoolean
	sfDate
	sfDisplay
)

// sfValue is a member of a dictionary or list. Parameters are read and dropped.
type sfValue struct {
	kind int
	text string // of strings and tokens
	n    int64  // of integers and dates; 1 is the boolean true
}

// sfParser reads what is left of a field. A field that does not parse to its end is as one that was never sent (RFC 9651,
// section 4.2), so every step answers whether to go on.
type sfParser struct{ rest string }

// parseDictionary reads a Dictionary of one or more lines. A key that comes twice has the last value.
func parseDictionary(lines []string) (map[string]sfValue, bool) {
	p := sfParser{strings.Trim(strings.Join(lines, ","), " ")}
	out := map[string]sfValue{}
	for p.rest != "" {
		key, ok := p.key()
		if !ok {
			return nil, false
		}
		v := sfValue{kind: sfBoolean, n: 1}
		if p.take('=') {
			v, ok = p.member()
		} else {
			ok = p.parameters()
		}
		if !ok || !p.next() {
			return nil, false
		}
		out[key] = v
	}
	return out, true
}

// parseList reads a List of one or more lines.
func parseList(lines []string) ([]sfValue, bool) {
	p := sfParser{strings.Trim(strings.Join(lines, ","), " ")}
	var out []sfValue
	for p.rest != "" {
		v, ok := p.member()
		if !ok || !p.next() {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

func (p *sfParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// next passes the comma to the member that must follow it, or stands at the end.
func (p *sfParser) next() bool {
	p.rest = strings.TrimLeft(p.rest, " \t")
	if p.rest == "" {
		return true
	}
	if !p.take(',') {
		return false
	}
	p.rest = strings.TrimLeft(p.rest, " \t")
	return p.rest != ""
}

// span cuts off the bytes at the front that are of a kind.
func (p *sfParser) span(of func(byte) bool) string {
	i := 0
	for i < len(p.rest) && of(p.rest[i]) {
		i++
	}
	s := p.rest[:i]
	p.rest = p.rest[i:]
	return s
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func (p *sfParser) key() (string, bool) {
	if p.rest == "" || !isLower(p.rest[0]) && p.rest[0] != '*' {
		return "", false
	}
	return p.span(func(c byte) bool { return isLower(c) || isDigit(c) || strings.IndexByte("_-.*", c) >= 0 }), true
}

func (p *sfParser) parameters() bool {
	for p.take(';') {
		p.rest = strings.TrimLeft(p.rest, " ")
		if _, ok := p.key(); !ok {
			return false
		}
		if p.take('=') {
			if _, ok := p.bare(); !ok {
				return false
			}
		}
	}
	return true
}

func (p *sfParser) member() (sfValue, bool) {
	if !p.take('(') {
		v, ok := p.bare()
		return v, ok && p.parameters()
	}
	for {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.take(')') {
			return sfValue{kind: sfInner}, p.parameters()
		}
		if _, ok := p.bare(); !ok || !p.parameters() {
			return sfValue{}, false
		}
		if p.rest == "" || p.rest[0] != ' ' && p.rest[0] != ')' {
			return sfValue{}, false
		}
	}
}

func (p *sfParser) bare() (sfValue, bool) {
	if p.rest == "" {
		return sfValue{}, false
	}
	switch c := p.rest[0]; {
	case c == '-' || isDigit(c):
		return p.number()
	case c == '"':
		return p.quoted()
	case c == '*' || isAlpha(c):
		return sfValue{kind: sfToken, text: p.span(func(c byte) bool { return isTokenByte(c) || c == ':' || c == '/' })}, true
	case c == ':':
		p.rest = p.rest[1:]
		p.span(func(c byte) bool { return isAlpha(c) || isDigit(c) || strings.IndexByte("+/=", c) >= 0 })
		return sfValue{kind: sfBytes}, p.take(':')
	case c == '?':
		p.rest = p.rest[1:]
		if p.take('1') {
			return sfValue{kind: sfBoolean, n: 1}, true
		}
		return sfValue{kind: sfBoolean}, p.take('0')
	case c == '@':
		p.rest = p.rest[1:]
		v, ok := p.number()
		return sfValue{kind: sfDate, n: v.n}, ok && v.kind == sfInteger
	case c == '%':
		return p.display()
	}
	return sfValue{}, false
}

// number reads an Integer of at most 15 digits or a Decimal of at most 12 and 3.
func (p *sfParser) number() (sfValue, bool) {
	negative := p.take('-')
	whole := p.span(isDigit)
	if p.take('.') {
		fraction := p.span(isDigit)
		return sfValue{kind: sfDecimal}, 1 <= len(whole) && len(whole) <= 12 && 1 <= len(fraction) && len(fraction) <= 3
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if negative {
		n = -n
	}
	return sfValue{kind: sfInteger, n: n}, err == nil && len(whole) <= 15
}

// quoted reads a String: printable ASCII, where only the quote and the backslash are escaped.
func (p *sfParser) quoted() (sfValue, bool) {
	end := quotedEnd(p.rest)
	if end == 0 {
		return sfValue{}, false
	}
	for i := 1; i < end-1; i++ {
		switch c := p.rest[i]; {
		case c < 0x20 || c > 0x7e:
			return sfValue{}, false
		case c == '\\':
			i++
			if c := p.rest[i]; c != '"' && c != '\\' {
				return sfValue{}, false
			}
		}
	}
	text, _ := unquote(p.rest[:end])
	p.rest = p.rest[end:]
	return sfValue{kind: sfString, text: text}, true
}

// display passes over a Display String: its text is UTF-8, what is not printable ASCII in percent signs and lower-case digits.
func (p *sfParser) display() (sfValue, bool) {
	p.rest = p.rest[1:]
	if !p.take('"') {
		return sfValue{}, false
	}
	var text []byte
	for p.rest != "" {
		c := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case c == '"':
			return sfValue{kind: sfDisplay}, utf8.Valid(text)
		case c < 0x20 || c > 0x7e:
			return sfValue{}, false
		case c == '%':
			if len(p.rest) < 2 || lower(p.rest[:2]) != p.rest[:2] {
				return sfValue{}, false
			}
			n, err := strconv.ParseUint(p.rest[:2], 16, 8)
			if err != nil {
				return sfValue{}, false
			}
			c, p.rest = byte(n), p.rest[2:]
		}
		text = append(text, c)
	}
	return sfValue{}, false
}
