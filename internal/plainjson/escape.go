package plainjson

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escapes reports whether all escapes of a string are such.
func escapes(text []byte) bool {
	_, ok := unescape(nil, text)
	return ok
}

// unescape adds a string without its escapes to dst. It declines halves of surrogate pairs.
func unescape(dst, text []byte) ([]byte, bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		if i++; i == len(text) {
			return nil, false
		}
		switch c := text[i]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex(text[i+1:])
			if i += 4; ok && utf16.IsSurrogate(r) {
				var low rune
				if len(text) < i+3 || text[i+1] != '\\' || text[i+2] != 'u' {
					return nil, false
				}
				low, ok = hex(text[i+3:])
				r = utf16.DecodeRune(r, low)
				ok = ok && r != utf8.RuneError
				i += 6
			}
			if !ok {
				return nil, false
			}
			dst = utf8.AppendRune(dst, r)
		default:
			return nil, false
		}
	}
	return dst, true
}

// hex reads four digits.
func hex(text []byte) (r rune, ok bool) {
	if len(text) < 4 {
		return 0, false
	}
	for _, c := range text[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
