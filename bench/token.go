package main

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// tokenSecret signs all tokens here.
var tokenSecret = []byte(strings.Repeat("bench ", 8))

// rivalClaims is what golang-jwt reads of the same token.
type rivalClaims struct {
	jwt.RegisteredClaims
	Route    string   `json:"rt"`
	PublicID string   `json:"sid"`
	Epoch    int64    `json:"ep"`
	Roles    []string `json:"roles"`
}

// setUpToken compares checks of one access token on one goroutine: ours, which asks too whether the session lives, the signature
// alone, and golang-jwt, which knows of no sessions. What ours costs beyond the signature is the difference of the first two.
func setUpToken(alg string) func(context.Context, string) ([]contender, func(), error) {
	return func(ctx context.Context, address string) (_ []contender, _ func(), err error) {
		rb, err := redbrick.Open(ctx, redbrick.Options{URL: address, Namespace: "bench-token:", RequireRedis: true})
		if err != nil {
			return nil, nil, err
		}
		closing := func() { _ = rb.Close() }
		defer func() {
			if err != nil {
				closing()
			}
		}()
		m, err := session.New(rb, session.Options{Secrets: [][]byte{tokenSecret}})
		if err != nil {
			return nil, nil, err
		}
		private := ed25519.NewKeyFromSeed(tokenSecret[:ed25519.SeedSize])
		key, err := token.HS256Key("k", tokenSecret)
		rivalKey, method := any(tokenSecret), jwt.SigningMethod(jwt.SigningMethodHS256)
		if alg == "EdDSA" {
			key, err = token.EdDSAKey("k", private)
			rivalKey, method = private.Public(), jwt.SigningMethodEdDSA
		}
		if err != nil {
			return nil, nil, err
		}
		a, err := token.NewAccess(token.AccessOptions{Keys: []token.AccessKey{key}, Issuer: "shop", Audience: "api", Sessions: m, TTL: time.Hour})
		if err != nil {
			return nil, nil, err
		}
		login, err := benchLogin(ctx, m)
		if err != nil {
			return nil, nil, err
		}
		issued, err := a.Issue(token.Claims{Session: login, Roles: []string{"trainer"}})
		if err != nil {
			return nil, nil, err
		}
		text := issued.Token
		var failed atomic.Pointer[error]
		check := func(what string, err error) {
			if err != nil {
				err = fmt.Errorf("%s: %w", what, err)
				failed.Store(&err)
			}
		}
		run := func(op func(int)) func(context.Context, time.Duration) (int64, time.Duration, error) {
			return func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
				ops, took, err := spin(1, d, op)
				if f := failed.Load(); f != nil {
					err = errors.Join(err, *f)
				}
				return ops, took, err
			}
		}
		parser := jwt.NewParser(jwt.WithValidMethods([]string{method.Alg()}), jwt.WithAudience("api"), jwt.WithIssuer("shop"),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(5*time.Second))
		find := func(*jwt.Token) (any, error) { return rivalKey, nil }
		return []contender{
			{"redbrick " + alg + ", with the session", run(func(int) {
				_, err := a.Verify(calls, text)
				check("redbrick", err)
			})},
			{"the signature alone", run(signatureAlone(alg, text, private))},
			{"golang-jwt, without a session", run(func(int) {
				_, err := parser.ParseWithClaims(text, &rivalClaims{}, find)
				check("golang-jwt", err)
			})},
		}, closing, nil
	}
}

// signatureAlone checks the signature of one text, with everything else done before.
func signatureAlone(alg, text string, private ed25519.PrivateKey) func(int) {
	signed := []byte(text[:strings.LastIndexByte(text, '.')])
	if alg == "EdDSA" {
		public, _ := private.Public().(ed25519.PublicKey)
		signature := ed25519.Sign(private, signed)
		return func(int) { ed25519.Verify(public, signed, signature) }
	}
	h := hmac.New(sha256.New, tokenSecret)
	h.Write(signed)
	want := h.Sum(nil)
	var sum [sha256.Size]byte
	return func(int) {
		h.Reset()
		h.Write(signed)
		hmac.Equal(want, h.Sum(sum[:0]))
	}
}

// benchLogin logs a user in.
func benchLogin(ctx context.Context, m *session.Manager) (login token.Session, err error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://bench.example/", nil)
	m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		err = s.Login(r.Context(), "7", session.Meta{})
		login = token.Session{UserID: s.UserID(), Route: s.Route(), PublicID: s.PublicID(), Epoch: s.Epoch()}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return login, err
}

// tokenWorkloads measure what a request pays for its access token.
var tokenWorkloads = []workload{
	{name: "token-hs256", about: "Checking an access token, HS256, one goroutine.", setUp: setUpToken("HS256"), tolls: true},
	{name: "token-eddsa", about: "Checking an access token, EdDSA, one goroutine.", setUp: setUpToken("EdDSA"), tolls: true},
}
