package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/internal/route"
)

// The parts of a cookie: <route>.<public id>.<secret>.
const (
	publicBytes = 10
	secretBytes = 32

	routeSize  = route.Len
	publicSize = 16
	secretSize = 43
	cookieSize = routeSize + 1 + publicSize + 1 + secretSize
)

// base32Lower is how bytes become letters of keys and cookies.
var base32Lower = route.Base32

// id names one session. The secret is what the browser holds, the hash what Redis does.
type id struct {
	route, public string
	hash          string // SHA-256 of the secret, base64url
}

// parseCookie reads a cookie's value. Nothing is looked up for what has not the form of an id.
func parseCookie(value string) (id, bool) {
	if len(value) != cookieSize || value[routeSize] != '.' || value[routeSize+1+publicSize] != '.' {
		return id{}, false
	}
	route, public, secret := value[:routeSize], value[routeSize+1:routeSize+1+publicSize], value[cookieSize-secretSize:]
	if !validRoute(route) || !validPublic(public) || !isBase64(secret) {
		return id{}, false
	}
	return id{route, public, hashOf(secret)}, true
}

func validRoute(s string) bool  { return route.Valid(s) }
func validPublic(s string) bool { return len(s) == publicSize && route.IsBase32(s) }

// base64Chars has the characters of base64url. A table, because no branch foretells random text.
var base64Chars = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		is[c] = true
	}
	return is
}()

func isBase64(s string) bool {
	all := true
	for i := range len(s) {
		all = all && base64Chars[s[i]]
	}
	return all
}

func hashOf(secret string) string {
	var text [secretSize]byte // a secret has as many characters as its hash
	sum := sha256.Sum256(append(text[:0], secret...))
	base64.RawURLEncoding.Encode(text[:], sum[:])
	return string(text[:])
}

// newID makes an id on a route, and the cookie's value that holds it.
func newID(route string) (id, string) {
	return withSecret(route, base32Lower.EncodeToString(random(publicBytes)))
}

// withSecret gives a session a new secret.
func withSecret(route, public string) (id, string) {
	secret := base64.RawURLEncoding.EncodeToString(random(secretBytes))
	return id{route, public, hashOf(secret)}, route + "." + public + "." + secret
}

// routeOf is where all sessions of a user are.
func routeOf(namespace, userID string) string {
	return route.Of(namespace, userID)
}

func randomRoute() string { return route.Random() }

// random bytes of the system. crypto/rand ends the program where there are none.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// keys are those of one session.
type keys struct{ session, index string }

func (m *Manager) keysOf(route, public string) keys {
	// One text for both: they are made for every request.
	all := m.ns + "s:{" + route + "}:" + public + m.ns + "si:{" + route + "}"
	first := len(m.ns) + len("s:{}:") + len(route) + len(public)
	return keys{all[:first], all[first:]}
}

func (k keys) all() []string { return []string{k.session, k.index} }

// routeIn finds the route in the key of a list.
func routeIn(key string) (string, bool) {
	_, rest, ok := strings.Cut(key, "{")
	return strings.TrimSuffix(rest, "}"), ok
}

// maxUserID bounds what is hashed, stored and compared.
const maxUserID = 512

func checkUser(userID string) error {
	if userID == "" || len(userID) > maxUserID {
		return invalid("user id", shown(userID), fmt.Sprintf("1 to %d bytes", maxUserID))
	}
	return nil
}

// shown cuts text where it gets long.
func shown(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
