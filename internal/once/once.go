package once

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/begin.lua
var beginSource string

//go:embed lua/end.lua
var endSource string

var (
	beginScript = script.New("once/begin", beginSource)
	endScript   = script.New("once/end", endSource)
)

// Held is how long a process that died keeps others from the work; a living one renews it.
const Held = 15 * time.Second

// margin is how long before the end of a lease that cannot be renewed the work is told to stop.
const margin = Held / 5

// ErrLost is the cause with which the context of the work ends when the lease could not be renewed.
var ErrLost = errors.New("once: lease lost")

// Key is the key of the work called name.
func Key(namespace, name string) string { return namespace + "~once:{" + name + "}" }

// Do runs work if no process of the fleet has finished it within the last period, and none is at it now. It reports whether
// it ran. The context of work ends with the cause ErrLost when the lease was lost, or cannot be renewed and is about to end;
// work that ends with its context never overlaps with that of another process. Work that fails counts as not done.
func Do(ctx context.Context, d script.Doer, key string, period time.Duration, work func(context.Context) error) (ran bool, err error) {
	token := rand.Text()
	end := time.Now().Add(Held - margin)
	granted, err := beginScript.Do(ctx, d, []string{key, key + ":done"}, []string{token, ms(Held)}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("once: %w", err)
	}
	if granted == 0 {
		return false, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil) // where work panics, too
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		renew(ctx, d, key, token, end, cancel)
	}()
	err = work(ctx)
	lost := context.Cause(ctx)
	cancel(nil)
	<-renewed
	if errors.Is(lost, ErrLost) {
		err = errors.Join(err, lost)
	}
	done := "0"
	if err == nil {
		done = ms(period)
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), Held/3)
	defer stop()
	_, ended := endScript.Do(last, d, []string{key, key + ":done"}, []string{token, done}).AsInt64()
	return true, errors.Join(err, ended)
}

// renew keeps the lease while the work goes on. end is when it has to stop without a renewal.
func renew(ctx context.Context, d script.Doer, key, token string, end time.Time, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(Held / 3)
	defer ticker.Stop()
	over := time.NewTimer(time.Until(end))
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			lost(ErrLost)
			return
		case <-ticker.C:
		}
		asked := time.Now() // the lease is counted from before it was renewed
		call, stop := context.WithDeadline(ctx, end)
		granted, err := beginScript.Do(call, d, []string{key, key + ":done"}, []string{token, ms(Held)}).AsInt64()
		stop()
		switch {
		case err == nil && granted == 1:
			end = asked.Add(Held - margin)
			over.Reset(time.Until(end))
		case err == nil:
			lost(ErrLost)
			return
		}
	}
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
