package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrFrame is returned for bytes that begin as a frame and are none.
var ErrFrame = errors.New("store: no valid frame")

// MaxTags is how many tags one entry can bear.
const MaxTags = 128

// The bytes a frame begins with, and the flags that stand after the version.
const (
	magic        = "\xffRB"
	frameVersion = 1

	flagTags       = 1 << 0
	flagCompressed = 1 << 1
	flagEncrypted  = 1 << 2
	flagVersion    = 1 << 3
	flagCodec      = 1 << 4
	flagsKnown     = flagTags | flagCompressed | flagEncrypted | flagVersion | flagCodec
)

// Frame is a value together with what a reader must know of it. The zero Frame is an empty plain value.
//
// Its bytes: 0xFF 'R' 'B', version 1, a byte of flags, then the fields that the flags name, in this order, then the body.
// Codec: length, name. Version: number. Encrypted: length, key id, length, nonce. Tags: Seq, count, and length and name
// of each. Numbers and lengths are uvarints of encoding/binary. Every frame has exactly one form, so that the header
// can be authenticated: no uvarint longer than needed, no flag of an empty field.
type Frame struct {
	// Codec is the name of the encoding of the body, "" for the default.
	Codec string
	// Version is the value version of the cache, 0 for none.
	Version uint64
	// Compressed and Encrypted say what was done with the body, in this order.
	Compressed, Encrypted bool
	// KeyID names the key, and Nonce is what it was used with. Both are written only if Encrypted is set.
	KeyID string
	Nonce []byte
	// Seq is the clock of the tags as it stood before the load began. It is written only where there are Tags.
	Seq uint64
	// Tags are the tags of the entry, at most MaxTags.
	Tags []string
	// Body is the encoded value.
	Body []byte
}

// Plain reports whether the body alone says everything, so that no frame is written around it.
func (f Frame) Plain() bool {
	return f.flags() == 0 && !strings.HasPrefix(string(f.Body[:min(len(f.Body), len(magic))]), magic)
}

func (f Frame) flags() byte {
	var flags byte
	for _, field := range []struct {
		is   bool
		flag byte
	}{
		{len(f.Tags) > 0, flagTags},
		{f.Compressed, flagCompressed},
		{f.Encrypted, flagEncrypted},
		{f.Version != 0, flagVersion},
		{f.Codec != "", flagCodec},
	} {
		if field.is {
			flags |= field.flag
		}
	}
	return flags
}

// Header returns the bytes that stand before the body; none if the frame is plain. With the name of the key they are the
// associated data of an encrypted body, which is why they do not depend on it.
func (f Frame) Header() []byte { return f.appendHeader(nil) }

// Append adds the frame to dst: the body alone if it is plain. More than MaxTags tags make a frame that Parse refuses.
func (f Frame) Append(dst []byte) []byte { return append(f.appendHeader(dst), f.Body...) }

func (f Frame) appendHeader(dst []byte) []byte {
	if f.Plain() {
		return dst
	}
	flags := f.flags()
	dst = append(append(dst, magic...), frameVersion, flags)
	if flags&flagCodec != 0 {
		dst = appendText(dst, f.Codec)
	}
	if flags&flagVersion != 0 {
		dst = binary.AppendUvarint(dst, f.Version)
	}
	if flags&flagEncrypted != 0 {
		dst = appendText(appendText(dst, f.KeyID), f.Nonce)
	}
	if flags&flagTags != 0 {
		dst = binary.AppendUvarint(dst, f.Seq)
		dst = binary.AppendUvarint(dst, uint64(len(f.Tags)))
		for _, t := range f.Tags {
			dst = appendText(dst, t)
		}
	}
	return dst
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Parse reads what Append wrote. Bytes that do not begin as a frame are a plain one. Body and Nonce point into b. An error
// wraps ErrFrame and says what is wrong where; nothing of the frame is to be used then.
func Parse(b []byte) (Frame, error) {
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return Frame{Body: b}, nil
	}
	if len(b) < len(magic)+2 {
		return Frame{}, fmt.Errorf("%w: ends after %d bytes, expected version and flags", ErrFrame, len(b))
	}
	version, flags := b[len(magic)], b[len(magic)+1]
	if version != frameVersion {
		return Frame{}, fmt.Errorf("%w: version %d, expected %d", ErrFrame, version, frameVersion)
	}
	if flags&^flagsKnown != 0 {
		return Frame{}, fmt.Errorf("%w: flags %#x, expected none but %#x", ErrFrame, flags, flagsKnown)
	}
	f := Frame{Compressed: flags&flagCompressed != 0, Encrypted: flags&flagEncrypted != 0}
	r := frameReader{rest: b[len(magic)+2:]}
	if flags&flagCodec != 0 {
		f.Codec = string(r.text("codec"))
	}
	if flags&flagVersion != 0 {
		f.Version = r.number("value version")
	}
	if f.Encrypted {
		f.KeyID = string(r.text("key id"))
		f.Nonce = r.text("nonce")
	}
	if flags&flagTags != 0 {
		f.Seq = r.number("clock")
		f.Tags = r.tags()
	}
	f.Body = r.rest
	switch {
	case r.err != nil:
		return Frame{}, r.err
	case f.flags() != flags || f.Plain():
		return Frame{}, fmt.Errorf("%w: flags %#x name an empty field or nothing, expected the shorter form", ErrFrame, flags)
	}
	return f, nil
}

// frameReader takes fields off the front of rest, up to the first error.
type frameReader struct {
	rest []byte
	err  error
}

func (r *frameReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrFrame, fmt.Sprintf(format, args...))
	}
	r.rest = nil
}

func (r *frameReader) number(field string) uint64 {
	n, size := binary.Uvarint(r.rest)
	// A last byte of zero adds nothing to a number of several bytes.
	if size <= 0 || size > 1 && r.rest[size-1] == 0 {
		r.fail("%s is no number in its shortest form", field)
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *frameReader) text(field string) []byte {
	n := r.number(field)
	if n > uint64(len(r.rest)) {
		r.fail("%s has %d bytes, expected at most the %d that are left", field, n, len(r.rest))
		return nil
	}
	s := r.rest[:n:n]
	r.rest = r.rest[n:]
	return s
}

func (r *frameReader) tags() []string {
	n := r.number("count of tags")
	// Every tag has a byte of length at least.
	if n > MaxTags || n > uint64(len(r.rest)) {
		r.fail("%d tags in %d bytes, expected at most %d", n, len(r.rest), MaxTags)
		return nil
	}
	tags := make([]string, n)
	for i := range tags {
		tags[i] = string(r.text("tag"))
	}
	return tags
}
