package redbrick

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// Subscribe listens to a channel (physical name) on a connection of its own until stop is called. It returns once the
// subscription stands, or with an error when the server does not take it at once.
//
// message gets every payload. live gets true when the subscription stands (again) and false when it is lost, which a
// ping notices within 1.5 s on a silent link; whatever was published in between is lost. After false nothing counts
// that comes of the subscription before. Both run on the connection's reader and must not block.
func (c *Client) Subscribe(ctx context.Context, channel string, message func(payload string), live func(bool)) (stop func(), err error) {
	first := make(chan error, 1)
	life, cancel := context.WithCancel(c.life)
	ended := make(chan struct{})
	ok := c.spawn(func() {
		defer close(ended)
		c.listen(life, channel, message, live, first)
	})
	if !ok {
		cancel()
		return nil, errClosed
	}
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	select {
	case err = <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// listen keeps the subscription until life ends. The outcome of the first try goes to first, also where life ended before it.
func (c *Client) listen(life context.Context, channel string, message func(string), live func(bool), first chan<- error) {
	const pause = 50 * time.Millisecond
	delay := pause
	for attempt := 0; life.Err() == nil; attempt++ {
		var mu sync.Mutex
		over := false // the server may answer when nobody waits for it any more
		clean, err := c.listenOnce(life, channel, message, func() {
			mu.Lock()
			defer mu.Unlock()
			if over {
				return
			}
			delay = pause
			live(true)
			if attempt == 0 {
				first <- nil
			}
		})
		mu.Lock()
		over = true
		mu.Unlock()
		if attempt == 0 {
			select {
			case first <- err:
			default:
			}
		}
		live(false)
		clean() // may wait for a dead connection
		timer := time.NewTimer(delay)
		select {
		case <-life.Done():
			timer.Stop()
		case <-timer.C:
		}
		delay = min(2*delay, c.options.RetryDelay)
	}
	select {
	case first <- errClosed:
	default:
	}
}

// listenOnce returns when the subscription is lost; clean ends what is left of it.
func (c *Client) listenOnce(life context.Context, channel string, message func(string), stands func()) (clean func(), err error) {
	client, err := c.dial(life, roleBlocking, func(opt *rueidis.ClientOption) {
		opt.Dialer.KeepAlive = trackedPing
		opt.ConnWriteTimeout = c.silence
	})
	if err != nil {
		return func() {}, err
	}
	wire, release := client.Dedicate()
	clean = func() {
		release()
		c.release(client)
	}
	lost := wire.SetPubSubHooks(rueidis.PubSubHooks{
		OnMessage: func(m rueidis.PubSubMessage) { message(m.Message) },
		OnSubscription: func(s rueidis.PubSubSubscription) {
			if s.Kind == "subscribe" {
				stands()
			}
		},
	})
	call, cancel := context.WithTimeout(life, c.options.ConnectTimeout)
	err = wire.Do(call, wire.B().Subscribe().Channel(channel).Build()).Error()
	cancel()
	if err != nil {
		return clean, fmt.Errorf("%w: subscribing to %s: %w", ErrUnavailable, channel, err)
	}
	select {
	case <-life.Done():
		return clean, life.Err()
	case err = <-lost:
		return clean, fmt.Errorf("%w: subscription to %s: %w", ErrUnavailable, channel, err)
	}
}
