package token

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/redbrick-go/redbrick"
)

// AccessOptions are the options of an Access. Keys, Issuer, Audience and Sessions have to be given.
type AccessOptions struct {
	// Keys check tokens; the first signs them. To replace a key put the new one second, then first, then, TTL later, leave the
	// old one out.
	Keys []AccessKey
	// Issuer and Audience are in every token, and have to be in it for it to be good: who made it, and whom it is for.
	Issuer, Audience string
	// TTL is how long a token is good, at most 24 hours. 0 means 15 minutes.
	TTL time.Duration
	// Leeway is by how much clocks may differ: a token is good from Leeway before iat and nbf until Leeway after exp. 0 means 5 s,
	// -1 none, at most one minute; whole seconds, as all times of tokens.
	Leeway time.Duration
	// Sessions knows whether the login of a token lives: *session.Manager.
	Sessions Sessions
	// AllowInsecure says why Sessions may be missing, so that logging out leaves tokens good until they expire, or secrets short.
	AllowInsecure string

	now func() time.Time // of tests
}

// The bounds of AccessOptions.
const (
	maxAccessTTL = 24 * time.Hour
	maxLeeway    = time.Minute
	maxJWT       = 8192 // bytes; a header of HTTP takes no more
)

func (o AccessOptions) withDefaults() (AccessOptions, error) {
	o.TTL, o.Leeway = or(o.TTL, 15*time.Minute), or(o.Leeway, 5*time.Second)
	if o.now == nil {
		o.now = time.Now
	}
	var faults []error
	for _, f := range []struct{ field, value string }{{"Issuer", o.Issuer}, {"Audience", o.Audience}} {
		if f.value == "" {
			faults = append(faults, badOption("AccessOptions."+f.field, f.value, "a name, as of the service"))
		}
	}
	if o.TTL < time.Second || o.TTL > maxAccessTTL {
		faults = append(faults, badOption("AccessOptions.TTL", o.TTL, fmt.Sprintf("1s to %v", maxAccessTTL)))
	}
	if o.Leeway != -1 && (o.Leeway < 0 || o.Leeway > maxLeeway || o.Leeway%time.Second != 0) {
		faults = append(faults, badOption("AccessOptions.Leeway", o.Leeway, fmt.Sprintf("whole seconds up to %v, or -1 for none", maxLeeway)))
	}
	o.Leeway = max(o.Leeway, 0)
	if o.Sessions == nil && o.AllowInsecure == "" {
		faults = append(faults, badOption("AccessOptions.Sessions", "nil", "whoever knows which sessions live, or AllowInsecure"))
	}
	return o, errors.Join(faults...)
}

// Access issues and checks access tokens: JWT (RFC 7519, RFC 9068) signed with HS256 or EdDSA. A check needs no round trip while the
// process knows whether the session lives. It is safe for concurrent use.
type Access struct {
	o    AccessOptions
	keys atomic.Pointer[keyring]
}

// NewAccess makes an Access.
func NewAccess(o AccessOptions) (*Access, error) {
	o, err := o.withDefaults()
	ring, faults := newKeyring(o.Keys, o.AllowInsecure != "")
	if err := errors.Join(err, faults); err != nil {
		return nil, err
	}
	a := &Access{o: o}
	a.keys.Store(ring)
	return a, nil
}

// SetKeys replaces the keys, as AccessOptions.Keys, for all calls from now on.
func (a *Access) SetKeys(keys ...AccessKey) error {
	ring, err := newKeyring(keys, a.o.AllowInsecure != "")
	if err != nil {
		return err
	}
	a.keys.Store(ring)
	return nil
}

// Issue signs a token. The claims need a user, and a session unless the Access has no Sessions.
func (a *Access) Issue(c Claims) (Issued, error) {
	key := a.keys.Load().signer
	if key == nil {
		return Issued{}, badOption("AccessOptions.Keys[0]", "a key that only checks", "one that signs")
	}
	if c.UserID == "" || a.o.Sessions != nil && (c.Route == "" || c.PublicID == "") {
		return Issued{}, fmt.Errorf("%w: Claims.Session is %+v, expected a session of a user", redbrick.ErrConfig, c.Session)
	}
	if !utf8.ValidString(c.UserID) {
		return Issued{}, notText("Claims.UserID", c.UserID)
	}
	now := a.o.now()
	c.ID = randomText(16)
	c.IssuedAt = or(c.IssuedAt, now)
	c.Expires = or(c.Expires, now.Add(a.o.TTL))
	// In whole seconds, as Verify sees it.
	if life := time.Duration(c.Expires.Unix()-c.IssuedAt.Unix()) * time.Second; life <= 0 || life > maxAccessTTL {
		return Issued{}, fmt.Errorf("%w: Claims.Expires is %v after IssuedAt, expected 1s to %v", redbrick.ErrConfig, life, maxAccessTTL)
	}
	payload, err := a.o.encode(c)
	if err != nil {
		return Issued{}, fmt.Errorf("token: claims: %w", err)
	}
	text := make([]byte, 0, len(key.header)+2+2*len(payload)+90)
	text = append(append(text, key.header...), '.')
	text = key.sign(strictBase64.AppendEncode(text, payload))
	if len(text) > maxJWT {
		return Issued{}, fmt.Errorf("%w: an access token of %d bytes, expected at most %d", redbrick.ErrTooLarge, len(text), maxJWT)
	}
	return Issued{Token: string(text), ID: c.ID, Expires: time.Unix(c.Expires.Unix(), 0)}, nil
}

// Verify checks a token: signature, type, issuer, audience, times, and whether its session lives. It fails with ErrInvalid,
// ErrExpired or ErrEnded, and with an error that wraps redbrick.ErrUnavailable where it is not known whether the session
// lives: such a token is not good either.
func (a *Access) Verify(ctx context.Context, token string) (Claims, error) {
	c, err := a.check(token)
	if err != nil || a.o.Sessions == nil {
		return c, err
	}
	if c.Route == "" || c.PublicID == "" {
		return Claims{}, invalid("no session")
	}
	alive, err := a.o.Sessions.Alive(ctx, c.Route, c.PublicID, c.Epoch)
	if err != nil {
		return Claims{}, fmt.Errorf("token: is the session alive: %w", err)
	}
	if !alive {
		return Claims{}, ErrEnded
	}
	return c, nil
}

// check is all that needs no session.
func (a *Access) check(token string) (Claims, error) {
	first := strings.IndexByte(token, '.')
	last := strings.LastIndexByte(token, '.')
	if first < 0 || first == last || len(token) > maxJWT {
		return Claims{}, invalid("no JWT")
	}
	key, err := a.keys.Load().find(token[:first])
	if err != nil {
		return Claims{}, err
	}
	if !key.signed(token[:last], token[last+1:]) {
		return Claims{}, invalid("its signature is not its key's")
	}
	payload, ok := decodeSegment(token[first+1 : last])
	if !ok {
		return Claims{}, invalid("its payload is no base64url")
	}
	c, t, err := a.o.parse(payload)
	if err != nil {
		return Claims{}, err
	}
	now, leeway := a.o.now().Unix(), int64(a.o.Leeway/time.Second)
	switch {
	case t.issued > now+leeway, t.notBefore > now+leeway:
		return Claims{}, invalid("its time has not come")
	case t.expires-t.issued > int64(maxAccessTTL/time.Second), t.expires <= t.issued:
		return Claims{}, invalid("a lifetime that no access token has")
	case now >= t.expires+leeway:
		return Claims{}, ErrExpired
	}
	c.IssuedAt, c.NotBefore, c.Expires, c.AuthTime = at(t.issued), at(t.notBefore), at(t.expires), at(t.auth)
	return c, nil
}

// at is the time of a claim, zero where it was not there.
func at(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
