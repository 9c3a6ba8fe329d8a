package rfc9111_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func TestWhatMayBeCodedByACache(t *testing.T) {
	t.Parallel()
	p := rfc9111.Policy{Targets: []string{"CDN-Cache-Control"}}
	for _, c := range []struct {
		status int
		fields []string
		want   bool
	}{
		{200, nil, true},
		{200, []string{"Cache-Control", "max-age=1, public"}, true},
		{206, nil, false},
		{404, nil, false},
		{200, []string{"Content-Encoding", "identity"}, false},
		{200, []string{"Content-Range", "bytes 0-1/2"}, false},
		{200, []string{"Cache-Control", "public, No-Transform"}, false},
		{200, []string{"Cache-Control", "no-transform", "CDN-Cache-Control", "max-age=5"}, false},
		{200, []string{"CDN-Cache-Control", "max-age=5, no-transform"}, false},
		{200, []string{"Content-Digest", "x"}, false},
		{200, []string{"Repr-Digest", "x"}, false},
		{200, []string{"Content-MD5", "x"}, false},
	} {
		if got := p.Codable(c.status, header(c.fields...)); got != c.want {
			t.Errorf("%d %q: %t", c.status, c.fields, got)
		}
	}
}

func TestATagNamesItsCoding(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{`"a"`: `"a~gzip"`, `""`: `"~gzip"`, `W/"a"`: `W/"a"`, "a": "", `"a" x`: ""} {
		if got := rfc9111.CodedTag(header("Etag", given), "gzip"); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
	if got := rfc9111.CodedTag(header(), "gzip"); got != "" {
		t.Errorf("no tag: %s", got)
	}
}

func TestANameIsAddedToVaryOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, want []string }{
		{nil, []string{"Accept-Encoding"}},
		{[]string{"Cookie"}, []string{"Cookie", "Accept-Encoding"}},
		{[]string{"cookie, accept-encoding"}, []string{"cookie, accept-encoding"}},
		{[]string{"*"}, []string{"*"}},
	} {
		if got := rfc9111.VaryWith(c.lines, "Accept-Encoding"); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.lines, got)
		}
	}
}

// FuzzCodedTag holds that the origin's tag is found again in what CodedTag made of it, among others.
func FuzzCodedTag(f *testing.F) {
	f.Add(`"a"`, `"b", `)
	f.Add(`"a~gzip"`, "*,")
	f.Fuzz(func(t *testing.T, tag, before string) {
		coded := rfc9111.CodedTag(header("Etag", tag), "zstd")
		rfc9111.UncodedTags([]string{before + coded}, "gzip", "zstd")
		if coded == "" || strings.HasPrefix(coded, "W/") {
			return
		}
		lines := rfc9111.UncodedTags([]string{coded}, "gzip", "zstd")
		if len(lines) != 2 || lines[0] != coded || lines[1] != strings.TrimSpace(tag) {
			t.Fatalf("%q became %q, and that %q", tag, coded, lines)
		}
	})
}

// FuzzEncoding compares the choice with one made by the letter of RFC 9110, section 12.5.3: two bits a coding say whether it
// is named and how much it is wanted.
func FuzzEncoding(f *testing.F) {
	f.Add(uint16(0), uint8(0))
	f.Add(uint16(0b11_10_01_00_01), uint8(3))
	f.Fuzz(func(t *testing.T, bits uint16, turn uint8) {
		names := []string{"gzip", "zstd", "identity", "*", "br"}
		said := map[string]int{}
		var members []string
		for i, name := range names {
			if w := int(bits >> (3 * i) & 7); w < 5 { // quarters; above: not named
				said[name] = w
				members = append(members, name+";q="+strconv.FormatFloat(float64(w)/4, 'f', -1, 64))
			}
		}
		weight := func(name string) int {
			if w, ok := said[name]; ok {
				return w
			}
			return said["*"]
		}
		identity, named := said["identity"]
		if !named {
			identity = said["*"]
			if _, all := said["*"]; !all {
				identity = -1 // allowed, and wanted by nobody
			}
		}
		want := ""
		best := 0
		for _, name := range []string{"zstd", "gzip"} {
			if w := weight(name); w > best && w >= identity {
				want, best = name, w
			}
		}
		for range turn % 5 {
			members = append(members, "")
			if len(members) > 1 {
				members = append(members[1:], members[0])
			}
		}
		if got := rfc9111.Encoding([]string{strings.Join(members, " , ")}, "zstd", "gzip"); got != want {
			t.Fatalf("%q: %q, want %q", members, got, want)
		}
	})
}
