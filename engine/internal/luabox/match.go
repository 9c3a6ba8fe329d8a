package luabox

import (
	lua "github.com/yuin/gopher-lua"
)

// Limits of patterns, Lua 5.1's.
const (
	maxCaptures = 32
	maxRecurse  = 200_000 // levels of matching, which keep Go's stack in bounds
)

// Lengths of captures that are no length.
const (
	captureOpen     = -1
	capturePosition = -2
)

type capture struct{ from, size int }

// matcher matches a pattern of Lua 5.1.
type matcher struct {
	L        *lua.LState
	b        *Box
	s, p     string
	captures [maxCaptures]capture
	level    int
	depth    int
}

func (m *matcher) fail(text string) { raise(m.L, text) }

// match matches the pattern from p at s and returns the end, -1 if there is no match.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxRecurse {
		m.fail("pattern too complex")
	}
	defer func() { m.depth-- }()
	for {
		if m.b.clock.Done() != nil {
			m.fail(m.b.clock.err.Error())
		}
		if p == len(m.p) {
			return s
		}
		switch m.p[p] {
		case '(':
			if p+1 < len(m.p) && m.p[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case ')':
			return m.close(s, p+1)
		case '%':
			if p+1 < len(m.p) {
				switch c := m.p[p+1]; {
				case c == 'b':
					if s = m.balance(s, p+2); s < 0 {
						return -1
					}
					p += 4
					continue
				case c == 'f':
					end, ok := m.frontier(s, p+2)
					if !ok {
						return -1
					}
					p = end
					continue
				case isDigit(c):
					if s = m.back(s, c); s < 0 {
						return -1
					}
					p += 2
					continue
				}
			}
		case '$':
			if p+1 == len(m.p) {
				if s == len(m.s) {
					return s
				}
				return -1
			}
		}
		end := m.classEnd(p)
		one := s < len(m.s) && m.single(m.s[s], p, end)
		if end < len(m.p) {
			switch m.p[end] {
			case '?':
				if one {
					if r := m.match(s+1, end+1); r >= 0 {
						return r
					}
				}
				p = end + 1
				continue
			case '*':
				return m.most(s, p, end)
			case '+':
				if !one {
					return -1
				}
				return m.most(s+1, p, end)
			case '-':
				return m.least(s, p, end)
			}
		}
		if !one {
			return -1
		}
		s, p = s+1, end
	}
}

// most takes as many as there are, and fewer if the rest asks for it.
func (m *matcher) most(s, p, end int) int {
	n := 0
	for s+n < len(m.s) && m.single(m.s[s+n], p, end) {
		n++
	}
	for ; n >= 0; n-- {
		if r := m.match(s+n, end+1); r >= 0 {
			return r
		}
	}
	return -1
}

func (m *matcher) least(s, p, end int) int {
	for {
		if r := m.match(s, end+1); r >= 0 {
			return r
		}
		if s >= len(m.s) || !m.single(m.s[s], p, end) {
			return -1
		}
		s++
	}
}

func (m *matcher) open(s, p, size int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.captures[m.level] = capture{s, size}
	m.level++
	r := m.match(s, p)
	if r < 0 {
		m.level--
	}
	return r
}

func (m *matcher) close(s, p int) int {
	l := m.level - 1
	for ; l >= 0; l-- {
		if m.captures[l].size == captureOpen {
			break
		}
	}
	if l < 0 {
		m.fail("invalid pattern capture")
	}
	m.captures[l].size = s - m.captures[l].from
	r := m.match(s, p)
	if r < 0 {
		m.captures[l].size = captureOpen
	}
	return r
}

func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.p) {
		m.fail("unbalanced pattern")
	}
	if s >= len(m.s) || m.s[s] != m.p[p] {
		return -1
	}
	open, shut, n := m.p[p], m.p[p+1], 1
	for i := s + 1; i < len(m.s); i++ {
		switch m.s[i] {
		case shut:
			if n--; n == 0 {
				return i + 1
			}
		case open:
			n++
		}
	}
	return -1
}

func (m *matcher) frontier(s, p int) (end int, ok bool) {
	if p >= len(m.p) || m.p[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	end = m.classEnd(p)
	before, here := byte(0), byte(0)
	if s > 0 {
		before = m.s[s-1]
	}
	if s < len(m.s) {
		here = m.s[s]
	}
	return end, !m.set(before, p, end-1) && m.set(here, p, end-1)
}

// back matches what a capture has matched.
func (m *matcher) back(s int, c byte) int {
	l := int(c) - '1'
	if l < 0 || l >= m.level || m.captures[l].size == captureOpen {
		m.fail("invalid capture index")
	}
	size := max(m.captures[l].size, 0)
	if from := m.captures[l].from; len(m.s)-s >= size && m.s[from:from+size] == m.s[s:s+size] {
		return s + size
	}
	return -1
}

// classEnd returns where the class that begins at p ends.
func (m *matcher) classEnd(p int) int {
	c := m.p[p]
	p++
	switch c {
	case '%':
		if p == len(m.p) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.p) && m.p[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.p) || m.p[p] != ']'; first = false {
			if p >= len(m.p) {
				m.fail("malformed pattern (missing ']')")
			}
			if p++; m.p[p-1] == '%' && p < len(m.p) {
				p++
			}
		}
		return p + 1
	}
	return p
}

func (m *matcher) single(c byte, p, end int) bool {
	switch m.p[p] {
	case '.':
		return true
	case '%':
		return class(c, m.p[p+1])
	case '[':
		return m.set(c, p, end-1)
	}
	return m.p[p] == c
}

// set reports whether c is in the set that begins at p and whose bracket closes at end.
func (m *matcher) set(c byte, p, end int) bool {
	in := true
	if p++; m.p[p] == '^' {
		in = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.p[p] == '%':
			p++
			if class(c, m.p[p]) {
				return in
			}
		case p+2 < end && m.p[p+1] == '-':
			if m.p[p] <= c && c <= m.p[p+2] {
				return in
			}
			p += 2
		case m.p[p] == c:
			return in
		}
	}
	return !in
}

// class reports whether c belongs to a class like %a; of any other letter it is the letter itself.
func class(c, letter byte) bool {
	var in bool
	switch letter | 0x20 {
	case 'a':
		in = isLetter(c)
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !isLetter(c) && !isDigit(c)
	case 's':
		in = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = isLetter(c) || isDigit(c)
	case 'x':
		in = isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return letter == c
	}
	if !isLetter(letter) {
		return letter == c
	}
	return in == (letter >= 'a')
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// value is a capture, or the whole match if there are none and i is 0.
func (m *matcher) value(i, from, to int) lua.LValue {
	if i >= m.level {
		if i != 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.s[from:to])
	}
	c := m.captures[i]
	switch c.size {
	case captureOpen:
		m.fail("unfinished capture")
	case capturePosition:
		return lua.LNumber(c.from + 1)
	}
	return lua.LString(m.s[c.from : c.from+c.size])
}

// push pushes all captures, or the whole match if there are none.
func (m *matcher) push(from, to int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		m.L.Push(m.value(i, from, to))
	}
	return n
}
