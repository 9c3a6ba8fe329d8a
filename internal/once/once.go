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

// ErrLost is the cause with which the context of the work ends when the lease could not be renewed.
var ErrLost = errors.New("once: lease lost")

// Key is the key of the work called name.
func Key(namespace, name string) string { return namespace + "~once:{" + name + "}" }

// Do runs work if no process of the fleet has finished it within the last period, and none is at it now. It reports whether
// it ran. The context of work ends with the cause ErrLost when the lease was lost: another process may be at it by then.
// Work that fails counts as not done.
func Do(ctx context.Context, d script.Doer, key string, period time.Duration, work func(context.Context) error) (ran bool, err error) {
	token := rand.Text()
	granted, err := beginScript.Do(ctx, d, []string{key, key + ":done"}, []string{token, ms(Held)}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("once: %w", err)
	}
	if granted == 0 {
		return false, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		renew(ctx, d, key, token, cancel)
	}()
	err = work(ctx)
	lost := context.Cause(ctx)
	cancel(nil)
	<-renewed
	if err == nil && errors.Is(lost, ErrLost) {
		err = lost
	}
	done := "0"
	if err == nil {
		done = ms(period)
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), Held/3)
	defer stop()
	_, ended := endScript.Do(end, d, []string{key, key + ":done"}, []string{token, done}).AsInt64()
	return true, errors.Join(err, ended)
}

// renew keeps the lease while the work goes on.
func renew(ctx context.Context, d script.Doer, key, token string, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(Held / 3)
	defer ticker.Stop()
	until := time.Now().Add(Held)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		granted, err := beginScript.Do(ctx, d, []string{key, key + ":done"}, []string{token, ms(Held)}).AsInt64()
		switch {
		case err == nil && granted == 1:
			until = time.Now().Add(Held)
		case err == nil, time.Now().After(until):
			lost(ErrLost)
			return
		}
	}
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
