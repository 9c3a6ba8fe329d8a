package service

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// limits makes what stands before the routes: the general limit is a plain counter that Node services
// share, and open while Redis is away.
func (m *Main) limits() (general, auth func(http.Handler) http.Handler, err error) {
	clients, err := ratelimit.NewClients(ratelimit.ClientOptions{TrustedProxies: m.config.TrustedProxies})
	if err != nil {
		return nil, nil, err
	}
	o := m.config.RateLimit
	if len(o.Policies) == 0 {
		o.Policies = []ratelimit.Policy{{Limit: defaultRequests, Window: defaultWindow}}
	}
	policy := o.Policies[0]
	policy.Name, policy.Algorithm, policy.Shared, policy.Away = "api", ratelimit.FixedWindow, true, ratelimit.Open
	o.Policies = []ratelimit.Policy{policy}
	if general, err = m.limit(o, clients); err != nil {
		return nil, nil, err
	}
	// Who guesses passwords is held up also while Redis is away.
	auth, err = m.limit(ratelimit.Options{Timeout: o.Timeout, Policies: []ratelimit.Policy{
		{Name: "auth", Limit: m.config.AuthPerHour, Window: time.Hour, Away: ratelimit.Local},
	}}, clients)
	return general, auth, err
}

func (m *Main) limit(o ratelimit.Options, clients *ratelimit.Clients) (func(http.Handler) http.Handler, error) {
	limiter, err := ratelimit.New(m.redis, o)
	if err != nil {
		return nil, err
	}
	return ratelimit.NewMiddleware(ratelimit.HTTPOptions{
		Rules:  []ratelimit.Rule{{Limiter: limiter, Key: ratelimit.ByClient(clients)}},
		Denied: web.Denied,
	})
}
