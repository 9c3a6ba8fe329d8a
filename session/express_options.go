package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// ExpressOptions of an Express. All but Secrets have the defaults of express-session and connect-redis. The database is that of the
// client that NewExpress is given.
type ExpressOptions struct {
	// Secrets are those of the Node service; the first signs, all are accepted. At least one; in production 32 bytes each.
	Secrets [][]byte
	// Production makes the cookie Secure in any case, and short secrets an error.
	Production bool
	// Name is the cookie's. "" means "connect.sid".
	Name string
	// Prefix stands before the id in Redis, after the client's namespace. "" means "sess:".
	Prefix string
	// MaxAge is the lifetime of sessions that begin here, renewed by requests, and of those whose cookie in Redis names none.
	// 0 means 24 h.
	MaxAge time.Duration
	// Decode and Encode are the format of what lies in Redis: the fields of the session and the field "cookie". Both or none;
	// nil is JSON, as connect-redis has it unless it is given a serializer.
	Decode func(stored []byte) (map[string]json.RawMessage, error)
	Encode func(fields map[string]json.RawMessage) ([]byte, error)
	// MaxBytes bounds a session. 0 means 64 KiB.
	MaxBytes int

	// Domain, Path and SameSite of the cookie: as the Node service sets them. "" means none and "/", 0 means Strict.
	Domain, Path string
	SameSite     http.SameSite
	// Secure, NotHTTPOnly, TrustedProxies, AllowInsecure and Unavailable are as in Options.
	Secure         Secure
	NotHTTPOnly    bool
	TrustedProxies []string
	AllowInsecure  string
	Unavailable    func(w http.ResponseWriter, r *http.Request, err error)
}

func (o ExpressOptions) withDefaults() (ExpressOptions, error) {
	f := faults{name: func(field string) string { return "ExpressOptions." + field }}
	if len(o.Secrets) == 0 {
		f.add("Secrets", "empty", "the secrets of the Node service")
	}
	f.duration("MaxAge", &o.MaxAge, defaultIdle, time.Second, longest)
	f.count("MaxBytes", &o.MaxBytes, defaultMaxBytes, maxBytes)
	if o.Name == "" {
		o.Name = "connect.sid"
	}
	if !validCookieName(strings.TrimPrefix(strings.TrimPrefix(o.Name, hostPrefix), "__Secure-")) {
		f.add("Name", o.Name, "letters, digits and _ - .")
	}
	if o.Prefix == "" {
		o.Prefix = "sess:"
	}
	if keyspace.ValidName(o.Prefix) != nil {
		f.add("Prefix", o.Prefix, "letters, digits and _ : . -")
	}
	if o.Path == "" {
		o.Path = "/"
	}
	if (o.Decode == nil) != (o.Encode == nil) {
		f.add("Decode", "one of two", "both Decode and Encode, or none")
	}
	if o.Decode == nil {
		o.Decode, o.Encode = decodeExpress, encodeExpress
	}
	if _, err := clientip.New(o.TrustedProxies...); err != nil {
		f.add("TrustedProxies", strings.Join(o.TrustedProxies, ", "), clientip.Expected)
	}
	weak := Options{
		Secrets: o.Secrets, Production: o.Production, Secure: o.Secure, NotHTTPOnly: o.NotHTTPOnly, SameSite: o.SameSite, AllowInsecure: o.AllowInsecure,
	}
	weak.weak(&f)
	if o.SameSite == 0 {
		o.SameSite = http.SameSiteStrictMode
	}
	return o, errors.Join(f.all...)
}

func decodeExpress(stored []byte) (fields map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(stored, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null")
	}
	return fields, nil
}

func encodeExpress(fields map[string]json.RawMessage) ([]byte, error) { return json.Marshal(fields) }

// register declares the keys of an Express.
func (e *Express) register() error {
	return e.rb.Register(redbrick.KeyShape{
		Owner: "session express", Pattern: e.opt.Prefix + "<id>", Type: "string", TTL: "maxAge of its cookie, renewed by requests", Slot: "key",
		Foreign: "read, write", Purpose: "a session of express-session, as connect-redis keeps it",
	})
}

// expressCookie is the part of a stored session that says how long it lives; what else is in it stays as it is.
type expressCookie map[string]json.RawMessage

func parseExpressCookie(raw json.RawMessage) expressCookie {
	var c expressCookie
	if json.Unmarshal(raw, &c) != nil || c == nil {
		c = expressCookie{}
	}
	return c
}

// maxAge is how long the session lives from the last request on; fallback where the cookie names none.
func (c expressCookie) maxAge(fallback time.Duration) time.Duration {
	var ms float64
	if json.Unmarshal(c["originalMaxAge"], &ms) != nil || ms < 1 || ms > float64(longest/time.Millisecond) {
		return fallback
	}
	return time.Duration(ms) * time.Millisecond
}

// renewed is the cookie after a request at the moment now. One without expiry stays without.
func (c expressCookie) renewed(now time.Time) (json.RawMessage, error) {
	var ms float64
	if json.Unmarshal(c["originalMaxAge"], &ms) == nil && ms >= 1 {
		at := now.Add(time.Duration(ms) * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
		c["expires"] = json.RawMessage(`"` + at + `"`)
	}
	return json.Marshal(map[string]json.RawMessage(c))
}

// newCookie is that of a session that begins here.
func (e *Express) newCookie(secure bool) expressCookie {
	text := func(s string) json.RawMessage { b, _ := json.Marshal(s); return b } //nolint:errchkjson // of texts
	c := expressCookie{
		"originalMaxAge": json.RawMessage(fmt.Sprint(e.opt.MaxAge.Milliseconds())), "secure": json.RawMessage(fmt.Sprint(secure)),
		"httpOnly": json.RawMessage(fmt.Sprint(!e.opt.NotHTTPOnly)), "path": text(e.opt.Path),
		"sameSite": text(map[http.SameSite]string{
			http.SameSiteStrictMode: "strict", http.SameSiteLaxMode: "lax", http.SameSiteNoneMode: "none",
		}[e.opt.SameSite]),
	}
	if e.opt.Domain != "" {
		c["domain"] = text(e.opt.Domain)
	}
	return c
}
