package cache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/klauspost/compress/zstd"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/plainjson"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Codec turns values into bytes and back. It must be safe for concurrent use. Its name is written beside each value unless
// it is "json"; a value of another codec is a miss.
type Codec[V any] interface {
	Name() string
	Encode(v V) ([]byte, error)
	// Decode must not keep data.
	Decode(data []byte) (V, error)
	// Valid tells quickly whether data can be handed out undecoded (GetBytes).
	Valid(data []byte) bool
}

type jsonCodec[V any] struct {
	plan               *plainjson.Plan
	encoding, decoding json.Options
}

// JSON is the default codec: encoding/json's rules, as go-json-experiment implements them (docs/adr/0006). A text that is as
// programs write it is decoded by a shorter way, with the same result (docs/adr/0008).
func JSON[V any]() Codec[V] {
	c := jsonCodec[V]{encoding: jsonv1.DefaultOptionsV1(), decoding: decoding}
	h := whatHolds(reflect.TypeFor[V]())
	if h.number || h.anything {
		c.encoding = json.JoinOptions(c.encoding, writesNumbers)
	}
	if h.number {
		c.decoding = json.JoinOptions(c.decoding, readsNumbers)
	}
	c.plan = plainjson.For(reflect.TypeFor[V](), func(text []byte, pointer any) error {
		return json.Unmarshal(text, pointer, c.decoding)
	})
	return c
}

func (jsonCodec[V]) Name() string { return "json" }

func (c jsonCodec[V]) Encode(v V) ([]byte, error) { return json.Marshal(v, c.encoding) }

func (c jsonCodec[V]) Decode(data []byte) (V, error) {
	v := new(V)
	if c.plan.Decode(data, reflect.ValueOf(v).Elem()) {
		return *v, nil
	}
	v = new(V) // what was begun is not to be seen
	err := json.Unmarshal(data, v, c.decoding)
	return *v, err
}

func (jsonCodec[V]) Valid(data []byte) bool { return jsontext.Value(data).IsValid(checking) }

// decoding is encoding/json's rules but for the text of errors, which costs time also where there is none; checking is
// what of them concerns syntax.
var (
	decoding = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false))
	checking = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
)

// Compressor makes values smaller.
type Compressor interface {
	// Compress returns the smaller form, or ok false to keep the value as it is.
	Compress(data []byte) (small []byte, ok bool)
	// Decompress reverses it; a result larger than limit bytes is an error.
	Decompress(data []byte, limit int) ([]byte, error)
}

type zstdCompressor struct {
	from    int
	encoder *zstd.Encoder
	readers sync.Pool
}

// Zstd compresses values of at least from bytes, where that makes them smaller.
func Zstd(from int) Compressor {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // no option of ours can be wrong
	}
	return &zstdCompressor{from: from, encoder: encoder}
}

func (z *zstdCompressor) Compress(data []byte) ([]byte, bool) {
	if len(data) < z.from {
		return nil, false
	}
	small := z.encoder.EncodeAll(data, make([]byte, 0, len(data)/2))
	return small, len(small) < len(data)
}

// limited is a decoder together with the limit it was made for: caches that share a Compressor differ in theirs.
type limited struct {
	*zstd.Decoder

	limit int
}

func (z *zstdCompressor) Decompress(data []byte, limit int) ([]byte, error) {
	d, ok := z.readers.Get().(*limited)
	if !ok || d.limit != limit {
		made, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit))) //nolint:gosec // positive
		if err != nil {
			return nil, err
		}
		d = &limited{made, limit}
	}
	defer z.readers.Put(d)
	return d.DecodeAll(data, nil)
}

// Keys encrypts values with AES-256-GCM. The name of the entry's key in Redis is associated data: a value cannot be moved
// to another key.
type Keys struct {
	current string
	aeads   map[string]cipher.AEAD
}

// NewKeys makes Keys from 32-byte keys by their ids. New values are encrypted under current; values under any of the
// others can still be read, so that keys can be rotated.
func NewKeys(current string, keys map[string][]byte) (*Keys, error) {
	k := &Keys{current: current, aeads: make(map[string]cipher.AEAD)}
	var faults []error
	for id, key := range keys {
		if len(key) != 32 {
			faults = append(faults, fmt.Errorf("%w: cache: key %q has %d bytes, expected 32", redbrick.ErrConfig, id, len(key)))
			continue
		}
		block, err := aes.NewCipher(key)
		if err == nil {
			k.aeads[id], err = cipher.NewGCM(block)
		}
		faults = append(faults, err)
	}
	if _, ok := keys[current]; !ok {
		faults = append(faults, fmt.Errorf("%w: cache: current key %q is not among the keys", redbrick.ErrConfig, current))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return k, nil
}

// null is what "not found" is in Redis.
var null = []byte("null")

// envelope turns a value into what lies in Redis and back.
type envelope[V any] struct {
	codec    Codec[V]
	compress Compressor
	keys     *Keys
	version  uint64
	max      int
}

// encode gives the bytes of a value as its readers see them.
func (e *envelope[V]) encode(v V) ([]byte, error) {
	raw, err := e.codec.Encode(v)
	if err != nil {
		return nil, fmt.Errorf("cache: encoding: %w", err)
	}
	return raw, nil
}

// isNull reports whether raw says "not found".
func (e *envelope[V]) isNull(raw []byte) bool {
	return e.codec.Name() == "json" && bytes.Equal(bytes.TrimSpace(raw), null)
}

// seal gives what lies in Redis: raw itself, unless something has to be written beside it.
func (e *envelope[V]) seal(key string, raw []byte, seq uint64, tags []string) ([]byte, error) {
	if len(raw) > e.max {
		return nil, fmt.Errorf("%w: %d bytes, expected at most %d", ErrTooLarge, len(raw), e.max)
	}
	if len(tags) > store.MaxTags {
		return nil, fmt.Errorf("%w: %d tags, expected at most %d", ErrTooLarge, len(tags), store.MaxTags)
	}
	f := store.Frame{Version: e.version, Body: raw, Tags: tags}
	if len(tags) > 0 {
		f.Seq = seq
	}
	if name := e.codec.Name(); name != "json" {
		f.Codec = name
	}
	if e.compress != nil {
		if small, ok := e.compress.Compress(raw); ok {
			f.Body, f.Compressed = small, true
		}
	}
	if e.keys != nil {
		f.Encrypted, f.KeyID = true, e.keys.current
		aead := e.keys.aeads[f.KeyID]
		f.Nonce = make([]byte, aead.NonceSize())
		if _, err := rand.Read(f.Nonce); err != nil {
			return nil, fmt.Errorf("cache: nonce: %w", err)
		}
		f.Body = aead.Seal(nil, f.Nonce, f.Body, associated(key, f))
	}
	return f.Append(nil), nil
}

func associated(key string, f store.Frame) []byte {
	return append([]byte(key+"\x00"), f.Header()...)
}

var errForeign = errors.New("cache: not a value of this cache")

// open reverses seal. An error means a value of somebody else: a miss.
func (e *envelope[V]) open(key string, stored []byte) (f store.Frame, err error) {
	f, err = store.Parse(stored)
	if err != nil {
		return f, err
	}
	name := f.Codec
	if name == "" {
		name = "json"
	}
	switch {
	case f.Plain() && bytes.Equal(bytes.TrimSpace(f.Body), null): // whoever wrote it
		f.Body = null
		return f, nil
	case f.Version != e.version, name != e.codec.Name(), f.Encrypted != (e.keys != nil), f.Compressed && e.compress == nil:
		return f, errForeign
	}
	if f.Encrypted {
		aead, ok := e.keys.aeads[f.KeyID]
		if !ok || len(f.Nonce) != aead.NonceSize() {
			return f, errForeign
		}
		ad := associated(key, f)
		if f.Body, err = aead.Open(nil, f.Nonce, f.Body, ad); err != nil {
			return f, err
		}
	}
	if f.Compressed {
		f.Body, err = e.compress.Decompress(f.Body, max(e.max, 1))
	}
	return f, err
}
