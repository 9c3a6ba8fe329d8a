package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// proxyRule is one object of the rules file.
type proxyRule struct {
	// Path is a path as it stands in requests, or the beginning of one and an asterisk. The longest that fits counts.
	Path                 string   `json:"path"`
	TTL                  duration `json:"ttl"`
	StaleWhileRevalidate duration `json:"staleWhileRevalidate"`
	StaleIfError         duration `json:"staleIfError"`
	Query                []string `json:"query"`
	Tags                 []string `json:"tags"`
	VaryBy               []string `json:"varyBy"`
	Shared               bool     `json:"shared"`
	MaxBody              int      `json:"maxBody"`
	NoCompress           bool     `json:"noCompress"`
	// Bypass sends requests past the cache.
	Bypass bool `json:"bypass"`
	// Invalidates are tags, or URLs, that writes to the path make invalid.
	Invalidates []string   `json:"invalidates"`
	Limit       *rateLimit `json:"limit"`

	line int
}

// rateLimit is how many requests a client may make.
type rateLimit struct {
	Requests int64    `json:"requests"`
	Window   duration `json:"window"`
	Burst    int64    `json:"burst"`
}

// duration is written as Go writes it: "90s", "1h30m".
type duration time.Duration

// UnmarshalText reads a duration.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q, expected a duration such as \"90s\" or \"1h30m\"", text)
	}
	*d = duration(parsed)
	return nil
}

// cached is the rule as the cache takes it.
func (r *proxyRule) cached() httpcache.Rule {
	rule := httpcache.Rule{
		TTL: time.Duration(r.TTL), StaleWhileRevalidate: time.Duration(r.StaleWhileRevalidate), StaleIfError: time.Duration(r.StaleIfError),
		Query: r.Query, VaryBy: r.VaryBy, Shared: r.Shared, MaxBody: r.MaxBody, NoCompress: r.NoCompress,
	}
	if tags := r.Tags; len(tags) > 0 {
		rule.Tags = func(*http.Request) []string { return tags }
	}
	if r.Bypass {
		rule.When = func(*http.Request) bool { return false }
	}
	return rule
}

// policy is the limit as the limiter takes it. Its name is the path in letters, digits and underscores, so that two paths
// have two names, and one path the same in every process.
func (r *proxyRule) policy() ratelimit.Policy {
	name := []byte("proxy.")
	for i := range len(r.Path) {
		if c := r.Path[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' {
			name = append(name, c)
		} else {
			name = fmt.Appendf(name, "_%02x", c)
		}
	}
	return ratelimit.Policy{Name: string(name), Limit: r.Limit.Requests, Window: time.Duration(r.Limit.Window), Burst: r.Limit.Burst}
}

// readRules reads a rules file, a JSON array, and reports all faults with their lines.
func readRules(file string, text []byte) ([]proxyRule, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	at := func(offset int64, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %w", file, 1+bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n")), fmt.Errorf(format, args...))
	}
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return nil, at(0, "expected a JSON array of rules")
	}
	var rules []proxyRule
	var faults []error
	for d.More() {
		from := d.InputOffset()
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				from = syntax.Offset
			}
			return nil, errors.Join(append(faults, at(from, "%w", err))...)
		}
		from = d.InputOffset() - int64(len(raw))
		r, found := readRule(raw)
		for _, f := range found {
			faults = append(faults, at(from+f.offset, "%w", f.err))
		}
		r.line = 1 + bytes.Count(text[:from], []byte("\n"))
		for _, other := range rules {
			if other.Path == r.Path {
				faults = append(faults, at(from, "path is %q, as in line %d, expected one rule for a path", r.Path, other.line))
			}
		}
		rules = append(rules, r)
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.Join(append(faults, at(int64(len(text)), "expected ] after the last rule"))...)
	}
	if d.More() {
		faults = append(faults, at(d.InputOffset(), "expected nothing after the array"))
	}
	return rules, errors.Join(faults...)
}

// ruleFault is a fault and where in the rule it is.
type ruleFault struct {
	offset int64
	err    error
}

var unknownField = regexp.MustCompile(`unknown field "(.*)"`)

func readRule(raw []byte) (r proxyRule, faults []ruleFault) {
	// fault tells of a field, where it stands or at the beginning of the rule.
	fault := func(field string, err error) {
		offset := int64(0)
		if at := regexp.MustCompile(`"` + regexp.QuoteMeta(field) + `"\s*:`).FindIndex(raw); at != nil {
			offset = int64(at[0])
		}
		faults = append(faults, ruleFault{offset, err})
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		var kind *json.UnmarshalTypeError
		switch m := unknownField.FindStringSubmatch(err.Error()); {
		case errors.As(err, &kind):
			faults = append(faults, ruleFault{kind.Offset, fmt.Errorf("%s is a %s, expected %s", kind.Field, kind.Value, kindName(kind))})
		case m != nil:
			fault(m[1], fmt.Errorf("%q is no field of a rule", m[1]))
		default:
			fault(durationField(raw, err), err)
		}
		return r, faults
	}
	expect := func(ok bool, field, format string, args ...any) {
		if !ok {
			fault(field, fmt.Errorf(format, args...))
		}
	}
	expect(strings.HasPrefix(r.Path, "/"), "path", "path is %q, expected one that begins with a slash", r.Path)
	expect(!strings.Contains(strings.TrimSuffix(r.Path, "*"), "*"), "path", "path is %q, expected an asterisk at its end alone", r.Path)
	if err := r.cached().Check(); err != nil {
		fault(fieldOf(err), err)
	}
	if r.Limit != nil {
		expect(r.Limit.Requests > 0, "requests", "requests is %d, expected more than 0", r.Limit.Requests)
		expect(r.Limit.Window > 0, "window", "window is %s, expected more than 0", time.Duration(r.Limit.Window))
		expect(r.Limit.Burst >= 0, "burst", "burst is %d, expected 0 or more", r.Limit.Burst)
	}
	return r, faults
}

func kindName(e *json.UnmarshalTypeError) string {
	switch name := e.Type.String(); name {
	case "cli.duration":
		return "a duration in quotes, such as \"90s\""
	case "[]string":
		return "an array of strings"
	case "cli.rateLimit", "cli.proxyRule":
		return "an object"
	case "int", "int64":
		return "a whole number"
	default:
		return "a " + name
	}
}

// durationField finds the field whose text a fault quotes.
func durationField(raw []byte, err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), `"`), `", expected`)
	if m := regexp.MustCompile(`"(\w+)"\s*:\s*"` + regexp.QuoteMeta(text) + `"`).FindSubmatch(raw); m != nil {
		return string(m[1])
	}
	return ""
}

var ruleField = regexp.MustCompile(`Rule\.(\w+)`)

// fieldOf is the JSON name of the field that a fault of the cache's rule names.
func fieldOf(err error) string {
	m := ruleField.FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		return ""
	case m[1] == "TTL":
		return "ttl"
	}
	return strings.ToLower(m[1][:1]) + m[1][1:]
}
