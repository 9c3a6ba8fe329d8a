package cache_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// upper is a codec that is easily told from the default.
type upper[V any] struct{}

func (upper[V]) Name() string { return "upper" }

func (upper[V]) Encode(v V) ([]byte, error) {
	b, err := json.Marshal(v)
	return []byte("UPPER" + string(b)), err
}

func (upper[V]) Decode(data []byte) (v V, err error) {
	text, ok := strings.CutPrefix(string(data), "UPPER")
	if !ok {
		return v, errors.New("no UPPER")
	}
	return v, json.Unmarshal([]byte(text), &v)
}

func (upper[V]) Valid(data []byte) bool { return strings.HasPrefix(string(data), "UPPER") }

// rawCodec keeps bytes as they are.
type rawCodec struct{ name string }

func (c rawCodec) Name() string {
	if c.name == "" {
		return "raw"
	}
	return c.name
}
func (rawCodec) Encode(v []byte) ([]byte, error)    { return v, nil }
func (rawCodec) Decode(data []byte) ([]byte, error) { return append([]byte{}, data...), nil }
func (rawCodec) Valid([]byte) bool                  { return true }

// secret is a key made of a word.
func secret(word string) []byte {
	sum := sha256.Sum256([]byte(word))
	return sum[:]
}

// keysOf makes Keys of the named words; each is the id of its key.
func keysOf(t testing.TB, current string, words ...string) *cache.Keys {
	t.Helper()
	keys := make(map[string][]byte)
	for _, w := range words {
		keys[w] = secret(w)
	}
	k, err := cache.NewKeys(current, keys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// reader is a cache beside others of the same name in another process; what it loads is "loaded".
type reader struct {
	*cache.Cache[string]
	db *source[string]
}

func newReader(t testing.TB, rb *redbrick.Client, o cache.Options[string]) reader {
	t.Helper()
	db := newSource(func(string) (string, error) { return "loaded", nil })
	o.Load, o.NoNear, o.EarlyRefresh = db.load, true, -1
	return reader{newCache(t, redistest.Another(t, rb), "recipe", o), db}
}

// expect reads an id, as bytes too, and says whether it is a hit.
func (r reader) expect(t testing.TB, id, want string, loads int) {
	t.Helper()
	got, err := r.Get(t.Context(), id)
	if err != nil || got != want || r.db.count(id) != loads {
		t.Errorf("%s: got %.40q, %v, %d loads, want %.40q, %d", id, got, err, r.db.count(id), want, loads)
	}
}

func TestACodecIsFramedWithItsName(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newReader(t, rb, cache.Options[string]{Codec: upper[string]{}})
		if err := c.Set(ctx, "a", "soup"); err != nil {
			t.Fatal(err)
		}
		c.expect(t, "a", "soup", 0)
		if raw, err := c.GetBytes(ctx, "a"); err != nil || string(raw) != `UPPER"soup"` {
			t.Errorf("bytes: got %q, %v", raw, err)
		}
		text := lying(t, rb, c.Key("a"))
		if !strings.HasPrefix(text, "\xffRB\x01") || !strings.Contains(text, "\x05upper") || !strings.HasSuffix(text, `UPPER"soup"`) {
			t.Errorf("in Redis lies %q", text)
		}
		// The default codec takes neither it nor the body for its own.
		plain := newReader(t, rb, cache.Options[string]{})
		plain.expect(t, "a", "loaded", 1)
		if s := plain.Stats(); s.Foreign < 1 || s.Misses != 1 {
			t.Errorf("not a counted miss: %+v", s)
		}
		c.expect(t, "a", "loaded", 1) // and the other way round
		another := newReader(t, rb, cache.Options[string]{Codec: renamed{upper[string]{}}})
		another.expect(t, "a", "loaded", 1)
	})
}

type renamed struct{ upper[string] }

func (renamed) Name() string { return "upper2" }

func TestCompressedValuesComeBack(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newReader(t, rb, cache.Options[string]{Compress: cache.Zstd(1024)})
		large, small := strings.Repeat("soup ", 2000), strings.Repeat("s", 1021)
		noise := make([]byte, 0, 4000) // cannot be made smaller
		for i := range 125 {
			noise = append(noise, secret(fmt.Sprint(i))...)
		}
		for id, v := range map[string]string{"large": large, "small": small} {
			if err := c.Set(ctx, id, v); err != nil {
				t.Fatal(err)
			}
			c.expect(t, id, v, 0)
			if raw, err := c.GetBytes(ctx, id); err != nil || string(raw) != `"`+v+`"` {
				t.Errorf("%s: bytes: got %.40q, %v", id, raw, err)
			}
		}
		if n := len(lying(t, rb, c.Key("large"))); n > len(large)/10 {
			t.Errorf("large: %d bytes in Redis, of %d", n, len(large))
		}
		if s := lying(t, rb, c.Key("small")); s != `"`+small+`"` {
			t.Errorf("small: %.40q in Redis, want plain JSON", s)
		}
		blob := newCache(t, rb, "blob", cache.Options[[]byte]{Codec: rawCodec{}, Compress: cache.Zstd(1)})
		if err := blob.Set(ctx, "noise", noise); err != nil {
			t.Fatal(err)
		}
		if got, err := blob.Get(ctx, "noise"); err != nil || string(got) != string(noise) {
			t.Errorf("noise: got %d bytes, %v", len(got), err)
		}
		if n := len(lying(t, rb, blob.Key("noise"))); n > len(noise)+32 {
			t.Errorf("noise: %d bytes in Redis, of %d", n, len(noise))
		}
		// A cache without a compressor does not understand the one, and does the other.
		plain := newReader(t, rb, cache.Options[string]{})
		plain.expect(t, "small", small, 0)
		plain.expect(t, "large", "loaded", 1)
	})
}

func TestADecompressionBombIsAMiss(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	zstd := cache.Zstd(1) // shared: each cache has its own limit
	bomb := strings.Repeat("0", 1<<20)
	wide := newReader(t, rb, cache.Options[string]{Compress: zstd, MaxBytes: 2 << 20})
	narrow := newReader(t, rb, cache.Options[string]{Compress: zstd, MaxBytes: 1 << 10})
	if err := wide.Set(ctx, "a", bomb); err != nil {
		t.Fatal(err)
	}
	if n := len(lying(t, rb, wide.Key("a"))); n > 1<<10 {
		t.Fatalf("no bomb: %d bytes", n)
	}
	for range 3 { // decompressors are used again
		wide.expect(t, "a", bomb, 0)
		if got, ok, err := narrow.Peek(ctx, "a"); ok || err != nil {
			t.Errorf("the bomb went off: %d bytes, %v", len(got), err)
		}
	}
	if s := narrow.Stats(); s.Foreign != 3 {
		t.Errorf("not counted: %+v", s)
	}
	narrow.expect(t, "a", "loaded", 1)
}

func TestEncryptedValues(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		old := newReader(t, rb, cache.Options[string]{Encrypt: keysOf(t, "2025", "2025")})
		value := strings.Repeat("soup", 10)
		for _, id := range []string{"kept", "moved", "tampered", "header"} {
			if err := old.Set(ctx, id, value); err != nil {
				t.Fatal(err)
			}
			old.expect(t, id, value, 0)
		}
		sealed := lying(t, rb, old.Key("kept"))
		if strings.Contains(sealed, "soup") || !strings.Contains(sealed, "2025") {
			t.Errorf("in Redis lies %q", sealed)
		}
		// Each value has a nonce of its own.
		if err := old.Set(ctx, "twice", value); err != nil {
			t.Fatal(err)
		}
		first := lying(t, rb, old.Key("twice"))
		if err := old.Set(ctx, "twice", value); err != nil {
			t.Fatal(err)
		}
		if lying(t, rb, old.Key("twice")) == first {
			t.Error("the same value is encrypted to the same bytes")
		}

		// Rotation: the new key writes, the old one still reads; a process with the old one alone misses.
		both := newReader(t, rb, cache.Options[string]{Encrypt: keysOf(t, "2026", "2026", "2025")})
		both.expect(t, "kept", value, 0)
		if err := both.Set(ctx, "new", value); err != nil {
			t.Fatal(err)
		}
		both.expect(t, "new", value, 0)
		if got, ok, err := old.Peek(ctx, "new"); ok || err != nil {
			t.Errorf("read without its key: %q, %v", got, err)
		}
		// Another key under the same id.
		wrong, err := cache.NewKeys("2025", map[string][]byte{"2025": secret("wrong")})
		if err != nil {
			t.Fatal(err)
		}
		thief := newReader(t, rb, cache.Options[string]{Encrypt: wrong})
		if got, ok, err := thief.Peek(ctx, "kept"); ok || err != nil || thief.Stats().Foreign != 1 {
			t.Errorf("read with a wrong key: %q, %v", got, err)
		}
		none := newReader(t, rb, cache.Options[string]{})
		if got, ok, err := none.Peek(ctx, "kept"); ok || err != nil || none.Stats().Foreign != 1 {
			t.Errorf("read without keys: %q, %v", got, err)
		}

		// The name of the key is authenticated, as is every bit.
		put(t, rb, old.Key("moved"), []byte(sealed))
		if got, ok, err := old.Peek(ctx, "moved"); ok || err != nil {
			t.Errorf("a value was moved to another key: %q, %v", got, err)
		}
		for i := range len(sealed) {
			bad := []byte(sealed)
			bad[i] ^= 1
			put(t, rb, old.Key("kept"), bad)
			if got, ok, err := old.Peek(ctx, "kept"); ok || err != nil {
				t.Errorf("byte %d was changed: got %q, %v", i, got, err)
			}
		}
		// A plain value cannot be put in its place, except "not found".
		put(t, rb, old.Key("header"), []byte(`"mine"`))
		if got, ok, err := old.Peek(ctx, "header"); ok || err != nil {
			t.Errorf("plain text in place of an encrypted value: %q, %v", got, err)
		}
		old.expect(t, "header", "loaded", 1)
	})
}

func TestAValueOfAnotherVersionIsAMiss(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		// A rolling deploy: both releases live side by side on one key, each writes its own and takes no other.
		versions := []uint64{0, 1, 2, 1 << 40}
		readers := make([]reader, len(versions))
		for i, v := range versions {
			readers[i] = newReader(t, rb, cache.Options[string]{Version: v})
		}
		for i, writer := range readers {
			mine := fmt.Sprintf("of %d", versions[i])
			for j, r := range readers {
				if err := writer.Set(ctx, "a", mine); err != nil {
					t.Fatal(err)
				}
				got, ok, err := r.Peek(ctx, "a")
				if err != nil || ok != (i == j) || ok && got != mine {
					t.Errorf("version %d reads that of %d: %q, %v, %v", versions[j], versions[i], got, ok, err)
				}
				if i == j {
					continue
				}
				loads := r.db.count("a")
				r.expect(t, "a", "loaded", loads+1)
				r.expect(t, "a", "loaded", loads+1) // its own load is there now
			}
		}
	})
}

// Every combination of settings reads back its own, and no two of them read each other's values as something else.
func TestCachesOfOneNameWithDifferentSettings(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		tags := func(string, string) []string { return []string{"x"} }
		settings := map[string]cache.Options[string]{
			"plain":     {},
			"tagged":    {Tags: tags},
			"zstd":      {Compress: cache.Zstd(1)},
			"encrypted": {Encrypt: keysOf(t, "k", "k")},
			"version":   {Version: 1},
			"codec":     {Codec: upper[string]{}},
			"all": {
				Tags: tags, Compress: cache.Zstd(1), Encrypt: keysOf(t, "k", "k"), Version: 1, Codec: upper[string]{},
			},
		}
		// These differ in nothing that a reader must know.
		same := map[string]bool{"plain tagged": true, "tagged plain": true, "plain zstd": true, "zstd tagged": true, "tagged zstd": true}
		want := strings.Repeat("soup ", 100)
		readers := make(map[string]reader)
		for name, o := range settings {
			readers[name] = newReader(t, rb, o)
		}
		for by, writer := range readers {
			for name, r := range readers {
				if err := writer.Set(ctx, "a", want); err != nil {
					t.Fatal(err)
				}
				got, ok, err := r.Peek(ctx, "a")
				if err != nil || ok && got != want {
					t.Errorf("%s reads what %s wrote: %.40q, %v", name, by, got, err)
				}
				readable := by == name || same[by+" "+name] || name == "zstd" && by == "plain"
				if ok != readable && !same[name+" "+by] {
					t.Errorf("%s reads what %s wrote: %v, want %v", name, by, ok, readable)
				}
			}
		}
	})
}

func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		current string
		keys    map[string][]byte
		want    []string
	}{
		"none":           {"", nil, []string{`current key "" is not among the keys`}},
		"short":          {"a", map[string][]byte{"a": make([]byte, 31)}, []string{`key "a" has 31 bytes, expected 32`}},
		"current is not": {"b", map[string][]byte{"a": make([]byte, 32)}, []string{`current key "b" is not among the keys`}},
		"all at once": {"c", map[string][]byte{"a": make([]byte, 16), "b": nil}, []string{
			`key "a" has 16 bytes`, `key "b" has 0 bytes`, `current key "c"`,
		}},
	} {
		_, err := cache.NewKeys(tt.current, tt.keys)
		if !errors.Is(err, redbrick.ErrConfig) {
			t.Errorf("%s: got %v, want ErrConfig", name, err)
			continue
		}
		for _, part := range tt.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
}

func TestAnEncodingThatFailsIsTheCallersError(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	c := newCache(t, rb, "recipe", cache.Options[func()]{
		Load: func(context.Context, string) (func(), error) { return func() {}, nil },
	})
	if _, err := c.Get(t.Context(), "a"); err == nil || errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get: got %v", err)
	}
	if err := c.Set(t.Context(), "a", func() {}); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("Set: got %v", err)
	}
}

// TestDeclinedTextsAreDecodedByTheRules: texts that the shorter way begins and then leaves, by the whole codec.
func TestDeclinedTextsAreDecodedByTheRules(t *testing.T) {
	t.Parallel()
	type part struct{ A, B int }
	type whole struct {
		Name  string `json:"name"`
		Parts []part `json:"parts"`
		Map   map[string]int
		Down  *part
	}
	codec := cache.JSON[whole]()
	for _, text := range []string{
		`{"name":"soup","parts":[{"A":1},{"A":2,"B":3}],"Map":{"a":1},"Down":{"A":1}}`,
		`{"parts":[{"A":1,"B":2},{"A":3,"B":4}],"Map":{"a":1},"Down":{"A":5},"NAME":"soup"}`,
		`{"name":"a","name":"b"}`,
		`{"parts":[{"A":1,"a":2}],"Parts":[{"B":3}]}`,
		"{\"parts\":[{\"A\":1}],\"name\":\"so\xffup\"}",
		`{"name":"\ud800"}`,
		`{"parts":[{"A":1},{"A":-0}]}`,
	} {
		var want whole
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode([]byte(text))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v\n%s", text, err, d)
		}
	}
	for _, text := range []string{`{"parts":[{"A":1}],"name":1}`, `{"name":"soup"`, `{"name":"soup"}}`, `[1]`} {
		if v, err := codec.Decode([]byte(text)); err == nil {
			t.Errorf("%q was decoded: %+v", text, v)
		}
	}
}
