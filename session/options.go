package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
)

// Secure says when the cookie is for https alone.
type Secure int

// The choices of Options.Secure.
const (
	// SecureAuto: when the request came by https, and always in production.
	SecureAuto Secure = iota
	// SecureAlways: the browser sends no cookie over http, so there is no session there.
	SecureAlways
	// SecureNever is weak: see Options.AllowInsecure.
	SecureNever
)

// Options of a Manager. The zero value is good for development.
type Options struct {
	// Secrets sign CSRF tokens; the first signs, all are accepted. In production at least one, each of 32 bytes or more. None:
	// one is made up, and tokens end with the process.
	Secrets [][]byte
	// Production makes the cookie Secure in any case, and short secrets an error.
	Production bool

	// Idle is how long a session lives without a request. 0 means 24 h, at most Absolute.
	Idle time.Duration
	// Absolute is how long a session lives after the login, whatever is done with it. 0 means 7 days, at most 366.
	Absolute time.Duration
	// Remember is both for a login with Meta.Remember. 0 means 30 days.
	Remember time.Duration
	// Alias is how long the id from before a login or a rotation still reads, for requests that are under way. 0 means 10 s,
	// negative not at all, at most a minute.
	Alias time.Duration
	// MaxPerUser is how many sessions a user may have; one more ends the one that would end first. 0 means 50, at most 100,000.
	MaxPerUser int
	// MaxBytes and MaxFields bound the fields of a session, names included. 0 means 64 KiB and 128.
	MaxBytes, MaxFields int
	// Carry names the fields of a visitor's session that Login takes over, such as a cart. None, because whoever planted the
	// visitor's cookie chose what is in them.
	Carry []string

	// Name is the cookie's name; over https `__Host-` stands before it. "" means "session".
	Name string
	// Secure says when the cookie is for https alone.
	Secure Secure
	// NotHTTPOnly lets scripts of the page read the cookie. Weak: see AllowInsecure.
	NotHTTPOnly bool
	// SameSite of the cookie. 0 means Strict. None is weak: see AllowInsecure.
	SameSite http.SameSite
	// TrustedProxies are those whose X-Forwarded-Proto and X-Forwarded-For are believed: CIDRs, addresses, "unix",
	// "forwarded" for those that write Forwarded.
	TrustedProxies []string
	// AllowInsecure says why weak settings are needed. Without it New refuses them.
	AllowInsecure string

	// DB is the database that sessions are to be in. New refuses a client that works in another one. 0 says nothing.
	DB int

	// Unavailable answers in place of the handler while the session cannot be read or saved; err wraps
	// redbrick.ErrUnavailable or ErrTimeout. Retry-After and Cache-Control are set already. Nil answers 503 in plain text.
	Unavailable func(w http.ResponseWriter, r *http.Request, err error)
	// NearEntries bounds of how many users the process knows the sessions. 0 means 100,000.
	NearEntries int
	// NearUntracked is for how long they are believed where the server cannot track keys. 0 means 1 s.
	NearUntracked time.Duration
}

// Defaults and bounds, see Options.
const (
	defaultIdle      = 24 * time.Hour
	defaultAbsolute  = 7 * 24 * time.Hour
	defaultRemember  = 30 * 24 * time.Hour
	defaultAlias     = 10 * time.Second
	defaultPerUser   = 50
	defaultMaxBytes  = 64 << 10
	defaultMaxFields = 128
	defaultName      = "session"
	defaultNear      = 100_000
	defaultUntracked = time.Second

	longest      = 366 * 24 * time.Hour
	longestAlias = time.Minute
	maxPerUser   = 100_000
	maxBytes     = 16 << 20
	maxFields    = 4096
	secretLeast  = 32
)

// faults gathers what is wrong with options. name turns a field into the word the reader knows, shown its value.
type faults struct {
	name  func(field string) string
	shown func(field string, value any) any
	all   []error
}

func (f *faults) add(field string, value any, expected string) {
	if f.shown != nil {
		value = f.shown(field, value)
	}
	f.all = append(f.all, fmt.Errorf("%w: %s is %q, expected %s", redbrick.ErrConfig, f.name(field), fmt.Sprint(value), expected))
}

func (f *faults) duration(field string, value *time.Duration, zero, least, most time.Duration) {
	if *value == 0 {
		*value = zero
	}
	if *value < least || *value > most {
		f.add(field, *value, fmt.Sprintf("%v to %v", least, most))
	}
}

func (f *faults) count(field string, value *int, zero, most int) {
	if *value == 0 {
		*value = zero
	}
	if *value < 1 || *value > most {
		f.add(field, *value, fmt.Sprintf("1 to %d", most))
	}
}

func fieldName(field string) string { return "Options." + field }

func (o Options) withDefaults(f faults) (Options, error) {
	f.duration("Absolute", &o.Absolute, defaultAbsolute, time.Second, longest)
	f.duration("Idle", &o.Idle, min(defaultIdle, o.Absolute), time.Second, max(o.Absolute, time.Second))
	f.duration("Remember", &o.Remember, max(defaultRemember, o.Absolute), o.Absolute, longest)
	if o.Alias < 0 {
		o.Alias = -1
	} else {
		f.duration("Alias", &o.Alias, defaultAlias, time.Millisecond, longestAlias)
	}
	f.duration("NearUntracked", &o.NearUntracked, defaultUntracked, time.Millisecond, time.Minute)
	f.count("MaxPerUser", &o.MaxPerUser, defaultPerUser, maxPerUser)
	f.count("MaxBytes", &o.MaxBytes, defaultMaxBytes, maxBytes)
	f.count("MaxFields", &o.MaxFields, defaultMaxFields, maxFields)
	f.count("NearEntries", &o.NearEntries, defaultNear, 1<<30)
	if o.DB < 0 {
		f.add("DB", o.DB, "a database number, or 0 for that of the client")
	}
	for _, field := range o.Carry {
		if checkName(field) != nil {
			f.add("Carry", field, fmt.Sprintf("names of 1 to %d letters, digits and _ : . -", maxName))
		}
	}
	if o.Name == "" {
		o.Name = defaultName
	}
	if !validCookieName(o.Name) {
		f.add("Name", o.Name, "letters, digits and _ - . without __Host- or __Secure- before them")
	}
	if o.SameSite == 0 {
		o.SameSite = http.SameSiteStrictMode
	}
	if o.SameSite < http.SameSiteLaxMode || o.SameSite > http.SameSiteNoneMode {
		f.add("SameSite", o.SameSite, "Strict, Lax or None")
	}
	if o.Secure < SecureAuto || o.Secure > SecureNever {
		f.add("Secure", o.Secure, "SecureAuto, SecureAlways or SecureNever")
	}
	if _, err := clientip.New(o.TrustedProxies...); err != nil {
		f.add("TrustedProxies", strings.Join(o.TrustedProxies, ", "), clientip.Expected)
	}
	o.weak(&f)
	return o, errors.Join(f.all...)
}

// weak refuses settings that give sessions away, unless somebody has said why they are needed.
func (o Options) weak(f *faults) {
	refuse := func(field string, value any, expected string) {
		if o.AllowInsecure == "" {
			f.add(field, value, expected+", or "+f.name("AllowInsecure")+" with the reason")
		}
	}
	if o.NotHTTPOnly {
		refuse("NotHTTPOnly", true, "that no script in the page can read the id")
	}
	if o.Secure == SecureNever {
		refuse("Secure", "never", "SecureAuto or SecureAlways: whoever is on the line could read the id")
	}
	if o.SameSite == http.SameSiteNoneMode {
		refuse("SameSite", "none", "strict or lax: other sites could send requests with the cookie")
	}
	if o.Idle > defaultRemember {
		refuse("Idle", o.Idle, "at most "+defaultRemember.String())
	}
	if o.Absolute > defaultRemember {
		refuse("Absolute", o.Absolute, "at most "+defaultRemember.String())
	}
	if o.Remember > 90*24*time.Hour {
		refuse("Remember", o.Remember, "at most 2160h0m0s")
	}
	if !o.Production {
		return
	}
	if len(o.Secrets) == 0 {
		refuse("Secrets", "empty", "at least one secret in production")
	}
	for i, s := range o.Secrets {
		if len(s) < secretLeast {
			refuse("Secrets", fmt.Sprintf("[%d] of %d bytes", i, len(s)), fmt.Sprintf("at least %d bytes each in production", secretLeast))
		}
	}
}

// warn tells of what development may do and production may not.
func (o Options) warn(ctx context.Context, rb *redbrick.Client) {
	log := rb.Logger()
	if o.AllowInsecure != "" {
		log.WarnContext(ctx, "sessions have weak settings", "reason", o.AllowInsecure)
	}
	if len(o.Secrets) == 0 {
		log.WarnContext(ctx, "no secret signs CSRF tokens: one is made up, they end with the process", "expected", "SESSION_SECRET")
	}
	for i, s := range o.Secrets {
		if len(s) < secretLeast {
			log.WarnContext(ctx, "a secret is short", "number", i, "bytes", len(s), "expected", secretLeast)
		}
	}
}

func validCookieName(s string) bool {
	lower := strings.ToLower(s)
	if s == "" || len(s) > 64 || strings.HasPrefix(lower, "__host-") || strings.HasPrefix(lower, "__secure-") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
