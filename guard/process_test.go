package guard_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
)

// A process that reserves an attempt, says so, and waits to be killed.
var reserving = redistest.NewProgram("guard-reserving", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	g, err := guard.NewLogin(rb, guard.LoginOptions{})
	if err != nil {
		return err
	}
	for range 5 {
		if _, err := g.Reserve(ctx, attempt("anna", 1)); err != nil {
			return err
		}
	}
	if err := c.Send("reserved"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
})

// Attempts of a process that is killed while it checks the password are failures, or whoever can crash it could try without end.
func TestAttemptsOfAKilledProcessAreFailures(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		p := reserving.Start(t, rb)
		p.Recv()
		p.Kill()
		refused(t, newLogin(t, rb, guard.LoginOptions{}), attempt("anna", 2))
	}, redistest.Processes)
}

// A process that keeps networks out, and goes on.
var listing = redistest.NewProgram("guard-listing", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	l, err := guard.NewIPList(rb, "admin", guard.IPListOptions{Refresh: time.Hour})
	if err != nil {
		return err
	}
	if err := l.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = l.Stop(context.WithoutCancel(ctx)) }()
	for _, a := range c.Args {
		p, err := guard.ParsePrefix(a)
		if err != nil {
			return err
		}
		if err := l.Deny(ctx, p, guard.Entry{By: "another process"}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
})

// The list here looks by itself when its subscription begins and then never again: what the second process does is pushed.
func TestAChangeOfAnotherProcessIsPushed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		here := newList(t, rb, guard.IPListOptions{})
		first := listing.Start(t, rb, "10.0.0.0/8")
		soon(t, here, "-10.1.2.3", "+192.0.2.1")
		listing.Start(t, rb, "192.0.2.1", "2001:db8::/32")
		soon(t, here, "-10.1.2.3", "-192.0.2.1", "-2001:db8::1", "+192.0.2.2")
		if v := here.Check(netip.MustParseAddr("192.0.2.1")); v.By == nil || v.By.By != "another process" {
			t.Errorf("%+v", v)
		}
		first.Kill()
		removed, err := here.Remove(t.Context(), prefix(t, "10.0.0.0/8"), "this process")
		ok(t, err)
		ok(t, says(here, "+10.1.2.3"))
		if !removed {
			t.Error("what another process listed is not removed")
		}
	}, redistest.Processes)
}
