package rfc9111

import (
	"cmp"
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// VaryNames gives the names of the request fields that the response depends on, canonical, sorted, each once. star: it
// depends on more than fields, so that it matches no other request (section 4.1).
func VaryNames(resp http.Header) (names []string, star bool) {
	for m := range members(resp["Vary"]) {
		if m == "*" || !isToken(m) { // of what cannot be a field nobody knows what is meant
			return nil, true
		}
		names = append(names, http.CanonicalHeaderKey(m))
	}
	slices.Sort(names)
	return slices.Compact(names), false
}

// AppendVary appends what the request says in the fields, so that two requests give the same bytes only if they match
// (section 4.1): the lines of a field are joined, a field that is absent differs from one that is empty, and the usual fields
// are normalised without changing what they mean. Each value stands behind its length in four bytes. Host is taken from
// r.Host, where net/http keeps it.
func AppendVary(dst []byte, names []string, r *http.Request) []byte {
	for _, name := range names {
		at := len(dst)
		dst = append(dst, 0xff, 0xff, 0xff, 0xff) // absent
		switch lines, present := r.Header[name]; {
		case name == "Host":
			dst = append(dst, lower(r.Host)...)
		case !present:
			continue
		default:
			dst = appendValue(dst, name, lines)
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

func appendValue(dst []byte, name string, lines []string) []byte {
	var room [12]choice
	switch name {
	case "Accept-Encoding", "Accept-Charset":
		if list, ok := choices(room[:0], lines); ok {
			slices.SortStableFunc(list, byName)
			return appendChoices(dst, list)
		}
	case "Accept", "Accept-Language":
		// Of two that are wanted alike some servers give the first, so their order is kept.
		if list, ok := choices(room[:0], lines); ok {
			return appendChoices(dst, list)
		}
	}
	for i, line := range lines {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, trim(line)...)
	}
	return dst
}

// choice is a member of an Accept field: what, and how much it is wanted, in thousandths.
type choice struct {
	what string
	q    int
}

func byWeight(a, b choice) int { return b.q - a.q }

func byName(a, b choice) int { return cmp.Or(byWeight(a, b), strings.Compare(a.what, b.what)) }

// choices takes an Accept field apart and appends its members, the most wanted first, in their order where they are wanted
// alike. ok is false where one cannot be read.
func choices(list []choice, lines []string) (_ []choice, ok bool) {
	for m := range members(lines) {
		what, params, weighed := strings.Cut(m, ";")
		c := choice{what: lower(trim(what)), q: 1000}
		for weighed {
			var param string
			param, params, weighed = strings.Cut(params, ";")
			name, value, has := strings.Cut(param, "=")
			name, value = lower(trim(name)), trim(value)
			if name == "q" {
				if c.q, ok = weight(value); !ok || weighed {
					return nil, false
				}
				break
			}
			if !has || strings.Contains(value, `"`) {
				return nil, false // no parameter, or a quoted semicolon was cut through
			}
			c.what += ";" + name + "=" + value
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, byWeight)
	return list, true
}

// weight reads a quality value (RFC 9110, section 12.4.2).
func weight(s string) (int, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) != 1 || len(fraction) > 3 || whole > "1" || whole < "0" {
		return 0, false
	}
	n, err := strconv.ParseUint((whole + fraction + "000")[:4], 10, 16)
	return int(n), err == nil && n <= 1000
}

// appendChoices writes an Accept field in one form: no spaces, nothing twice, weights only where they say something. It is a
// form that reads as itself, so that no field that cannot be read is taken for it.
func appendChoices(dst []byte, list []choice) []byte {
	for i, c := range list {
		if i > 0 {
			if c == list[i-1] {
				continue
			}
			dst = append(dst, ',')
		}
		dst = append(dst, c.what...)
		if c.q != 1000 {
			dst = append(dst, ';', 'q', '=', '0', '.', byte('0'+c.q/100), byte('0'+c.q/10%10), byte('0'+c.q%10))
		}
	}
	return dst
}

// Encoding gives the offer that Accept-Encoding wants most, of several the first, "" where it wants none of them more than
// the body as it is (RFC 9110, section 12.5.3). accept are the lines of the field; none: nothing but the body as it is.
func Encoding(accept []string, offers ...string) string {
	var room [12]choice
	list, ok := choices(room[:0], accept)
	if !ok {
		return ""
	}
	best, most := "", 0
	if q, said := wanted(list, "identity"); said {
		most = max(q-1, 0) // wanted as much as the body as it is, an encoding is smaller
	}
	for _, offer := range offers {
		if q, _ := wanted(list, offer); q > most {
			best, most = offer, q
		}
	}
	return best
}

// wanted gives the weight of an encoding, and whether the field says any.
func wanted(list []choice, name string) (q int, said bool) {
	for _, c := range list {
		switch {
		case c.what == name, name == "gzip" && c.what == "x-gzip":
			return c.q, true
		case c.what == "*":
			q, said = c.q, true
		}
	}
	return q, said
}
