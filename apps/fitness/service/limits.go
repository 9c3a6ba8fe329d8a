package service

import (
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/web"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// What a user or client may ask for in a window, if nothing else is said.
const (
	defaultWindow   = 15 * time.Minute
	defaultRequests = 100
	defaultAuth     = 30 // of these to /auth/
)

// limits makes what stands before the routes.
func (m *Main) limits(clients *ratelimit.Clients) (general, auth api.Gate, err error) {
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
	if general, err = api.Limit(m.redis, o, policy, web.LimitKey(clients), web.Refuse); err != nil {
		return nil, nil, err
	}
	auth, err = api.Limit(m.redis, o, strict, web.LimitKey(clients), web.Refuse)
	return general, auth, err
}
