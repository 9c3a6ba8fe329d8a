package ratelimit

import (
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick"
)

// The variables that OptionsFromEnv reads.
const (
	envEnabled = "RATE_LIMIT_ENABLED"
	envWindow  = "RATE_LIMIT_WINDOW_MS"
	envMax     = "RATE_LIMIT_MAX_REQUESTS"
	envDB      = "RATE_LIMIT_REDIS_DB"
)

// OptionsFromEnv reads options from the environment. They have one policy, a fixed window in the counter that Node services
// share. An unset or empty variable leaves the default.
//
//	RATE_LIMIT_ENABLED         false admits everything
//	RATE_LIMIT_WINDOW_MS       milliseconds, 900000 (15 minutes)
//	RATE_LIMIT_MAX_REQUESTS    requests a window, 100
//	RATE_LIMIT_REDIS_DB        the database that the limiter's client has to be on
//
// The error wraps redbrick.ErrConfig and names every variable that is wrong, its value and what was expected.
func OptionsFromEnv() (Options, error) { return optionsFrom(os.Getenv) }

func optionsFrom(lookup func(string) string) (Options, error) {
	var faults []error
	number := func(name string, fallback, least, most int64, expected string) int64 {
		text := lookup(name)
		if text == "" {
			return fallback
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < least || n > most || text != strconv.FormatInt(n, 10) {
			faults = append(faults, fault(name, text, expected))
			return fallback
		}
		return n
	}
	enabled := true
	if text := lookup(envEnabled); text != "" {
		var err error
		if enabled, err = strconv.ParseBool(text); err != nil {
			faults = append(faults, fault(envEnabled, text, "true or false"))
		}
	}
	const defaultMax, defaultWindowMS, maxRequests, maxDB = 100, 15 * 60 * 1000, 1_000_000_000, 1 << 20
	o := Options{
		Disabled: !enabled,
		DB:       int(number(envDB, 0, 0, maxDB, "a database number from 0 up")),
		Policies: []Policy{{
			Algorithm: FixedWindow, Shared: true,
			Limit:  number(envMax, defaultMax, 0, maxRequests, "a whole number of requests from 0 to 1000000000"),
			Window: time.Duration(number(envWindow, defaultWindowMS, 1, maxWindow.Milliseconds(), "a whole number of milliseconds from 1 up (ten years at most)")) * time.Millisecond,
		}},
	}
	if len(faults) > 0 {
		return Options{}, errors.Join(faults...)
	}
	if _, err := o.withDefaults(); err != nil {
		return Options{}, errors.Join(redbrick.ErrConfig, err)
	}
	return o, nil
}
