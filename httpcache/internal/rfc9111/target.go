package rfc9111

import "strconv"

// parseTargeted reads a targeted field, a Dictionary whose members are directives of a response (RFC 9213, section 2.1). ok
// is false where it is absent, empty or malformed, so that it does not count.
func parseTargeted(lines []string) (Control, bool) {
	if len(lines) == 0 {
		return Control{}, false
	}
	dict, ok := parseDictionary(lines)
	if !ok || len(dict) == 0 {
		return Control{}, false
	}
	c := Control{Targeted: true}
	for name, v := range dict {
		switch {
		case v.kind == sfBoolean && v.n == 0: // said not to be so
		case v.kind == sfBoolean:
			c.add(name, "", false)
		case name == "public", name == "immutable", name == "must-understand": // they allow more, so they must be well said
		case v.kind == sfInteger && v.n >= 0:
			c.add(name, strconv.FormatInt(v.n, 10), true)
		case v.kind == sfString && (name == "private" || name == "no-cache"):
			c.add(name, v.text, true)
		default:
			c.add(name, "", true)
		}
	}
	return c, true
}
