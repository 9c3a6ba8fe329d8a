package service

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/web"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// What a user or client may ask for in a window, if nothing else is said.
const (
	defaultWindow   = 15 * time.Minute
	defaultRequests = 100
	defaultAuth     = 30 // of these to /auth/
)

// limits makes what stands before the routes.
func (m *Main) limits(clients *ratelimit.Clients) (general, auth func(http.Handler) http.Handler, err error) {
	o := m.config.RateLimit
	policy := ratelimit.Policy{Limit: defaultRequests, Window: defaultWindow}
	if len(o.Policies) > 0 {
		policy.Limit, policy.Window = o.Policies[0].Limit, o.Policies[0].Window
	}
	policy.Name, policy.Algorithm, policy.Away = "api", ratelimit.FixedWindow, ratelimit.Open
	// Who guesses passwords is held up also while Redis is away.
	strict := ratelimit.Policy{Name: "auth", Algorithm: ratelimit.FixedWindow, Limit: m.config.AuthLimit, Window: policy.Window, Away: ratelimit.Local}
	if strict.Limit == 0 {
		strict.Limit = defaultAuth
	}
	if general, err = m.limit(o, policy, clients); err != nil {
		return nil, nil, err
	}
	auth, err = m.limit(o, strict, clients)
	return general, auth, err
}

func (m *Main) limit(o ratelimit.Options, policy ratelimit.Policy, clients *ratelimit.Clients) (func(http.Handler) http.Handler, error) {
	o.Policies = []ratelimit.Policy{policy}
	limiter, err := ratelimit.New(m.redis, o)
	if err != nil {
		return nil, err
	}
	return ratelimit.NewMiddleware(ratelimit.HTTPOptions{
		Rules: []ratelimit.Rule{{Limiter: limiter, Key: web.LimitKey(clients)}},
		Denied: func(w http.ResponseWriter, r *http.Request, status int, result ratelimit.Result) {
			switch {
			case status == http.StatusServiceUnavailable:
				web.Unavailable(w, r, nil)
			case result.RetryAfter == ratelimit.Never:
				web.Denied(w, r, 0)
			default:
				web.Denied(w, r, result.RetryAfter)
			}
		},
	})
}
