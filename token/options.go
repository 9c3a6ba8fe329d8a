package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// RefreshOptions are the options of a Refresh. Secrets, Sessions and EndSession have to be given.
type RefreshOptions struct {
	// Secrets are the server's, SESSION_SECRET as a rule, at least 32 bytes each. The first makes new tokens; tokens made with
	// the others are still good, so keep a replaced one in the list for as long as Idle. The keys themselves come from them by HKDF.
	Secrets [][]byte
	// Sessions is asked before each rotation whether the login lives: *session.Manager.
	Sessions Sessions
	// EndSession ends the login of a family that was ended by reuse, and with it its access tokens. It may be called more than
	// once for a session.
	EndSession func(ctx context.Context, s Session) error

	// Idle is how long a token is good if it is not used. 0 means 7 days.
	Idle time.Duration
	// Absolute is how long a family lives however often it is used. 0 means 30 days.
	Absolute time.Duration
	// Grace is how long a used token still gives its successor again. 0 means 10 s; -1 none: then two requests at once, or a
	// lost answer, log the client out.
	Grace time.Duration
	// MaxFamilies is how many families a user may have; one more ends the one that would end first, which is that not used for
	// the longest as a rule. 0 means 50.
	MaxFamilies int
	// Prefix is what tokens begin with, for scanners that look for leaked ones. Empty means "rbr".
	Prefix string
	// OnReuse is told when a family ends by reuse, to warn the user. It must not block. It may be told twice: of two uses at the
	// same moment, or where noting that it was told failed.
	OnReuse func(ctx context.Context, f Family)
	// AllowInsecure says why secrets may be short, and Sessions and EndSession missing: then access tokens outlive the theft
	// of a refresh token by their TTL.
	AllowInsecure string

	longGrace bool // for tests that cannot tell seconds apart
}

func refreshPrefix(p string) string { return or(p, "rbr") }

// maxFamilies bounds what List reads.
const maxFamilies = 1000

func (o RefreshOptions) withDefaults() (RefreshOptions, error) {
	o.Idle, o.Absolute, o.Grace = or(o.Idle, 7*24*time.Hour), or(o.Absolute, 30*24*time.Hour), or(o.Grace, 10*time.Second)
	o.MaxFamilies, o.Prefix = or(o.MaxFamilies, 50), refreshPrefix(o.Prefix)
	insecure := o.AllowInsecure != ""
	faults := weakSecrets("RefreshOptions.Secrets", o.Secrets, insecure)
	if o.Sessions == nil && !insecure {
		faults = append(faults, badOption("RefreshOptions.Sessions", "nil", "whoever knows which sessions live, or AllowInsecure"))
	}
	if o.EndSession == nil && !insecure {
		faults = append(faults, badOption("RefreshOptions.EndSession", "nil", "a function that ends a session, or AllowInsecure"))
	}
	if o.Idle < time.Second || o.Idle > o.Absolute {
		faults = append(faults, badOption("RefreshOptions.Idle", o.Idle, fmt.Sprintf("1s to Absolute (%v)", o.Absolute)))
	}
	if o.Absolute > maxTTL {
		faults = append(faults, badOption("RefreshOptions.Absolute", o.Absolute, "at most 10 years"))
	}
	if o.Grace != -1 && (o.Grace < time.Millisecond || o.Grace > maxGrace && !o.longGrace) {
		faults = append(faults, badOption("RefreshOptions.Grace", o.Grace, fmt.Sprintf("1ms to %v, or -1 for none", maxGrace)))
	}
	if o.MaxFamilies < 1 || o.MaxFamilies > maxFamilies {
		faults = append(faults, badOption("RefreshOptions.MaxFamilies", o.MaxFamilies, fmt.Sprintf("1 to %d", maxFamilies)))
	}
	if !validPrefix(o.Prefix) {
		faults = append(faults, badOption("RefreshOptions.Prefix", o.Prefix, "2 to 24 lower-case letters, digits and _ between them"))
	}
	return o, errors.Join(faults...)
}

// maxGrace: who steals a token may use it as long without being noticed at once.
const maxGrace = 2 * time.Minute

// NewRefresh makes a Refresh. All processes of a service need the same Secrets.
func NewRefresh(rb *redbrick.Client, o RefreshOptions) (*Refresh, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Refresh{rb: rb, o: o, head: rb.Namespace() + "tr:", list: rb.Namespace() + "ti:"}
	for _, s := range o.Secrets {
		r.keys = append(r.keys, newRefreshKey(s))
	}
	err = rb.Register(keyspace.Shape{
		Owner: "token", Pattern: "tr:{<route>}:<family>", Type: "hash", TTL: "idle time, never beyond the absolute end; that once it has ended",
		Slot: "{<route>}", Purpose: "a family of refresh tokens: hash of the good one, session, times",
	}, keyspace.Shape{
		Owner: "token", Pattern: "ti:{<route>}", Type: "zset", TTL: "a day longer than the user's last family",
		Slot: "{<route>}", Purpose: "families of a user that go on, by the end that each has if it is not used",
	})
	if err != nil {
		return nil, err
	}
	return r, rb.UseLayout("token", layoutVersion, layoutVersion)
}
