package token

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/redbrick-go/redbrick"
)

// The algorithms of access tokens (RFC 7518, RFC 8037). There are no others, and a token has no say in which it is.
const (
	algHS256 = "HS256"
	algEdDSA = "EdDSA"
)

// jwtType is the media type in the header of access tokens (RFC 9068), so that no other JWT of the same key is taken for one.
const jwtType = "at+jwt"

// AccessKey signs and checks access tokens, or checks them alone. Make one with HS256Key, EdDSAKey, EdDSAPublicKey or
// AccessKeysFromSecret; the zero value is refused.
type AccessKey struct{ k *accessKey }

type accessKey struct {
	id      string
	alg     string
	header  string // encoded
	weak    bool
	private ed25519.PrivateKey // nil where the key only checks
	public  ed25519.PublicKey
	macs    *sync.Pool // of *mac
}

// mac is a state of HMAC-SHA256 for one key, kept for the next token.
type mac struct {
	hash hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

// ID is what tokens name the key by (kid).
func (k AccessKey) ID() string {
	if k.k == nil {
		return ""
	}
	return k.k.id
}

// AccessKeysFromSecret makes a key for HS256 of each secret, as of the list in SESSION_SECRET, by HKDF-SHA256 (RFC 5869): who has a key does
// not have the secret. The id of a key comes from the secret too, so that all processes name it alike. A secret below 32 bytes
// gives a key that NewAccess takes with AllowInsecure alone.
func AccessKeysFromSecret(secrets ...[]byte) ([]AccessKey, error) {
	if err := errors.Join(weakSecrets("secret", secrets, true)...); err != nil {
		return nil, err
	}
	keys := make([]AccessKey, len(secrets))
	for i, s := range secrets {
		k, err := HS256Key(base.EncodeToString(derive(s, "access/id", 5)), derive(s, "access/hs256", sha256.Size))
		if err != nil {
			return nil, err
		}
		k.k.weak = len(s) < strong
		keys[i] = k
	}
	return keys, nil
}

// HS256Key is a shared key: who checks can also sign. One below 32 bytes (RFC 7518 section 3.2) is taken with AllowInsecure alone.
func HS256Key(id string, secret []byte) (AccessKey, error) {
	if len(secret) == 0 {
		return AccessKey{}, badOption("secret", "", "at least 32 bytes")
	}
	secret = append([]byte(nil), secret...)
	k := &accessKey{id: id, alg: algHS256, weak: len(secret) < strong}
	k.macs = &sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, secret)} }}
	return k.finish()
}

// EdDSAKey is an Ed25519 key that signs and checks.
func EdDSAKey(id string, key ed25519.PrivateKey) (AccessKey, error) {
	if len(key) != ed25519.PrivateKeySize {
		return AccessKey{}, badOption("key", fmt.Sprintf("%d bytes", len(key)), fmt.Sprintf("%d", ed25519.PrivateKeySize))
	}
	key = append(ed25519.PrivateKey(nil), key...)
	public, _ := key.Public().(ed25519.PublicKey)
	return (&accessKey{id: id, alg: algEdDSA, private: key, public: public}).finish()
}

// EdDSAPublicKey is an Ed25519 key that checks what others sign.
func EdDSAPublicKey(id string, key ed25519.PublicKey) (AccessKey, error) {
	if len(key) != ed25519.PublicKeySize {
		return AccessKey{}, badOption("key", fmt.Sprintf("%d bytes", len(key)), fmt.Sprintf("%d", ed25519.PublicKeySize))
	}
	return (&accessKey{id: id, alg: algEdDSA, public: append(ed25519.PublicKey(nil), key...)}).finish()
}

func (k *accessKey) finish() (AccessKey, error) {
	if k.id == "" || len(k.id) > 128 {
		return AccessKey{}, badOption("id", k.id, "1 to 128 bytes")
	}
	header, err := json.Marshal(jwtHeader{Algorithm: k.alg, Type: jwtType, KeyID: k.id})
	if err != nil {
		return AccessKey{}, fmt.Errorf("%w: id of a key: %w", redbrick.ErrConfig, err)
	}
	k.header = base64.RawURLEncoding.EncodeToString(header)
	return AccessKey{k}, nil
}

func (k *accessKey) signs() bool { return k.macs != nil || k.private != nil }

// sign appends the encoded signature of the text to it.
func (k *accessKey) sign(text []byte) []byte {
	if k.private != nil {
		return base64.RawURLEncoding.AppendEncode(append(text, '.'), ed25519.Sign(k.private, text))
	}
	m, _ := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.hash.Reset()
	_, _ = m.hash.Write(text)
	return base64.RawURLEncoding.AppendEncode(append(text, '.'), m.hash.Sum(m.sum[:0]))
}

// signed reports whether the encoded signature is that of the text.
func (k *accessKey) signed(text, signature string) bool {
	if k.public != nil {
		var sig [ed25519.SignatureSize]byte
		return decodeExactly(sig[:], signature) && ed25519.Verify(k.public, []byte(text), sig[:])
	}
	var sig [sha256.Size]byte
	if !decodeExactly(sig[:], signature) {
		return false
	}
	m, _ := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.hash.Reset()
	m.text = append(m.text[:0], text...)
	_, _ = m.hash.Write(m.text)
	return hmac.Equal(sig[:], m.hash.Sum(m.sum[:0]))
}

// strictBase64 takes one spelling of each value: no padding, no trailing bits.
var strictBase64 = base64.RawURLEncoding.Strict()

// decodeExactly fills to. The decoder skips line ends, so the length is held to first.
func decodeExactly(to []byte, text string) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(len(to)) {
		return false
	}
	n, err := strictBase64.Decode(to, []byte(text))
	return err == nil && n == len(to)
}

// keyring is a list of keys, ready for look-ups.
type keyring struct {
	signer   *accessKey // nil where none signs
	byHeader map[string]*accessKey
	byID     map[string]*accessKey
}

func newKeyring(keys []AccessKey, insecure bool) (*keyring, error) {
	ring := &keyring{byHeader: map[string]*accessKey{}, byID: map[string]*accessKey{}}
	var faults []error
	if len(keys) == 0 {
		faults = append(faults, badOption("AccessOptions.Keys", "", "at least one key"))
	}
	for i, key := range keys {
		field := fmt.Sprintf("AccessOptions.Keys[%d]", i)
		k := key.k
		switch {
		case k == nil:
			faults = append(faults, badOption(field, "", "a key of HS256Key, EdDSAKey, EdDSAPublicKey or AccessKeysFromSecret"))
			continue
		case k.weak && !insecure:
			faults = append(faults, badOption(field, "a short secret", "at least 32 bytes, or AllowInsecure"))
		case ring.byID[k.id] != nil:
			faults = append(faults, badOption(field, k.id, "an id that no other key has"))
		}
		ring.byHeader[k.header], ring.byID[k.id] = k, k
		if i == 0 && k.signs() {
			ring.signer = k
		}
	}
	return ring, errors.Join(faults...)
}

// jwtHeader is the header of an access token.
type jwtHeader struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

// find gives the key that a header names. Ours are known by their text; others are read member by member.
func (r *keyring) find(header string) (*accessKey, error) {
	if k := r.byHeader[header]; k != nil {
		return k, nil
	}
	text, ok := decodeSegment(header)
	if !ok {
		return nil, invalid("its header is no base64url")
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	k := r.byID[h.KeyID]
	switch {
	case k == nil:
		return nil, invalid("a key that is not known")
	case h.Algorithm != k.alg:
		return nil, invalid("an algorithm that is not its key's")
	case h.Type != jwtType && h.Type != "application/"+jwtType:
		return nil, invalid("another type of token")
	}
	return k, nil
}

// decodeSegment decodes a part of a token. The decoder skips line ends.
func decodeSegment(part string) (string, bool) {
	if strings.IndexByte(part, '\n') >= 0 || strings.IndexByte(part, '\r') >= 0 {
		return "", false
	}
	var small [1024]byte // of a token as Issue makes them, without an allocation
	b := small[:]
	if n := strictBase64.DecodedLen(len(part)); n <= len(b) {
		b = b[:n]
	} else {
		b = make([]byte, n)
	}
	n, err := strictBase64.Decode(b, []byte(part))
	return string(b[:n]), err == nil && n == len(b)
}
