package password

import (
	"errors"
	"strings"
	"testing"
)

const sound = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// A hash that another program could not have meant, or that would take the machine's memory, is refused and not shown.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	if _, err := parse(sound); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"argon2id", "argon2i"},
		{"v=19", "v=16"},
		{"m=64", "m=7"},
		{"m=64", "m=4294967295"},
		{"m=64", "m=064"},
		{"m=64", "m=-64"},
		{"m=64", "m=+64"},
		{"t=1", "t=0"},
		{"t=1", "t=65"},
		{"p=1", "p=17"},
		{"p=1", "p=16"}, // 64 KiB are too few
		{",p=1", ""},
		{"m=64,t=1", "t=1,m=64"},
		{"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAA$"},
		{"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAB$"}, // bits behind the end
		{"$AAAAAAAAAAAAAAAAAAAAAA$", "$$"},
		{"$AAAAAAAAAAAAAAAAAAAAAA$", "$" + strings.Repeat("A", 100) + "$"},
		{sound, "s3cret"},
		{sound, sound + "$"},
		{sound, sound + "="},
		{sound, sound + "\n"},
		{sound, strings.Repeat("$", 600)},
	} {
		text := strings.Replace(sound, c[0], c[1], 1)
		_, err := parse(text)
		if !errors.Is(err, ErrHash) {
			t.Errorf("%q: error %v, want ErrHash", text, err)
		}
		if err != nil && (strings.Contains(err.Error(), "AAAA") || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%q: the error shows it: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{sound, "", "$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "$2b$12$x", "$argon2id$v=19$m=8,t=1,p=1$$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parse(s)
		if err != nil {
			if !errors.Is(err, ErrHash) {
				t.Fatalf("%q: error %v", s, err)
			}
			return
		}
		if got := p.String(); got != s {
			t.Fatalf("%q is read as %q", s, got)
		}
		if p.memory > mostMemory || p.passes > mostPasses || p.lanes > mostLanes {
			t.Fatalf("%q: %+v is out of bounds", s, p.params)
		}
	})
}
