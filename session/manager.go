package session

import (
	"context"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Manager keeps the sessions of one service. It is safe for concurrent use. A client has one.
type Manager struct {
	rb      *redbrick.Client
	ns      string
	opt     Options
	proxies clientip.Proxies
	signer  signer
	// secureName is the cookie's over https.
	secureName string

	hot   script.Doer
	near  *near.Cache[*routeState]
	clock *clock.Coarse
}

// layoutVersion is the version of what the package keeps in Redis.
const layoutVersion = 1

// setUpTimeout bounds what New says to Redis.
const setUpTimeout = 2 * time.Second

// New makes the Manager of a client. It does not need Redis to be there. The error wraps redbrick.ErrConfig and names every
// option that is wrong, or weak without a reason.
func New(rb *redbrick.Client, o Options) (*Manager, error) {
	o, err := o.withDefaults(faults{name: fieldName})
	if err != nil {
		return nil, err
	}
	if o.DB != 0 && o.DB != rb.DB() {
		f := faults{name: fieldName}
		f.add("DB", o.DB, fmt.Sprintf("%d, that of the client: open one with this database for the sessions", rb.DB()))
		return nil, f.all[0]
	}
	m := &Manager{rb: rb, ns: rb.Namespace(), opt: o, hot: rb.Hot(), secureName: hostPrefix + o.Name}
	if m.proxies, err = clientip.New(o.TrustedProxies...); err != nil {
		return nil, fmt.Errorf("%w: %w", redbrick.ErrConfig, err)
	}
	if m.signer, err = newSigner(o.Secrets); err != nil {
		return nil, err
	}
	if err := m.register(); err != nil {
		return nil, err
	}
	claimed := false
	_, err = rb.Part("sessions", func() (any, func(), error) {
		claimed = true
		m.clock = clock.NewCoarse()
		m.near, err = near.New[*routeState](near.Options{
			MaxBytes: nearEntryCost * uint64(o.NearEntries), MaxEntries: o.NearEntries, //nolint:gosec // positive
			Generation: rb.Generation(), Clock: m.clock,
		})
		if err != nil {
			m.clock.Stop()
			return nil, nil, err
		}
		return m, m.close, nil
	})
	if err != nil {
		return nil, err
	}
	if !claimed {
		return nil, fmt.Errorf("%w: this client has sessions already, expected one session.New", redbrick.ErrConfig)
	}
	if err := rb.UseLayout("session", layoutVersion, layoutVersion); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	o.warn(ctx, rb)
	return m, m.track(ctx)
}

func (m *Manager) close() {
	m.near.Close()
	m.clock.Stop()
}

func (m *Manager) register() error {
	shape := redbrick.KeyShape{Owner: "session", Slot: "{<route>}"}
	hash, index, global := shape, shape, shape
	hash.Pattern, hash.Type, hash.TTL = "s:{<route>}:<public id>", "hash", "idle time, never beyond the absolute end"
	hash.Purpose = "a session"
	index.Pattern, index.Type, index.TTL = "si:{<route>}", "zset", "a day longer than the user's last session"
	index.Purpose = "public ids of a user's sessions by their absolute end; others are over"
	global.Pattern, global.Type, global.TTL, global.Slot = "sg:{all}", "string", "none", "{all}"
	global.Purpose = "epoch of all users"
	return m.rb.Register(hash, index, global)
}
