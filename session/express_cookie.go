package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxExpressID bounds an id; those of express-session have 32 characters.
const maxExpressID = 128

// sign makes the value of a cookie as cookie-signature and express-session do.
func sign(secret []byte, id string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id))
	return id + "." + base64.RawStdEncoding.EncodeToString(h.Sum(nil))
}

// signed is the cookie's value for an id.
func (e *Express) signed(id string) string {
	return url.QueryEscape("s:" + sign(e.opt.Secrets[0], id))
}

// unsign gives the id in a cookie's value, if one of the secrets has signed it.
func (e *Express) unsign(value string) (string, bool) {
	const longestValue = 4 * maxExpressID
	if len(value) > longestValue {
		return "", false
	}
	value, err := url.PathUnescape(value)
	if err != nil {
		return "", false
	}
	value, ok := strings.CutPrefix(value, "s:")
	at := strings.LastIndexByte(value, '.')
	if !ok || at < 1 || at > maxExpressID {
		return "", false
	}
	for _, secret := range e.opt.Secrets {
		if hmac.Equal([]byte(value), []byte(sign(secret, value[:at]))) {
			return value[:at], true
		}
	}
	return "", false
}

func (e *Express) secure(r *http.Request) bool {
	switch e.opt.Secure {
	case SecureAlways:
		return true
	case SecureNever:
		return false
	}
	return e.opt.Production || e.proxies.HTTPS(r)
}

func (e *Express) cookieOf(secure bool, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: e.opt.Name, Value: value, Path: e.opt.Path, Domain: e.opt.Domain,
		Secure: secure, HttpOnly: !e.opt.NotHTTPOnly, SameSite: e.opt.SameSite, MaxAge: int(age / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
