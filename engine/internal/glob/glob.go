package glob

// Match reports whether all of s matches the pattern. Both are bytes, not text.
//
// The cost is bounded by len(pattern)·len(s): after a second star the first need not be tried again, since the second
// begins as early as it can.
func Match(pattern, s []byte) bool {
	p, i := 0, 0
	star, mark := -1, 0 // the last star, and the text it has taken up to
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, i
				p++
				continue
			}
			if width, ok := one(pattern[p:], s[i]); ok {
				p += width
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Fold is Match with ASCII letters of either case taken as one. The pattern is in lower case.
func Fold(pattern, s string) bool {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return Match([]byte(pattern), b)
}

// Literal reports whether a pattern matches nothing but itself.
func Literal(pattern []byte) bool {
	for _, c := range pattern {
		switch c {
		case '*', '?', '[', '\\':
			return false
		}
	}
	return true
}

// one matches a byte with the first element of a pattern, which is no star, and says how long the element is.
func one(p []byte, c byte) (width int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		return class(p, c)
	case '\\':
		if len(p) > 1 {
			return 2, p[1] == c
		}
	}
	return 1, p[0] == c
}

// class matches [abc], [a-z], [^...]. A class that is not closed ends with the pattern.
func class(p []byte, c byte) (width int, ok bool) {
	i := 1
	not := i < len(p) && p[i] == '^'
	if not {
		i++
	}
	for i < len(p) && p[i] != ']' {
		switch {
		case p[i] == '\\' && i+1 < len(p):
			ok = ok || p[i+1] == c
			i += 2
		case i+2 < len(p) && p[i+1] == '-':
			lo, hi := min(p[i], p[i+2]), max(p[i], p[i+2])
			ok = ok || lo <= c && c <= hi
			i += 3
		default:
			ok = ok || p[i] == c
			i++
		}
	}
	if i < len(p) {
		i++
	}
	return i, ok != not
}
