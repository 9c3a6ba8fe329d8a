package settings

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrInvalid is matched by everything that [Reader.Err] returns.
var ErrInvalid = errors.New("invalid setting")

// Reader reads variables and remembers what is wrong with them. A variable that
// is unset or empty has its default. The zero Reader reads the process's environment.
type Reader struct {
	// Lookup returns a variable; nil means os.Getenv.
	Lookup func(name string) string

	faults []error
}

func (r *Reader) get(name string) string {
	if r.Lookup == nil {
		return strings.TrimSpace(os.Getenv(name))
	}
	return strings.TrimSpace(r.Lookup(name))
}

// Fail adds a fault: what name is, and what was expected.
func (r *Reader) Fail(name, value, expected string) {
	r.Add(fmt.Errorf("%w: %s is %q, expected %s", ErrInvalid, name, value, expected))
}

// Add adds a fault in words of its own. nil adds nothing.
func (r *Reader) Add(err error) {
	if err != nil {
		r.faults = append(r.faults, err)
	}
}

// Err returns all faults, or nil.
func (r *Reader) Err() error { return errors.Join(r.faults...) }

// Text returns a variable as it is.
func (r *Reader) Text(name, fallback string) string {
	if s := r.get(name); s != "" {
		return s
	}
	return fallback
}

// Int returns a whole number from least to most.
func (r *Reader) Int(name string, fallback, least, most int) int {
	s := r.get(name)
	if s == "" {
		return fallback
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		r.Fail(name, s, fmt.Sprintf("a whole number from %d to %d", least, most))
		return fallback
	}
	return n
}

// Milliseconds returns a time that is given as a whole number of milliseconds.
func (r *Reader) Milliseconds(name string, fallback, least, most time.Duration) time.Duration {
	s := r.get(name)
	if s == "" {
		return fallback
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least.Milliseconds() || n > most.Milliseconds() {
		r.Fail(name, s, fmt.Sprintf("a whole number of milliseconds from %d to %d", least.Milliseconds(), most.Milliseconds()))
		return fallback
	}
	return time.Duration(n) * time.Millisecond
}

// OneOf returns one of the allowed words, whatever the case it is written in.
func (r *Reader) OneOf(name, fallback string, allowed ...string) string {
	s := strings.ToLower(r.get(name))
	if s == "" {
		return fallback
	}
	if !slices.Contains(allowed, s) {
		r.Fail(name, s, strings.Join(allowed, ", "))
		return fallback
	}
	return s
}

// List returns the entries of a variable that separates them by commas.
func (r *Reader) List(name string) []string {
	var list []string
	for entry := range strings.SplitSeq(r.get(name), ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, entry)
		}
	}
	return list
}

// Production reports whether NODE_ENV or APP_ENV is production.
func (r *Reader) Production() bool {
	return strings.EqualFold(r.get("NODE_ENV"), "production") || strings.EqualFold(r.get("APP_ENV"), "production")
}

// NoPlaceholder refuses, in production, a secret that is still the one of an
// example file. The secret is not shown.
func (r *Reader) NoPlaceholder(names ...string) {
	if !r.Production() {
		return
	}
	for _, name := range names {
		if s := strings.ToLower(r.get(name)); strings.Contains(s, "your-") || strings.Contains(s, "your_") {
			r.Add(fmt.Errorf("%w: %s holds a placeholder (your-... or your_...), expected a secret of your own in production", ErrInvalid, name))
		}
	}
}
