package password

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// params are argon2id's.
type params struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// phc is a hash taken apart. Its text is the PHC string format
// (github.com/P-H-C/phc-string-format).
type phc struct {
	params

	salt, hash []byte
}

// Bounds of what is read: RFC 9106 wants 8 bytes of salt and 4 of hash at least;
// nothing of ours was ever that short.
const (
	leastSalt, mostSalt = 8, 64
	leastHash, mostHash = 16, 64
	mostText            = 512
)

var b64 = base64.RawStdEncoding.Strict()

// String is the PHC string.
func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parse reads a PHC string in the one spelling that String writes. The error
// shows nothing of it.
func parse(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	// encoding/base64 passes over line ends, which would be a second spelling.
	if len(s) > mostText || strings.ContainsAny(s, "\r\n") || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return phc{}, fmt.Errorf("%w: expected $argon2id$v=19$m=..,t=..,p=..$salt$hash", ErrHash)
	}
	if parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, fmt.Errorf("%w: expected version %d", ErrHash, argon2.Version)
	}
	numbers := strings.Split(parts[3], ",")
	if len(numbers) != 3 {
		return phc{}, fmt.Errorf("%w: expected the parameters m, t and p", ErrHash)
	}
	var values [3]uint32
	for i, bound := range []struct {
		name        string
		least, most uint64
	}{{"m=", 8, mostMemory}, {"t=", 1, mostPasses}, {"p=", 1, mostLanes}} {
		text, ok := strings.CutPrefix(numbers[i], bound.name)
		n, err := strconv.ParseUint(text, 10, 32)
		if !ok || err != nil || n < bound.least || n > bound.most || strconv.FormatUint(n, 10) != text {
			return phc{}, fmt.Errorf("%w: expected %sa number from %d to %d", ErrHash, bound.name, bound.least, bound.most)
		}
		values[i] = uint32(n)
	}
	p.params = params{values[0], values[1], uint8(values[2])} //nolint:gosec // at most mostLanes
	if p.memory < 8*uint32(p.lanes) {
		return phc{}, fmt.Errorf("%w: expected 8 KiB of memory a lane", ErrHash)
	}
	var err error
	if p.salt, err = b64.DecodeString(parts[4]); err != nil || len(p.salt) < leastSalt || len(p.salt) > mostSalt {
		return phc{}, fmt.Errorf("%w: expected a salt of %d to %d bytes", ErrHash, leastSalt, mostSalt)
	}
	if p.hash, err = b64.DecodeString(parts[5]); err != nil || len(p.hash) < leastHash || len(p.hash) > mostHash {
		return phc{}, fmt.Errorf("%w: expected a hash of %d to %d bytes", ErrHash, leastHash, mostHash)
	}
	return p, nil
}
