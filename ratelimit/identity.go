package ratelimit

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// maxPlain is the longest id in bytes that stands in a key as it is.
const maxPlain = 64

// tagOf is the hash tag of an id's keys: the id itself if it is short and plain, else a tilde and 192 bits of its SHA-256.
// A plain id does not begin with a tilde, so nobody can choose the tag of another's long one.
func tagOf(id string) string {
	if plain(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	const kept = 24
	return "~" + base64.RawURLEncoding.EncodeToString(sum[:kept])
}

func plain(id string) bool {
	if len(id) > maxPlain || id[0] == '~' {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7f || c == '{' || c == '}' {
			return false
		}
	}
	return true
}

// keyring makes the keys of a limiter.
type keyring struct {
	namespace string
	shared    string // prefix of the counter that a policy shares, "" for none
}

// tag is what stands in braces: with a shared counter, which has no braces, its whole key, so that all are in one slot.
func (k keyring) tag(id string) string {
	if k.shared != "" {
		return k.counter(id)
	}
	return tagOf(id)
}

func (k keyring) counter(id string) string { return k.namespace + k.shared + keyspace.EscapeID(id) }

func (k keyring) key(tag string, p *Policy) string {
	if p.Shared {
		return tag
	}
	return k.namespace + "rl:{" + tag + "}:" + p.Name
}

// pattern is key for the registry.
func (k keyring) pattern(p *Policy) string {
	switch {
	case p.Shared:
		return k.shared + "<id>"
	case k.shared != "":
		return "rl:{<namespace>" + k.shared + "<id>}:" + p.Name
	}
	return "rl:{<id>}:" + p.Name
}
