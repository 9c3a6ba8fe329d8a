package api

import (
	"net/http"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// Gate is what stands before a handler.
type Gate func(http.Handler) http.Handler

// Free lets everything through.
func Free(next http.Handler) http.Handler { return next }

// Limit makes a gate of one policy that counts by key. o has no other; denied answers what is not
// admitted.
func Limit(rb *redbrick.Client, o ratelimit.Options, policy ratelimit.Policy, key func(*http.Request) string, denied func(http.ResponseWriter, *http.Request, *httpjson.Error)) (Gate, error) {
	o.Policies = []ratelimit.Policy{policy}
	limiter, err := ratelimit.New(rb, o)
	if err != nil {
		return nil, err
	}
	gate, err := ratelimit.NewMiddleware(ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Limiter: limiter, Key: key}},
		Denied: func(w http.ResponseWriter, r *http.Request, status int, result ratelimit.Result) {
			reply := tooMany(result)
			if status == http.StatusServiceUnavailable {
				reply = Unavailable()
			}
			denied(w, r, reply)
		},
	})
	return gate, err
}

// tooMany is the answer to what a limit does not admit.
func tooMany(r ratelimit.Result) *httpjson.Error {
	reply := &httpjson.Error{Status: http.StatusTooManyRequests, Text: "Too many requests", RetryAfter: r.RetryAfter}
	if r.RetryAfter == ratelimit.Never {
		reply.RetryAfter = 0
	}
	return reply
}
