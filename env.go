package redbrick

import (
	"errors"
	"os"
	"strconv"
	"time"
)

// variables maps the fields that have an environment variable to its name, for errors.
var variables = map[string]string{
	"URL":              "REDIS_URL",
	"Host":             "REDIS_HOST",
	"Port":             "REDIS_PORT",
	"Username":         "REDIS_USERNAME",
	"Password":         "REDIS_PASSWORD",
	"DB":               "REDIS_DB",
	"Namespace":        "REDIS_KEY_PREFIX",
	"MaxRetries":       "REDIS_MAX_RETRIES",
	"RetryDelay":       "REDIS_RETRY_DELAY",
	"ConnectTimeout":   "REDIS_CONNECTION_TIMEOUT",
	"CommandTimeout":   "REDIS_COMMAND_TIMEOUT",
	"TLSCA":            "REDIS_TLS_CA",
	"TLSCert":          "REDIS_TLS_CERT",
	"TLSKey":           "REDIS_TLS_KEY",
	"Cache.TTL":        "CACHE_TTL",
	"Cache.Prefix":     "CACHE_PREFIX",
	"Cache.MaxEntries": "CACHE_MAX_SIZE",
	"Cache.Disabled":   "CACHE_ENABLED",
}

func variableName(field string) string {
	if v, ok := variables[field]; ok {
		return v
	}
	return fieldName(field)
}

// The largest values the environment may name: a day of milliseconds, ten years of seconds.
const (
	maxMilliseconds = 24 * 60 * 60 * 1000
	maxTTLSeconds   = 10 * 366 * 24 * 60 * 60
	maxCount        = 1 << 30
)

// OptionsFromEnv reads the options from the environment. An unset or empty variable leaves its field zero.
//
//	REDIS_URL, or REDIS_HOST and REDIS_PORT     see Options.URL; neither is the embedded engine
//	REDIS_USERNAME, REDIS_PASSWORD, REDIS_DB    fill what REDIS_URL leaves out
//	REDIS_KEY_PREFIX                            Options.Namespace
//	REDIS_MAX_RETRIES                           0 for none
//	REDIS_RETRY_DELAY                           milliseconds
//	REDIS_CONNECTION_TIMEOUT                    milliseconds
//	REDIS_COMMAND_TIMEOUT                       milliseconds
//	REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY PEM files
//	CACHE_TTL                                   seconds
//	CACHE_PREFIX, CACHE_MAX_SIZE                Options.Cache.Prefix and MaxEntries
//	CACHE_ENABLED                               false sends every read to the loader
//
// The error wraps ErrConfig and names every variable that is wrong, its value (never a password) and what was
// expected.
func OptionsFromEnv() (Options, error) { return optionsFrom(os.Getenv) }

func optionsFrom(lookup func(string) string) (Options, error) {
	e := environment{lookup: lookup}
	o := Options{
		URL:            e.text("URL"),
		Host:           e.text("Host"),
		Port:           e.number("Port", 1, 65535, "a port from 1 to 65535"),
		Username:       e.text("Username"),
		Password:       e.text("Password"),
		DB:             e.number("DB", 0, maxDB, "a database number from 0 up"),
		Namespace:      e.text("Namespace"),
		MaxRetries:     e.number("MaxRetries", 0, maxCount, "a whole number from 0 up"),
		RetryDelay:     e.milliseconds("RetryDelay"),
		ConnectTimeout: e.milliseconds("ConnectTimeout"),
		CommandTimeout: e.milliseconds("CommandTimeout"),
		TLSCA:          e.text("TLSCA"),
		TLSCert:        e.text("TLSCert"),
		TLSKey:         e.text("TLSKey"),
		Cache: CacheOptions{
			TTL:        time.Duration(e.number("Cache.TTL", 1, maxTTLSeconds, "a whole number of seconds from 1 up (ten years at most)")) * time.Second,
			Prefix:     e.text("Cache.Prefix"),
			MaxEntries: e.number("Cache.MaxEntries", 1, maxCount, "a whole number of entries from 1 up"),
			Disabled:   !e.truth("Cache.Disabled", true),
		},
	}
	if o.MaxRetries == 0 && e.text("MaxRetries") != "" {
		o.MaxRetries = noRetries
	}
	// In Options the zero of DB means "not said". Here it can be told apart, and a URL that says otherwise contradicts it.
	if o.DB == 0 && e.text("DB") != "" {
		if t, err := parseURL(o.URL); err == nil && t.db != 0 {
			e.faults = append(e.faults, fault(variableName("DB"), e.text("DB"), strconv.Itoa(t.db)+" as given in "+variableName("URL")))
		}
	}
	if _, err := o.complete(variableName); err != nil {
		e.faults = append(e.faults, err)
	}
	if err := errors.Join(e.faults...); err != nil {
		return Options{}, err
	}
	return o, nil
}

// environment reads variables by the name of their field and gathers what is wrong with them.
type environment struct {
	lookup func(string) string
	faults []error
}

func (e *environment) text(field string) string { return e.lookup(variables[field]) }

// number gives 0 for an unset variable and for a fault.
func (e *environment) number(field string, least, most int, expected string) int {
	s := e.text(field)
	if s == "" {
		return 0
	}
	n, err := parseNumber(s, least, most)
	if err != nil {
		e.faults = append(e.faults, fault(variables[field], s, expected))
		return 0
	}
	return n
}

func (e *environment) milliseconds(field string) time.Duration {
	return time.Duration(e.number(field, 1, maxMilliseconds, "a whole number of milliseconds from 1 to 86400000 (a day)")) * time.Millisecond
}

func (e *environment) truth(field string, fallback bool) bool {
	s := e.text(field)
	if s == "" {
		return fallback
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		e.faults = append(e.faults, fault(variables[field], s, "true or false"))
		return fallback
	}
	return b
}
