package glob

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a", "a", true}, {"a", "ab", false},
		{"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abbbc", true}, {"a*c", "abbb", false}, {"a**c", "ac", true},
		{"?", "a", true}, {"?", "", false}, {"a?c", "abc", true}, {"[abc]", "b", true}, {"[abc]", "d", false},
		{"[a-c]x", "bx", true}, {"[c-a]x", "bx", true}, {"[^a-c]", "b", false}, {"[^a-c]", "z", true},
		{`\*`, "*", true}, {`\*`, "a", false}, {`a\`, `a\`, true}, {`[\]]`, "]", true}, {"[abc", "b", true}, {"[abc", "d", false},
		{"[", "a", false}, {"[]", "a", false}, {"[^]", "a", true}, {"*[b]*", "abc", true}, {"\x00*", "\x00\xff", true},
		{"user:*:name", "user:1:2:name", true}, {"*a*b*c*", "xxaxxbxxcxx", true}, {"*a*b*c*", "xxaxxcxxbxx", false},
	} {
		if got := Match([]byte(c.pattern), []byte(c.s)); got != c.want {
			t.Errorf("Match(%q, %q) is %v", c.pattern, c.s, got)
		}
	}
}

// A pattern of many stars costs no more than the product of both lengths; an exponential one would not come back.
func TestManyStars(t *testing.T) {
	t.Parallel()
	pattern, s := strings.Repeat("a*", 200)+"b", strings.Repeat("a", 20_000)
	if Match([]byte(pattern), []byte(s)) {
		t.Fatal("it ends with b")
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	if !Fold("max*", "MaxMemory") || Fold("max*", "MinMemory") {
		t.Fatal("case matters")
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"abc": true, "": true, "a*": false, "a?": false, "[a]": false, `a\b`: false} {
		if got := Literal([]byte(s)); got != want {
			t.Errorf("Literal(%q) is %v", s, got)
		}
	}
}
