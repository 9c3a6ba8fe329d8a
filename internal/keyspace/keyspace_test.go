package keyspace_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func TestValidName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "recipe", "user:profile", "A-z_0.9:"} {
		if err := keyspace.ValidName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, c := range []struct{ name, bad string }{
		{"a{b}", "'{'"}, {"a b", "' '"}, {"a*", "'*'"}, {"ab?", "'?'"}, {"a~", "'~'"}, {"a\n", `'\n'`}, {"é", ""}, {"a/b", "'/'"}, {"[", "'['"},
	} {
		err := keyspace.ValidName(c.name)
		if err == nil || !strings.Contains(err.Error(), c.bad) || !strings.Contains(err.Error(), strconv.Quote(c.name)) {
			t.Errorf("%q: error %v, want one that names it and %s", c.name, err, c.bad)
		}
	}
}

// A program in another language that shares our entries follows these rows.
func TestEscapeID(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 513)
	for id, want := range map[string]string{
		"":                       "",
		"1":                      "1",
		"a{b}c":                  "a%7Bb%7Dc",
		"100%":                   "100%",
		"%7B":                    "%257B",
		"%7b":                    "%7b",
		"%2525":                  "%252525",
		"%%7D":                   "%%257D",
		"%{":                     "%%7B",
		"a b\n*":                 "a b\n*",
		"ü":                      "ü",
		strings.Repeat("x", 512): strings.Repeat("x", 512),
	} {
		if got := keyspace.EscapeID(id); got != want {
			t.Errorf("EscapeID(%q) is %q, want %q", id, got, want)
		}
		if got := keyspace.UnescapeID(want); got != id {
			t.Errorf("UnescapeID(%q) is %q, want %q", want, got, id)
		}
	}
	short := keyspace.EscapeID(long)
	if len(short) != 129 || !strings.HasPrefix(short, long[:64]+"~") {
		t.Errorf("EscapeID of 513 bytes is %q", short)
	}
	if again := keyspace.EscapeID(short); again == short {
		t.Error("an id of its own has the key of a long one")
	}
	// Braces count as they are written: 171 of them have 513 bytes.
	if got := keyspace.EscapeID(strings.Repeat("{", 171)); len(got) != 129 {
		t.Errorf("171 braces give %d bytes", len(got))
	}
}

// pieces make ids in which escapes and what looks like them stand side by side.
var pieces = []string{"%", "7", "B", "D", "2", "5", "{", "}", "%7B", "%7D", "%25", "%257B", "a", "~", "\n", "\xff"}

func TestEscapeIDIsInjective(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]string{}
	for range 200_000 {
		var b strings.Builder
		n := r.IntN(7)
		if r.IntN(100) == 0 {
			n = r.IntN(900)
		}
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		id := b.String()
		key := keyspace.EscapeID(id)
		if other, ok := seen[key]; ok && other != id {
			t.Fatalf("%q and %q are both %q", id, other, key)
		}
		seen[key] = id
		checkEscaped(t, id, key)
	}
}

func checkEscaped(t *testing.T, id, key string) {
	t.Helper()
	if strings.ContainsAny(key, "{}") {
		t.Fatalf("EscapeID(%q) has a brace: %q", id, key)
	}
	if len(key) > keyspace.MaxID {
		t.Fatalf("EscapeID(%q) has %d bytes, want at most %d", id, len(key), keyspace.MaxID)
	}
	if len(key) == 129 && key[64] == '~' {
		return // shortened
	}
	if back := keyspace.UnescapeID(key); back != id {
		t.Fatalf("%q is escaped as %q and read back as %q", id, key, back)
	}
}

func FuzzEscapeID(f *testing.F) {
	for _, p := range pieces {
		f.Add(p+p, p)
	}
	f.Add(strings.Repeat("{", 600), strings.Repeat("x", 600))
	f.Add(strings.Repeat("x", 600), keyspace.EscapeID(strings.Repeat("x", 600)))
	f.Fuzz(func(t *testing.T, a, b string) {
		ka, kb := keyspace.EscapeID(a), keyspace.EscapeID(b)
		checkEscaped(t, a, ka)
		checkEscaped(t, b, kb)
		if (a == b) != (ka == kb) {
			t.Fatalf("%q is %q, %q is %q", a, ka, b, kb)
		}
	})
}

// Parts of names that are no pattern must not match like one, on any backend.
func TestEscapeGlob(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "b", "*", "?", "[a]", "[^a]", "[a-c]", "[", "]", "^", "\\", "\\*", "\\\\", "{x}", "-", " ", "\n", "é", "a*b", "**"}
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		ns := rb.Namespace()
		for _, p := range parts {
			if err := rb.Do(ctx, rb.B().Set().Key(ns+p+"!").Value("1").Build()).Error(); err != nil {
				t.Fatal(err)
			}
		}
		masters, err := rb.Masters(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			var found []string
			for _, m := range masters {
				for cursor := uint64(0); ; {
					page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match(keyspace.EscapeGlob(ns+p)+"!*").Count(500).Build()).AsScanEntry()
					if err != nil {
						t.Fatal(err)
					}
					found = append(found, page.Elements...)
					if cursor = page.Cursor; cursor == 0 {
						break
					}
				}
			}
			if len(found) != 1 || found[0] != ns+p+"!" {
				t.Errorf("%q as %q matches %q, want itself alone", p, keyspace.EscapeGlob(p), found)
			}
		}
	})
}

// The servers say in which slot a key is.
func TestSlot(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		keys := []string{"", "a", "{a}b", "a{b}c", "{}a", "a{}b{c}", "{{a}}", "}a{b}", "{a", "a}", "{a}{b}", "\x00\xff", "~l:{recipe:1}", "recipe:1", strings.Repeat("k", 10_000)}
		r := rand.New(rand.NewPCG(3, 4))
		for range 300 {
			b := make([]byte, r.IntN(12))
			for i := range b {
				b[i] = "ab{}\xf0"[r.IntN(5)]
			}
			keys = append(keys, string(b))
		}
		for _, key := range keys {
			want, err := rb.Do(ctx, rb.B().Arbitrary("CLUSTER", "KEYSLOT").Args(key).Build()).AsInt64()
			if err != nil {
				t.Fatal(err)
			}
			if got := keyspace.Slot(key); int64(got) != want {
				t.Errorf("%.40q is in slot %d, the server says %d", key, got, want)
			}
		}
	}, redistest.Cluster)
	// Two known values hold it where there is no cluster.
	for key, want := range map[string]uint16{"123456789": 12739, "foo": 12182} {
		if got := keyspace.Slot(key); got != want {
			t.Errorf("%s: slot %d, want %d", key, got, want)
		}
	}
}

func ExampleEscapeID() {
	fmt.Println(keyspace.EscapeID("user {1}"))
	// Output: user %7B1%7D
}
