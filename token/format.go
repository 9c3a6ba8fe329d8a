package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/redbrick-go/redbrick/internal/route"
)

// base is how bytes become letters: a double click takes all of a token.
var base = route.Base32

const (
	routeLen  = route.Len
	secretLen = 52 // 256 bits
	checkLen  = 7  // 32 bits
)

// randomText gives n random bytes as text.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return base.EncodeToString(b)
}

// routeOf is the slot tag of a subject's keys, the same as that of a user's sessions; random without a subject.
func routeOf(namespace, subject string) string {
	if subject == "" {
		return route.Random()
	}
	return route.Of(namespace, subject)
}

// seal makes a token of its body.
func seal(prefix, body string) string {
	text := prefix + "_" + body
	return text + checksum(text)
}

// open gives the body of a token. What is not of the prefix and length, or has a wrong checksum, costs nothing else.
func open(prefix, token string, bodyLen int) (body string, ok bool) {
	if len(token) != len(prefix)+1+bodyLen+checkLen {
		return "", false
	}
	text := token[:len(token)-checkLen]
	body, ok = strings.CutPrefix(text, prefix+"_")
	if !ok || token[len(text):] != checksum(text) || !route.IsBase32(body) {
		return "", false
	}
	return body, true
}

func checksum(text string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(text)))
	return base.EncodeToString(sum[:])
}

// digest is what Redis knows of a token: each kind and purpose has its own, so that a token of one is nothing to another.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return base.EncodeToString(h.Sum(nil))
}

// validPrefix reports whether tokens may begin with s: lower-case letters, digits and `_` between them.
func validPrefix(s string) bool {
	if len(s) < 2 || len(s) > 24 || s[0] == '_' || s[len(s)-1] == '_' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
