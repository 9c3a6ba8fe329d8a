package service

import (
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// limits makes what stands before the routes: the general limit is a plain counter that Node services
// share, and open while Redis is away.
func (m *Main) limits(clients *ratelimit.Clients) (general, auth api.Gate, err error) {
	o := m.config.RateLimit
	policy := ratelimit.Policy{Limit: defaultRequests, Window: defaultWindow}
	if len(o.Policies) > 0 {
		policy = o.Policies[0]
	}
	policy.Name, policy.Algorithm, policy.Shared, policy.Away = "api", ratelimit.FixedWindow, true, ratelimit.Open
	if general, err = api.Limit(m.redis, o, policy, ratelimit.ByClient(clients), web.Refuse); err != nil {
		return nil, nil, err
	}
	// Who guesses passwords is held up also while Redis is away.
	strict := ratelimit.Policy{Name: "auth", Limit: m.config.AuthPerHour, Window: time.Hour, Away: ratelimit.Local}
	auth, err = api.Limit(m.redis, ratelimit.Options{Timeout: o.Timeout}, strict, ratelimit.ByClient(clients), web.Refuse)
	return general, auth, err
}
