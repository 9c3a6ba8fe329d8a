package token

import (
	"encoding/json"
	"time"
)

// Claims are what an access token says. On the wire: sub, rt, sid and ep (the session), jti, iat, nbf, exp, auth_time, roles,
// scope; the issuer and the audience are those of the Access.
type Claims struct {
	// Session is the login the token belongs to; UserID is whom it is about.
	Session
	// ID is the token's own, made by Issue.
	ID string
	// IssuedAt, NotBefore and Expires bound when it is good; Issue fills in what is zero: now, no bound, now + TTL. AuthTime is when the
	// user gave his password, zero if not said. All in whole seconds.
	IssuedAt, NotBefore, Expires, AuthTime time.Time
	// Roles and Scope are for the application to give meaning to. Scope has its words apart by spaces (RFC 6749).
	Roles []string
	Scope string
}

// wireClaims is the payload in the order of its members.
type wireClaims struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub"`
	Route     string   `json:"rt,omitempty"`
	PublicID  string   `json:"sid,omitempty"`
	Epoch     int64    `json:"ep,omitempty"`
	ID        string   `json:"jti"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf,omitempty"`
	Expires   int64    `json:"exp"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Scope     string   `json:"scope,omitempty"`
}

func (o AccessOptions) encode(c Claims) ([]byte, error) {
	return json.Marshal(wireClaims{
		Issuer: o.Issuer, Audience: o.Audience, Subject: c.UserID, Route: c.Route, PublicID: c.PublicID, Epoch: c.Epoch,
		ID: c.ID, IssuedAt: seconds(c.IssuedAt), NotBefore: seconds(c.NotBefore), Expires: seconds(c.Expires), AuthTime: seconds(c.AuthTime),
		Roles: c.Roles, Scope: c.Scope,
	})
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// times are the bounds of a token in seconds since 1970.
type times struct{ issued, notBefore, expires, auth int64 }

// The members that are read, as bits: each may be there once.
const (
	hasIss = 1 << iota
	hasAud
	hasSub
	hasRt
	hasSid
	hasEp
	hasJti
	hasIat
	hasNbf
	hasExp
	hasAuth
	hasRoles
	hasScope
	hasAlg
	hasTyp
	hasKid

	needed = hasIss | hasAud | hasSub | hasIat | hasExp
)

// parse reads a payload whose signature is good. It refuses other issuers and audiences.
func (o *AccessOptions) parse(payload string) (c Claims, t times, err error) {
	obj := object{text: payload}
	seen, forUs, ours := 0, false, false
	is := func(bit int) {
		if seen&bit != 0 {
			obj.bad = true
		}
		seen |= bit
	}
	whole := obj.members(func(name string) {
		switch name {
		case "iss":
			is(hasIss)
			ours = obj.string() == o.Issuer
		case "aud":
			is(hasAud)
			if obj.peek() != '[' {
				forUs = obj.string() == o.Audience
				return
			}
			obj.array(func() {
				if obj.string() == o.Audience {
					forUs = true
				}
			})
		case "sub":
			is(hasSub)
			c.UserID = obj.string()
		case "rt":
			is(hasRt)
			c.Route = obj.string()
		case "sid":
			is(hasSid)
			c.PublicID = obj.string()
		case "ep":
			is(hasEp)
			c.Epoch = obj.integer()
		case "jti":
			is(hasJti)
			c.ID = obj.string()
		case "iat":
			is(hasIat)
			t.issued = obj.integer()
		case "nbf":
			is(hasNbf)
			t.notBefore = obj.integer()
		case "exp":
			is(hasExp)
			t.expires = obj.integer()
		case "auth_time":
			is(hasAuth)
			t.auth = obj.integer()
		case "roles":
			is(hasRoles)
			c.Roles = obj.strings()
		case "scope":
			is(hasScope)
			c.Scope = obj.string()
		default:
			obj.skip(0)
		}
	})
	switch {
	case !whole || seen&needed != needed:
		return Claims{}, times{}, invalid("its claims are not those of an access token")
	case !ours:
		return Claims{}, times{}, invalid("another issuer")
	case !forUs:
		return Claims{}, times{}, invalid("another audience")
	case c.UserID == "":
		return Claims{}, times{}, invalid("no subject")
	}
	return c, t, nil
}

// parseHeader reads a header that is not spelled as ours are. What it does not know it ignores, as RFC 7515 says, but for crit,
// which lists what must not be ignored.
func parseHeader(text string) (h jwtHeader, err error) {
	obj := object{text: text}
	seen := 0
	whole := obj.members(func(name string) {
		var bit int
		var into *string
		switch name {
		case "alg":
			bit, into = hasAlg, &h.Algorithm
		case "typ":
			bit, into = hasTyp, &h.Type
		case "kid":
			bit, into = hasKid, &h.KeyID
		case "crit":
			obj.bad = true
			return
		default:
			obj.skip(0)
			return
		}
		if seen&bit != 0 {
			obj.bad = true
		}
		seen |= bit
		*into = obj.string()
	})
	if !whole || seen != hasAlg|hasTyp|hasKid {
		return jwtHeader{}, invalid("its header is not that of an access token")
	}
	return h, nil
}
