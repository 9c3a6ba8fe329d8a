package lifecycle

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Signals is a context that ends at the first SIGINT or SIGTERM. At the second
// last is called, which should say what is lost and end the process. stop gives
// the signals back their usual meaning.
func Signals(ctx context.Context, last func(os.Signal)) (asked context.Context, stop func()) {
	asked, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-signals:
			cancel()
		case <-ended:
			return
		}
		select {
		case s := <-signals:
			last(s)
		case <-ended:
		}
	}()
	return asked, func() {
		signal.Stop(signals)
		cancel()
		close(ended)
		<-gone
	}
}
