package clientip

import (
	"net/netip"
	"strings"
)

// entries gives the entries of a list header, the last one first. Only as much of it is read as is asked for.
type entries struct {
	lines []string // as they came
	rest  string   // of the line that is being read
}

func newest(lines []string) entries { return entries{lines: lines} }

// next is the entry before the last one given. Empty entries count for nothing (RFC 9110, section 5.6.1). split cuts the
// last entry off a line.
func (e *entries) next(split func(line string) (before, last string)) (string, bool) {
	for {
		for e.rest != "" {
			var entry string
			e.rest, entry = split(e.rest)
			if entry = strings.Trim(entry, " \t"); entry != "" {
				return entry, true
			}
		}
		if len(e.lines) == 0 {
			return "", false
		}
		e.rest, e.lines = e.lines[len(e.lines)-1], e.lines[:len(e.lines)-1]
	}
}

func splitList(line string) (before, last string) {
	i := strings.LastIndexByte(line, ',')
	if i < 0 {
		return "", line
	}
	return line[:i], line[i+1:]
}

// splitForwarded is splitList where entries may hold quoted commas. It reads from the right: what a trusted proxy appended
// is well formed, and nothing that stands left of it, such as a quote that is never closed, changes how it is read.
func splitForwarded(line string) (before, last string) {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		switch line[i] {
		case '"':
			if !quoted || !escaped(line, i) {
				quoted = !quoted
			}
		case ',':
			if !quoted {
				return line[:i], line[i+1:]
			}
		}
	}
	return "", line
}

// escaped reports whether an odd number of backslashes stands before the byte.
func escaped(s string, i int) bool {
	n := 0
	for n < i && s[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// element is one hop of a Forwarded header (RFC 7239, section 4).
type element struct{ node, proto string }

// parseElement reads name=value pairs between semicolons. One that is malformed, or says something twice, is as if the
// proxy had said nothing.
func parseElement(s string) element {
	var e element
	seen := make(map[string]bool, 4)
	for {
		name, rest, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.Trim(name, " \t"))
		if !ok || !isToken(name) || seen[name] {
			return element{}
		}
		seen[name] = true
		value, rest, ok := parseValue(strings.TrimLeft(rest, " \t"))
		if !ok {
			return element{}
		}
		switch name {
		case "for":
			e.node = value
		case "proto":
			e.proto = value
		}
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return e
		}
		if rest[0] != ';' {
			return element{}
		}
		s = strings.TrimLeft(rest[1:], " \t")
		if s == "" { // a last semicolon too many harms nobody
			return e
		}
	}
}

// parseValue takes a token or a quoted string off the front. Brackets and colons are read without quotes too: proxies
// write IPv6 addresses and ports that way.
func parseValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexFunc(s, func(c rune) bool { return !isTokenRune(c) && c != '[' && c != ']' && c != ':' })
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return !isTokenRune(c) }) < 0
}

// isTokenRune is tchar of RFC 9110.
func isTokenRune(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", c) && c < 0x80
}

// parseNode reads an address with or without port: 192.0.2.1, 192.0.2.1:80, [2001:db8::1], [2001:db8::1]:80, 2001:db8::1.
// Anything else ("unknown", "_hidden") is no address.
func parseNode(s string) netip.Addr {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, port, closed := strings.Cut(inner, "]")
		if a, err := netip.ParseAddr(inner); closed && err == nil && a.Is6() && isPort(port) {
			return plain(a)
		}
		return netip.Addr{}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return plain(a)
	}
	host, port, _ := strings.Cut(s, ":")
	if a, err := netip.ParseAddr(host); err == nil && a.Is4() && isPort(":"+port) {
		return a
	}
	return netip.Addr{}
}

// isPort takes nothing, or a colon and a port: digits, or a name that hides it.
func isPort(s string) bool {
	if s == "" {
		return true
	}
	port, ok := strings.CutPrefix(s, ":")
	return ok && isToken(port)
}
