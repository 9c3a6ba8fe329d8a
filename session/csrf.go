package session

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/redbrick-go/redbrick"
)

// signer makes and checks CSRF tokens.
type signer struct{ keys [][]byte }

// csrfKey separates the key of CSRF tokens from what else is derived from the same secret.
const csrfKey = "redbrick session csrf v1"

func newSigner(secrets [][]byte) (signer, error) {
	if len(secrets) == 0 {
		secrets = [][]byte{random(secretBytes)}
	}
	var s signer
	for _, secret := range secrets {
		key, err := hkdf.Key(sha256.New, secret, nil, csrfKey, sha256.Size)
		if err != nil {
			return signer{}, fmt.Errorf("%w: Options.Secrets: %w", redbrick.ErrConfig, err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// nonceSize is how many random bytes make each token look different, so that compression of pages does not give it away.
const nonceSize = 16

func mac(key, nonce []byte, about string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(nonce)
	h.Write([]byte(about))
	return h.Sum(nil)
}

func (s signer) token(about string) string {
	nonce := random(nonceSize)
	return base64.RawURLEncoding.EncodeToString(append(nonce, mac(s.keys[0], nonce, about)...))
}

func (s signer) valid(token, about string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != nonceSize+sha256.Size {
		return false
	}
	for _, key := range s.keys {
		if hmac.Equal(b[nonceSize:], mac(key, b[:nonceSize], about)) {
			return true
		}
	}
	return false
}

// CSRFToken is for the forms of a page; see [CSRF.Token]. It belongs to this session, and ends with it or with a login. It is ""
// for a visitor without a session: nothing is done in his name that a token could protect.
func (s *Session) CSRFToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil || !s.exists {
		return ""
	}
	return s.m.signer.token(s.id.route + "." + s.id.public)
}

// CSRF says how [Manager.Protect] refuses what other sites make a browser send. The zero value is good.
type CSRF struct {
	// Origins are other sites that may send requests: "https://app.example.org".
	Origins []string
	// Token asks for Session.CSRFToken beside, in the header or in a form field. A form is read for that, up to 10 MB: put a lower
	// bound outside of Protect. Uploads (multipart/form-data) bring it in the header: their body is left to the handler.
	Token bool
	// Header and Field are where it is looked for. "" means X-CSRF-Token and csrf_token.
	Header, Field string
	// Deny answers a request that is refused. Nil answers 403 in plain text.
	Deny http.Handler
}

// Protect refuses writes (all methods but GET, HEAD and OPTIONS) that another site made the browser send: by Sec-Fetch-Site, or by
// Origin where that is missing (http.CrossOriginProtection). A request with neither is from no browser of today, and passes. One
// with an Authorization header and without the session cookie passes: no browser adds that by itself. With CSRF.Token
// a request of a session must also bring the session's token.
//
// It stands inside of Middleware. The error wraps redbrick.ErrConfig and names the origins that are none.
func (m *Manager) Protect(o CSRF) (func(http.Handler) http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	var errs []error
	for _, origin := range o.Origins {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			errs = append(errs, fmt.Errorf("%w: CSRF.Origins has %q, expected scheme and host: %w", redbrick.ErrConfig, origin, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Header == "" {
		o.Header = "X-CSRF-Token"
	}
	if o.Field == "" {
		o.Field = "csrf_token"
	}
	if o.Deny == nil {
		o.Deny = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The request did not come from this site.", http.StatusForbidden)
		})
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if m.foreign(r, guard, o) {
				o.Deny.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

func (m *Manager) foreign(r *http.Request, guard *http.CrossOriginProtection, o CSRF) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return false
	}
	if r.Header.Get("Authorization") != "" && len(r.CookiesNamed(m.cookieName(m.secure(r)))) == 0 {
		return false
	}
	if guard.Check(r) != nil {
		return true
	}
	s := From(r.Context())
	if !o.Token || s.PublicID() == "" {
		return false
	}
	token := r.Header.Get(o.Header)
	if token == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		token = r.PostFormValue(o.Field)
	}
	return !m.signer.valid(token, s.Route()+"."+s.PublicID())
}
