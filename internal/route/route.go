// Package route makes the hash tags under which all that belongs to a user lies in one slot of a Redis Cluster: his sessions and
// his tokens, each found from his id alone. A tag is 13 letters, no matter what the id is, so nothing that a user chooses
// gets into a key.
package route

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
)

// Len is the length of a tag: 64 bits.
const Len = 13

const bytes = 8

// Base32 is lower-case base32 without padding: no letter that a key, a cookie, a mail or a URL would change.
var Base32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Of is the tag of a user, or of another subject of the namespace's.
func Of(namespace, subject string) string {
	sum := sha256.Sum256([]byte(namespace + "\x00" + subject))
	return Base32.EncodeToString(sum[:bytes])
}

// Random is a tag for what belongs to nobody.
func Random() string {
	var b [bytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	return Base32.EncodeToString(b[:])
}

// Valid reports whether s has the form of a tag.
func Valid(s string) bool { return len(s) == Len && IsBase32(s) }

// IsBase32 reports whether s has letters of Base32 alone.
func IsBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
