package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// ticket is a refresh token in parts.
type ticket struct {
	route      string
	family     [16]byte
	generation uint32
	secret     [32]byte
	tag        [16]byte
}

const (
	ticketBytes   = 16 + 4 + 32 + 16
	ticketLetters = (ticketBytes*8 + 4) / 5
	refreshLen    = routeLen + ticketLetters
)

// refreshKey are the keys that come from one secret of the server.
type refreshKey struct {
	id  string
	tag []byte // says that a token is ours
	mix []byte // makes the next secret
}

func newRefreshKey(secret []byte) refreshKey {
	return refreshKey{
		id:  base.EncodeToString(derive(secret, "refresh/id", 5)),
		tag: derive(secret, "refresh/tag", 32),
		mix: derive(secret, "refresh/next", 32),
	}
}

// first begins a family.
func (k refreshKey) first(route string) ticket {
	t := ticket{route: route}
	_, _ = rand.Read(t.family[:]) // it never fails
	_, _ = rand.Read(t.secret[:])
	t.tag = k.sign(t)
	return t
}

// next is the successor: the same whoever computes it, and nobody can without this key and the token before. That is why a
// successor can be given out twice though nothing stores it.
func (k refreshKey) next(t ticket) ticket {
	n := ticket{route: t.route, family: t.family, generation: t.generation + 1}
	h := hmac.New(sha256.New, k.mix)
	_, _ = h.Write([]byte(t.route))
	_, _ = h.Write(t.family[:])
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, n.generation))
	_, _ = h.Write(t.secret[:])
	h.Sum(n.secret[:0])
	n.tag = k.sign(n)
	return n
}

func (k refreshKey) sign(t ticket) (tag [16]byte) {
	h := hmac.New(sha256.New, k.tag)
	_, _ = h.Write([]byte(t.route))
	_, _ = h.Write(t.bytes()[:ticketBytes-len(tag)])
	copy(tag[:], h.Sum(nil))
	return tag
}

func (k refreshKey) signed(t ticket) bool {
	tag := k.sign(t)
	return hmac.Equal(tag[:], t.tag[:])
}

func (t ticket) bytes() []byte {
	b := make([]byte, 0, ticketBytes)
	b = append(b, t.family[:]...)
	b = binary.BigEndian.AppendUint32(b, t.generation)
	b = append(b, t.secret[:]...)
	return append(b, t.tag[:]...)
}

func (t ticket) text(prefix string) string {
	return seal(prefix, t.route+base.EncodeToString(t.bytes()))
}

func (t ticket) familyID() string { return base.EncodeToString(t.family[:]) }

// hash is what Redis knows of the secret.
func (t ticket) hash() string {
	return digest("refresh", t.familyID(), string(t.secret[:]))
}

// parseTicket reads a token's text, which one spelling alone stands for.
func parseTicket(prefix, token string) (ticket, bool) {
	body, ok := open(prefix, token, refreshLen)
	if !ok {
		return ticket{}, false
	}
	b, err := base.DecodeString(body[routeLen:])
	if err != nil || len(b) != ticketBytes || base.EncodeToString(b) != body[routeLen:] {
		return ticket{}, false
	}
	t := ticket{route: body[:routeLen]}
	b = b[copy(t.family[:], b):]
	t.generation = binary.BigEndian.Uint32(b)
	b = b[4:]
	b = b[copy(t.secret[:], b):]
	copy(t.tag[:], b)
	return t, t.generation < math.MaxUint32
}
