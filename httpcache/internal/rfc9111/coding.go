package rfc9111

import (
	"net/http"
	"slices"
	"strings"
)

// digests are fields that speak of the bytes of a response: whoever changes its coding makes them wrong (RFC 9530).
var digests = []string{"Content-Digest", "Repr-Digest", "Digest", "Content-Md5", "Signature-Input"}

// Codable reports whether a cache may send a response in a content coding of its own choice: it has none yet, is whole, and
// says nothing that the coding would make wrong, nor no-transform (section 5.2.2.6), wherever it says it.
func (p Policy) Codable(status int, h http.Header) bool {
	if status != http.StatusOK || len(h["Content-Encoding"]) > 0 || len(h["Content-Range"]) > 0 || NoTransform(h) {
		return false
	}
	for _, name := range digests {
		if len(h[name]) > 0 {
			return false
		}
	}
	return !ParseResponse(h, p.Targets).NoTransform
}

// NoTransform reports whether Cache-Control of a request or a response asks for the body to be left as it is (sections
// 5.2.1.6, 5.2.2.6).
func NoTransform(h http.Header) bool { return hasDirective(h, "no-transform") }

// codingMark stands in an entity tag between what the origin said and the name of the coding. Nobody's own tags are likely
// to have it there.
const codingMark = "~"

// CodedTag gives the entity tag of a response with the header in a coding: that of a strong one differs from coding to coding
// (RFC 9110, section 8.8.3.3), a weak one names them all. "" where there is none.
func CodedTag(h http.Header, coding string) string {
	tag, ok := etagOf(h)
	if !ok {
		return ""
	}
	if !strong(tag) {
		return tag
	}
	return tag[:len(tag)-1] + codingMark + coding + `"`
}

// HasTag reports whether If-None-Match of a request names the tag, which is not "".
func HasTag(r *http.Request, tag string) bool {
	lines := r.Header["If-None-Match"]
	return len(lines) > 0 && tag != "" && matchesAny(lines, tag)
}

// UncodedTags gives the lines of If-Match with the origin's own tag behind each that CodedTag made, since the origin does not
// know those; nil where there is none.
func UncodedTags(lines []string, codings ...string) []string {
	var own []string
	for _, line := range lines {
		for {
			line = strings.TrimLeft(line, " \t,")
			tag, rest := scanETag(line)
			if tag == "" {
				break
			}
			for _, coding := range codings {
				if base, ok := strings.CutSuffix(tag, codingMark+coding+`"`); ok && strong(tag) {
					own = append(own, base+`"`)
				}
			}
			line = rest
		}
	}
	if own == nil {
		return nil
	}
	return append(slices.Clip(lines), strings.Join(own, ", "))
}

// VaryWith gives the lines of Vary with one more name, unless it is there.
func VaryWith(lines []string, name string) []string {
	if names, star := VaryNames(http.Header{"Vary": lines}); star || slices.Contains(names, name) {
		return lines
	}
	return append(slices.Clip(lines), name)
}
