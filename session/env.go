package session

import (
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/internal/clientip"
)

// variables maps the fields that have an environment variable to its name, for errors.
var variables = map[string]string{
	"Secrets":        "SESSION_SECRET",
	"Name":           "SESSION_NAME",
	"Idle":           "SESSION_MAX_AGE",
	"Secure":         "SESSION_SECURE",
	"NotHTTPOnly":    "SESSION_HTTP_ONLY",
	"SameSite":       "SESSION_SAME_SITE",
	"DB":             "SESSION_REDIS_DB",
	"TrustedProxies": clientip.Variable,
	"Production":     "NODE_ENV or APP_ENV",
	"AllowInsecure":  "SESSION_ALLOW_INSECURE",
}

func variableName(field string) string {
	if v, ok := variables[field]; ok {
		return v
	}
	return fieldName(field)
}

// maxAge bounds SESSION_MAX_AGE.
const maxAge = int64(longest / time.Millisecond)

// OptionsFromEnv reads the options from the environment. An unset or empty variable leaves its field zero.
//
//	SESSION_SECRET          secrets between commas; the first signs
//	SESSION_NAME            Options.Name
//	SESSION_MAX_AGE         idle time in milliseconds; where it is more than 7 days, the absolute lifetime as well
//	SESSION_SECURE          true: SecureAlways; false: SecureNever
//	SESSION_HTTP_ONLY       false: NotHTTPOnly
//	SESSION_SAME_SITE       strict, lax, none; true is strict
//	SESSION_REDIS_DB        Options.DB
//	SESSION_ALLOW_INSECURE  Options.AllowInsecure, the reason
//	TRUSTED_PROXIES         between commas
//	NODE_ENV, APP_ENV       production in either: Options.Production
//
// The error wraps redbrick.ErrConfig and names every variable that is wrong, its value (never a secret) and what was expected.
func OptionsFromEnv() (Options, error) { return optionsFrom(os.Getenv) }

func optionsFrom(lookup func(string) string) (Options, error) {
	f := faults{name: variableName}
	text := func(field string) string { return strings.TrimSpace(lookup(variables[field])) }
	o := Options{
		Name: text("Name"), AllowInsecure: text("AllowInsecure"), TrustedProxies: clientip.Split(text("TrustedProxies")),
		Production: lookup("NODE_ENV") == "production" || lookup("APP_ENV") == "production",
	}
	for secret := range strings.SplitSeq(text("Secrets"), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			o.Secrets = append(o.Secrets, []byte(secret))
		}
	}
	if s := text("Idle"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1000 || n > maxAge {
			f.add("Idle", s, "a whole number of milliseconds from 1000 to "+strconv.FormatInt(maxAge, 10)+" (366 days)")
		} else {
			o.Idle = time.Duration(n) * time.Millisecond
			o.Absolute = max(o.Idle, defaultAbsolute)
		}
	}
	if s := text("DB"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			f.add("DB", s, "a database number from 0 up")
		}
		o.DB = n
	}
	truth := func(field string) (value, set bool) {
		s := text(field)
		if s == "" {
			return false, false
		}
		b, err := strconv.ParseBool(s)
		if err != nil {
			f.add(field, s, "true or false")
		}
		return b, err == nil
	}
	if always, set := truth("Secure"); set {
		o.Secure = SecureNever
		if always {
			o.Secure = SecureAlways
		}
	}
	if only, set := truth("NotHTTPOnly"); set {
		o.NotHTTPOnly = !only
	}
	switch s := text("SameSite"); strings.ToLower(s) {
	case "", "strict", "true":
		o.SameSite = http.SameSiteStrictMode
	case "lax":
		o.SameSite = http.SameSiteLaxMode
	case "none":
		o.SameSite = http.SameSiteNoneMode
	default:
		f.add("SameSite", s, "strict, lax or none")
	}
	shown := func(field string, value any) any {
		if v, ok := variables[field]; ok && field != "Secrets" && lookup(v) != "" {
			return lookup(v)
		}
		return value
	}
	if _, err := o.withDefaults(faults{name: variableName, shown: shown}); err != nil {
		f.all = append(f.all, err)
	}
	if err := errors.Join(f.all...); err != nil {
		return Options{}, err
	}
	return o, nil
}
