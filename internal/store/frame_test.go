package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick/internal/store"
)

// Frames lie in Redis longer than a release: these bytes may not change.
func TestFrameBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		frame store.Frame
		want  string
	}{
		{"plain", store.Frame{Body: []byte(`{"a":1}`)}, `{"a":1}`},
		{"empty", store.Frame{}, ""},
		{"clock without tags", store.Frame{Seq: 7, Body: []byte("x")}, "x"},
		{"body that looks like a frame", store.Frame{Body: []byte("\xffRBx")}, "\xffRB\x01\x00\xffRBx"},
		{"tags", store.Frame{Seq: 300, Tags: []string{"a", "bc"}, Body: []byte("x")}, "\xffRB\x01\x01\xac\x02\x02\x01a\x02bcx"},
		{"compressed", store.Frame{Compressed: true, Body: []byte("x")}, "\xffRB\x01\x02x"},
		{"encrypted", store.Frame{Encrypted: true, KeyID: "k1", Nonce: []byte("nnn"), Body: []byte("x")}, "\xffRB\x01\x04\x02k1\x03nnnx"},
		{"value version", store.Frame{Version: 2, Body: []byte("x")}, "\xffRB\x01\x08\x02x"},
		{"codec", store.Frame{Codec: "gob", Body: []byte("x")}, "\xffRB\x01\x10\x03gobx"},
		{
			"all",
			store.Frame{
				Codec: "gob", Version: 2, Compressed: true, Encrypted: true, KeyID: "k", Nonce: []byte("n"),
				Seq: 1, Tags: []string{""}, Body: []byte("x"),
			},
			"\xffRB\x01\x1f\x03gob\x02\x01k\x01n\x01\x01\x00x",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := string(c.frame.Append(nil)); got != c.want {
				t.Errorf("Append gives %q, want %q", got, c.want)
			}
			if got, want := c.frame.Plain(), !strings.HasPrefix(c.want, "\xffRB"); got != want {
				t.Errorf("Plain is %v, want %v", got, want)
			}
			if got, want := string(c.frame.Header()), strings.TrimSuffix(c.want, string(c.frame.Body)); got != want {
				t.Errorf("Header is %q, want %q", got, want)
			}
		})
	}
}

func TestFrameRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	text := func(most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}
	for range 4_000 {
		var f store.Frame
		if r.IntN(2) == 0 {
			f.Codec = text(20)
		}
		if r.IntN(2) == 0 {
			f.Version = r.Uint64() >> r.IntN(64)
		}
		f.Compressed = r.IntN(2) == 0
		if r.IntN(2) == 0 {
			f.Encrypted, f.KeyID, f.Nonce = true, text(10), []byte(text(24))
		}
		for range r.IntN(4) * r.IntN(4) {
			f.Tags = append(f.Tags, text(200))
		}
		if len(f.Tags) > 0 {
			f.Seq = r.Uint64() >> r.IntN(64)
		}
		f.Body = []byte(text(300))
		if r.IntN(4) == 0 {
			f.Body = append([]byte("\xffRB"), f.Body...)
		}
		b := f.Append([]byte("before"))
		got, err := store.Parse(bytes.TrimPrefix(b, []byte("before")))
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if diff := cmp.Diff(f, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("Parse of %+v (-want +got):\n%s", f, diff)
		}
	}
}

func TestFrameRefuses(t *testing.T) {
	t.Parallel()
	full := store.Frame{
		Codec: "gob", Version: 300, Encrypted: true, KeyID: "key", Nonce: []byte("nonce"), Seq: math.MaxUint64,
		Tags: []string{"one", "two"},
	}.Append(nil)
	cases := map[string]string{
		"magic alone":             "\xffRB",
		"version 0":               "\xffRB\x00\x02x",
		"version 2":               "\xffRB\x02\x02x",
		"unknown flag":            "\xffRB\x01\x22x",
		"frame around nothing":    "\xffRB\x01\x00{}",
		"empty codec":             "\xffRB\x01\x10\x00x",
		"value version 0":         "\xffRB\x01\x08\x00x",
		"no tags":                 "\xffRB\x01\x01\x07\x00x",
		"too many tags":           "\xffRB\x01\x01\x07\x81\x01" + strings.Repeat("\x01a", 129),
		"more tags than bytes":    "\xffRB\x01\x01\x07\x7f\x01a",
		"length over the end":     "\xffRB\x01\x10\x7fgob",
		"length of 2^63":          "\xffRB\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7fgob",
		"number over 64 bits":     "\xffRB\x01\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7fx",
		"number longer than need": "\xffRB\x01\x08\x81\x00x",
	}
	for n := len("\xffRB"); n < len(full); n++ {
		cases["cut at "+hex.EncodeToString([]byte{byte(n)})] = string(full[:n])
	}
	for name, b := range cases {
		if f, err := store.Parse([]byte(b)); !errors.Is(err, store.ErrFrame) {
			t.Errorf("%s: Parse of %q gives %+v, %v; want ErrFrame", name, b, f, err)
		}
	}
}

func TestFrameTakesMaxTags(t *testing.T) {
	t.Parallel()
	f := store.Frame{Tags: make([]string, store.MaxTags), Body: []byte("x")}
	got, err := store.Parse(f.Append(nil))
	if err != nil || len(got.Tags) != store.MaxTags {
		t.Errorf("%d tags, %v; want %d", len(got.Tags), err, store.MaxTags)
	}
}

// The body may point into the bytes of a reply, the header is bound to it by encryption: neither may grow over the other.
func TestFrameAliases(t *testing.T) {
	t.Parallel()
	b := store.Frame{Encrypted: true, Nonce: []byte("nonce"), Body: []byte("body")}.Append(nil)
	f, err := store.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if &f.Body[0] != &b[len(b)-4] {
		t.Error("Body is a copy")
	}
	_ = append(f.Nonce, "over"...)
	if string(f.Body) != "body" {
		t.Errorf("appending to the nonce changed the body to %q", f.Body)
	}
}

// Whatever parses has one form only, so the header that is authenticated is the header that was read.
func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(`{"a":1}`))
	f.Add([]byte("\xffRB"))
	f.Add([]byte("\xffRB\x01\x00\xffRBx"))
	f.Add([]byte("\xffRB\x01\x1f\x03gob\x02\x01k\x01n\x01\x01\x00x"))
	f.Add([]byte("\xffRB\x01\x01\xac\x02\x02\x01a\x02bcx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := store.Parse(b)
		if err != nil {
			if !errors.Is(err, store.ErrFrame) {
				t.Fatalf("error %v, want ErrFrame", err)
			}
			return
		}
		if again := frame.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%q parses as %+v, which is %q", b, frame, again)
		}
		if header := frame.Header(); !bytes.Equal(append(header, frame.Body...), b) {
			t.Fatalf("header %q and body %q of %q", header, frame.Body, b)
		}
	})
}
