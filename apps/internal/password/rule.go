package password

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a new password. The upper one is for the machine: a megabyte of
// password would be hashed before anything else.
const (
	MinLength = 8   // characters
	MaxLength = 256 // bytes
)

// Weakness says what is wrong with a new password, "" if nothing is: its length,
// or that it is among the first that are tried: a common one, or one of the words that
// everybody knows of its owner, such as name and address. There is no rule about kinds of characters (NIST SP 800-63B,
// OWASP ASVS 5.0 6.2), and the password is taken as it is, never trimmed or cut.
func Weakness(password string, known ...string) string {
	if n := utf8.RuneCountInString(password); n < MinLength {
		return fmt.Sprintf("%d characters, expected at least %d", n, MinLength)
	}
	if len(password) > MaxLength {
		return fmt.Sprintf("%d bytes, expected at most %d", len(password), MaxLength)
	}
	folded := strings.ToLower(password)
	first, _ := utf8.DecodeRuneInString(folded)
	if strings.Trim(folded, string(first)) == "" || slices.Contains(strings.Fields(common), folded) {
		return "among the first that anybody tries, expected one that is hard to guess"
	}
	for _, word := range known {
		word = strings.ToLower(word)
		local, _, _ := strings.Cut(word, "@")
		if folded == word || folded == local {
			return "is the account's name or address, expected one that is hard to guess"
		}
	}
	return ""
}

// common are long enough passwords that every list of leaked ones begins with.
const common = `password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa55word 12345678 123456789 1234567890
	12341234 11223344 87654321 987654321 0987654321 123123123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwertyuiop qwerty123 qwerty1234 qwerty12
	qwer1234 asdfghjk asdfghjkl asdf1234 zxcvbnm1 abcd1234 abc12345 abcdefgh iloveyou iloveyou1 sunshine princess football baseball basketball
	superman batman123 starwars trustno1 letmein1 welcome1 welcome123 admin123 administrator changeme changeme1 computer internet michelle
	jennifer dragon123 monkey123 shadow123 master123 liverpool chocolate whatever q1w2e3r4 zaq12wsx 1234qwer a1b2c3d4 aa123456 secret123`
