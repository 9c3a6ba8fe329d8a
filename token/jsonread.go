package token

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// object reads a JSON object member by member. It is stricter than encoding/json: numbers are plain integers, names are matched
// as they are, and what is known may stand there once. It exists because decoding by reflection costs more than the
// signature of a token.
type object struct {
	text string
	at   int
	bad  bool
}

// maxDepth bounds what skip goes into.
const maxDepth = 16

// members calls f for each member of an object; f reads the value. It reports whether the text is one object and no more.
func (o *object) members(f func(name string)) bool {
	if !utf8.ValidString(o.text) {
		return false
	}
	o.object(f)
	o.space()
	return !o.bad && o.at == len(o.text)
}

func (o *object) object(f func(name string)) {
	o.expect('{')
	if o.peek() == '}' {
		o.at++
		return
	}
	for !o.bad {
		name := o.string()
		o.expect(':')
		if o.bad {
			return
		}
		f(name)
		if o.peek() != ',' {
			o.expect('}')
			return
		}
		o.at++
	}
}

func (o *object) array(f func()) {
	o.expect('[')
	if o.peek() == ']' {
		o.at++
		return
	}
	for !o.bad {
		f()
		if o.peek() != ',' {
			o.expect(']')
			return
		}
		o.at++
	}
}

func (o *object) space() {
	for o.at < len(o.text) {
		switch o.text[o.at] {
		case ' ', '\t', '\n', '\r':
			o.at++
		default:
			return
		}
	}
}

// peek is the next character that is no space, 0 at the end.
func (o *object) peek() byte {
	o.space()
	if o.bad || o.at >= len(o.text) {
		return 0
	}
	return o.text[o.at]
}

func (o *object) expect(c byte) {
	if o.peek() != c {
		o.bad = true
		return
	}
	o.at++
}

// string reads a string; one without escapes is a part of the text.
func (o *object) string() string {
	o.expect('"')
	if o.bad {
		return ""
	}
	from := o.at
	for escaped := false; o.at < len(o.text); o.at++ {
		switch c := o.text[o.at]; {
		case c == '"':
			o.at++
			if !escaped {
				return o.text[from : o.at-1]
			}
			var s string
			if json.Unmarshal([]byte(o.text[from-1:o.at]), &s) != nil {
				o.bad = true
			}
			return s
		case c == '\\':
			escaped = true
			o.at++ // what follows is no end
		case c < ' ':
			o.bad = true
			return ""
		}
	}
	o.bad = true
	return ""
}

// integer reads a plain integer that JavaScript holds exactly.
func (o *object) integer() int64 {
	negative := o.peek() == '-'
	if negative {
		o.at++
	}
	from, n := o.at, int64(0)
	for o.at < len(o.text) && o.text[o.at] >= '0' && o.text[o.at] <= '9' && n <= maxExact {
		n = n*10 + int64(o.text[o.at]-'0')
		o.at++
	}
	if o.at == from || n > maxExact || o.text[from] == '0' && (o.at-from > 1 || negative) {
		o.bad = true
		return 0
	}
	if negative {
		return -n
	}
	return n
}

// maxExact is the greatest integer that JavaScript counts to exactly.
const maxExact = 1<<53 - 1

// strings reads a list of strings.
func (o *object) strings() []string {
	var all []string
	o.array(func() { all = append(all, o.string()) })
	return all
}

// skip reads a value that nobody asks for.
func (o *object) skip(depth int) {
	if depth > maxDepth {
		o.bad = true
		return
	}
	switch o.peek() {
	case '"':
		_ = o.string()
	case '{':
		o.object(func(string) { o.skip(depth + 1) })
	case '[':
		o.array(func() { o.skip(depth + 1) })
	default: // a number or a word: json knows their spelling
		from := o.at
		for o.at < len(o.text) && !strings.ContainsRune(" \t\n\r,]}", rune(o.text[o.at])) {
			o.at++
		}
		o.bad = o.bad || !json.Valid([]byte(o.text[from:o.at]))
	}
}
