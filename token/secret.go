package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// strong is the length in bytes from which a secret is taken to be one.
const strong = 32

// derive makes a key of a secret, for one use (HKDF-SHA256, RFC 5869).
func derive(secret []byte, use string, n int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "redbrick/token/"+use, n)
	if err != nil {
		panic(fmt.Sprintf("token: deriving a key of %d bytes: %v", n, err)) // too long a key: a fault of this package
	}
	return key
}

// weakSecrets lists what is wrong with a list of secrets. It shows none of them.
func weakSecrets(field string, secrets [][]byte, allowed bool) []error {
	var faults []error
	if len(secrets) == 0 {
		faults = append(faults, badOption(field, "", "at least one secret"))
	}
	for i, s := range secrets {
		if len(s) < strong && !allowed || len(s) == 0 {
			faults = append(faults, badOption(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%d bytes", len(s)), fmt.Sprintf("at least %d", strong)))
		}
	}
	return faults
}
