package keyspace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// MaxID is the longest escaped id in bytes that is kept as it is; a longer one is shortened to its first IDHead bytes,
// a tilde and its SHA-256.
const (
	MaxID  = 512
	IDHead = 64
)

// ValidName reports whether s may be a namespace, a prefix or a brick's name: letters, digits and `_ : . -`. The empty
// string is valid for a namespace or prefix; callers that need one check for it.
func ValidName(s string) error {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == ':', c == '.', c == '-':
		default:
			return fmt.Errorf("name %q has %q at byte %d, expected only letters, digits and _ : . -", s, c, i)
		}
	}
	return nil
}

// EscapeID makes an id fit to stand behind a prefix in a key. Braces would give the key a hash tag of its own, so
// `{` becomes %7B and `}` %7D; a percent sign before 7B, 7D or 25 becomes %25, which keeps the mapping reversible. Ids
// longer than MaxID bytes are shortened by a hash; so are those that look like a shortened one, or somebody could give
// himself the key of another's long id.
func EscapeID(id string) string {
	if len(id) <= MaxID && !strings.ContainsAny(id, "{}%") && !shortened(id) {
		return id
	}
	var b strings.Builder
	b.Grow(len(id) + 8)
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c == '{':
			b.WriteString("%7B")
		case c == '}':
			b.WriteString("%7D")
		case c == '%' && escapeFollows(id[i+1:]):
			b.WriteString("%25")
		default:
			b.WriteByte(c)
		}
	}
	s := b.String()
	if len(s) <= MaxID && !shortened(s) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return s[:IDHead] + "~" + hex.EncodeToString(sum[:])
}

// shortened reports whether s looks as if EscapeID had shortened it.
func shortened(s string) bool {
	return len(s) == IDHead+1+2*sha256.Size && s[IDHead] == '~' && strings.Trim(s[IDHead+1:], "0123456789abcdef") == ""
}

func escapeFollows(s string) bool {
	return strings.HasPrefix(s, "7B") || strings.HasPrefix(s, "7D") || strings.HasPrefix(s, "25")
}

// UnescapeID is the inverse of EscapeID for ids that were not shortened.
func UnescapeID(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%7B", "{", "%7D", "}", "%25", "%").Replace(s)
}

// EscapeGlob makes s match literally as a part of a SCAN pattern.
func EscapeGlob(s string) string {
	if !strings.ContainsAny(s, `*?[]\^`) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`*?[]\^`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Slot returns the Redis Cluster slot of a key: CRC16 (XMODEM) of the hash tag, or of the whole key, modulo 16384.
func Slot(key string) uint16 {
	if i := strings.IndexByte(key, '{'); i >= 0 {
		if j := strings.IndexByte(key[i+1:], '}'); j > 0 {
			key = key[i+1 : i+1+j]
		}
	}
	var crc uint16
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc & 16383
}

// Shape is one kind of key that a brick owns. The namespace is not part of Pattern.
type Shape struct {
	// Owner is the brick and the name it was constructed with, e.g. "cache recipe".
	Owner string
	// Pattern is the key with placeholders in angle brackets, e.g. "recipe:<id>".
	Pattern string
	// Type is the Redis type: string, hash, list, set, zset, stream.
	Type string
	// TTL says in words how long the key lives.
	TTL string
	// Slot says what decides the slot: "key", or the hash tag.
	Slot string
	// Foreign says what programs other than the toolkit may do: "", "read", or "read, write".
	Foreign string
	// Purpose is half a line on what the key is for.
	Purpose string
}
