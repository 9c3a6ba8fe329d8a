package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// inertParameter is one that is kept for those who read it: its value at the start, and what is kept of a value that is set.
// A nil set is one that cannot change at run time.
type inertParameter struct {
	standard string
	set      func(v string) (kept string, err error)
}

// inert are all of them, with the values that Redis takes.
var inert = map[string]inertParameter{
	"timeout":                     {"0", wholeNumber(0, math.MaxInt32)},
	"tcp-keepalive":               {"300", wholeNumber(0, math.MaxInt32)},
	"hz":                          {"10", rate},
	"maxmemory-eviction-tenacity": {"10", wholeNumber(0, 100)},
	"active-expire-effort":        {"1", wholeNumber(1, 10)},
	"list-compress-depth":         {"0", wholeNumber(0, math.MaxInt32)},
	"min-replicas-to-write":       {"0", wholeNumber(0, math.MaxInt32)},
	"lazyfree-lazy-eviction":      {"no", yesOrNo},
	"lazyfree-lazy-expire":        {"no", yesOrNo},
	"lazyfree-lazy-server-del":    {"no", yesOrNo},
	"lazyfree-lazy-user-del":      {"no", yesOrNo},
	"lazyfree-lazy-user-flush":    {"no", yesOrNo},
	"activerehashing":             {"yes", yesOrNo},
	"activedefrag":                {"no", yesOrNo},
	"replica-read-only":           {"yes", yesOrNo},
	"loglevel":                    {"notice", oneOf("debug", "verbose", "notice", "warning")},
	"cluster-enabled":             {"no", nil},
	"enable-debug-command":        {"yes", nil},
}

func defaultInert() map[string]string {
	values := make(map[string]string, len(inert))
	for name, p := range inert {
		values[name] = p.standard
	}
	return values
}

// inertParameters are the parts of CONFIG that keep them.
func inertParameters() map[string]parameter {
	all := make(map[string]parameter, len(inert))
	for name, p := range inert {
		kept := parameter{get: func(e *Engine) string { return e.config.inert[name] }}
		if p.set != nil {
			kept.set = func(e *Engine, v string) error {
				kept, err := p.set(v)
				if err == nil {
					e.config.inert[name] = kept
				}
				return err
			}
		}
		all[name] = kept
	}
	return all
}

func wholeNumber(least, most int64) func(string) (string, error) {
	return func(v string) (string, error) {
		n, err := parseBetween(v, least, most)
		return strconv.FormatInt(n, 10), err
	}
}

// rate is a number of times a second. What lies beyond the bounds is taken to them.
func rate(v string) (string, error) {
	n, err := parseBetween(v, 0, math.MaxInt32)
	return strconv.FormatInt(min(max(n, 1), 500), 10), err
}

func yesOrNo(v string) (string, error) {
	kept := strings.ToLower(v)
	if kept != "yes" && kept != "no" {
		return "", fmt.Errorf("argument must be 'yes' or 'no'")
	}
	return kept, nil
}

func oneOf(words ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		kept := strings.ToLower(v)
		if !slices.Contains(words, kept) {
			return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(words, ", "))
		}
		return kept, nil
	}
}
