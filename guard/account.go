package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Normalize is what LoginOptions.Normalize is by default: the spellings of an account's name that people and programs take for
// one become one. Case is folded, white space, control and format characters (zero width, direction) go, and the full-width
// forms of ASCII become ASCII. It is not NFKC: where an account can be found under other compatibility forms, give a Normalize
// that does what that lookup does. Two accounts that become one share a counter, which is harmless; one that stays two has twice
// the attempts.
func Normalize(account string) string {
	var b strings.Builder
	for _, r := range account {
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFEE0
		}
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) {
			continue
		}
		b.WriteRune(fold(r))
	}
	return b.String()
}

// fold gives the least of the runes that differ from r in case alone.
func fold(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return unicode.ToLower(least)
}

// hash names an account in keys: of bounded length, and not to be read off a list of keys.
func hash(account string) string {
	sum := sha256.Sum256([]byte("redbrick guard account\x00" + account))
	return hex.EncodeToString(sum[:16])
}
