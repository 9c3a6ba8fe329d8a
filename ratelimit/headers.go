package ratelimit

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers are the kinds of headers that the middleware writes.
type Headers int

const (
	// AllHeaders are those of the two kinds below.
	AllHeaders Headers = iota
	// DraftHeaders are RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers): an item a
	// policy, with quota q and window w in seconds, what remains r and the seconds t until there is more, or until all is
	// there again.
	DraftHeaders
	// LegacyHeaders are X-RateLimit-Limit, -Remaining and -Reset of the policy that bound, Reset in ISO 8601.
	LegacyHeaders
	// NoHeaders leaves Retry-After alone, which every denial has.
	NoHeaders
)

// isoMillis is how JavaScript writes a time: Date.prototype.toISOString.
const isoMillis = "2006-01-02T15:04:05.000Z"

// seconds rounds up: nobody is to come too early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// writeHeaders says what an answer of Redis was; policies are the items of RateLimit-Policy.
func (h Headers) write(w http.ResponseWriter, r Result, policies []string) {
	if h == NoHeaders || r.Degraded || r.Policy == "" {
		return
	}
	out := w.Header()
	if h != LegacyHeaders {
		out.Set("RateLimit-Policy", strings.Join(policies, ", "))
		out.Set("RateLimit", rateLimitField(r))
	}
	if h != DraftHeaders {
		out.Set("X-RateLimit-Limit", itoa(r.Limit))
		out.Set("X-RateLimit-Remaining", itoa(r.Remaining))
		out.Set("X-RateLimit-Reset", time.Now().Add(min(r.ResetAfter, maxWindow)).UTC().Format(isoMillis))
	}
}

// rateLimitField is the RateLimit header.
func rateLimitField(r Result) string {
	all := r.Policies
	if all == nil {
		all = []PolicyResult{{Name: r.Policy, Allowed: r.Allowed, Remaining: r.Remaining, RetryAfter: r.RetryAfter, ResetAfter: r.ResetAfter}}
	}
	var b strings.Builder
	for _, p := range all {
		if p.Shadow {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(p.Name)) // a name has nothing to escape
		b.WriteString(";r=")
		b.WriteString(itoa(p.Remaining))
		after := p.ResetAfter
		if !p.Allowed {
			after = p.RetryAfter
		}
		if after != Never {
			b.WriteString(";t=")
			b.WriteString(itoa(seconds(after)))
		}
	}
	return b.String()
}

// policyItems are the items of RateLimit-Policy for a limiter.
func (l *Limiter) policyItems() []string {
	var items []string
	for i := range l.o.Policies {
		p := &l.o.Policies[i]
		switch {
		case p.Shadow:
		case p.Algorithm == Concurrency:
			items = append(items, strconv.Quote(p.Name)+`;q=`+itoa(p.Limit)+`;qu="concurrent-requests"`)
		default:
			items = append(items, strconv.Quote(p.Name)+`;q=`+itoa(p.Limit)+`;w=`+itoa(seconds(p.Window)))
		}
	}
	return items
}

// retryAfter is the header in seconds, at least 1.
func retryAfter(r Result) int64 {
	if r.RetryAfter == Never {
		return seconds(never)
	}
	return max(seconds(r.RetryAfter), 1)
}

// never is what those are told who need not come again: a day, so that they do not come too often.
const never = 24 * time.Hour

// problem is a problem details body (RFC 9457) of the types that the draft registers.
type problem struct {
	Type       string   `json:"type"`
	Title      string   `json:"title"`
	Status     int      `json:"status"`
	Violated   []string `json:"violated-policies,omitempty"`
	RetryAfter int64    `json:"retryAfter"`
}

const problemTypes = "https://iana.org/assignments/http-problem-types#"

// writeProblem is the body of a denial.
func writeProblem(w http.ResponseWriter, status int, r Result) {
	p := problem{Type: problemTypes + "quota-exceeded", Title: "Request cannot be satisfied as assigned quota has been exceeded", Status: status, RetryAfter: retryAfter(r)}
	if status == http.StatusServiceUnavailable {
		p.Type, p.Title = problemTypes+"temporary-reduced-capacity", "Request cannot be satisfied due to temporary server capacity constraints"
	} else {
		for _, one := range r.Policies {
			if !one.Allowed && !one.Shadow {
				p.Violated = append(p.Violated, one.Name)
			}
		}
		if p.Violated == nil {
			p.Violated = []string{r.Policy}
		}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body, err := json.Marshal(p)
	if err == nil { // it holds nothing that JSON has no word for
		_, err = w.Write(body)
	}
	_ = err // the client has gone: nobody is left to tell
}
