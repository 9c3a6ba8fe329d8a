package lock

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
)

// Options are the options of a Locker, or of one lock. The zero value is good.
type Options struct {
	// TTL is how long a lock stays taken after its holder died; a living holder renews it after a third. 0 means 15 s, the
	// least is 50 ms, the most a day.
	TTL time.Duration
	// Wait is how long Acquire stands in the queue before it returns ErrHeld. 0 means for as long as its context lives.
	Wait time.Duration
	// MaxHold is how long a lease is renewed, against holders that hang: after it the lease is lost. 0 means for good.
	MaxHold time.Duration
	// Owner is shown to whoever looks at the lock in Redis: letters, digits and `_ : . -`, at most 64. Empty means the name
	// of the host and the number of the process.
	Owner string
}

const (
	defaultTTL = 15 * time.Second
	minTTL     = 50 * time.Millisecond
	maxTTL     = 24 * time.Hour
	maxOwner   = 64
)

// over fills what is left open from other options.
func (o Options) over(rest Options) Options {
	if o.TTL == 0 {
		o.TTL = rest.TTL
	}
	if o.Wait == 0 {
		o.Wait = rest.Wait
	}
	if o.MaxHold == 0 {
		o.MaxHold = rest.MaxHold
	}
	if o.Owner == "" {
		o.Owner = rest.Owner
	}
	return o
}

func (o Options) withDefaults() (Options, error) {
	o = o.over(Options{TTL: defaultTTL})
	if o.Owner == "" {
		o.Owner = hostOwner()
	}
	var faults []error
	if o.TTL < minTTL || o.TTL > maxTTL {
		faults = append(faults, fmt.Errorf("%w: Options.TTL is %v, expected %v to %v, or 0 for %v", redbrick.ErrConfig, o.TTL, minTTL, maxTTL, defaultTTL))
	}
	if o.Wait < 0 {
		faults = append(faults, fmt.Errorf("%w: Options.Wait is %v, expected a positive duration, or 0 for no bound", redbrick.ErrConfig, o.Wait))
	}
	if o.MaxHold < 0 || o.MaxHold > 0 && o.MaxHold < o.TTL {
		faults = append(faults, fmt.Errorf("%w: Options.MaxHold is %v, expected at least TTL (%v), or 0 for no bound", redbrick.ErrConfig, o.MaxHold, o.TTL))
	}
	if len(o.Owner) > maxOwner || o.Owner != plain(o.Owner) {
		faults = append(faults, fmt.Errorf("%w: Options.Owner is %q, expected at most %d letters, digits and _ : . -", redbrick.ErrConfig, o.Owner, maxOwner))
	}
	return o, errors.Join(faults...)
}

// hostOwner names this process.
func hostOwner() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "host"
	}
	host = plain(host)
	return fmt.Sprintf("%s:%d", host[:min(len(host), maxOwner/2)], os.Getpid())
}

// plain puts a dash in the place of what an owner may not have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == ':', r == '.', r == '-':
			return r
		}
		return '-'
	}, s)
}
