package push

import (
	"context"
	"sync"
)

// Subscribe listens to a channel until stop is called; *redbrick.Client has one.
type Subscribe func(ctx context.Context, channel string, message func(payload string), live func(bool)) (stop func(), err error)

// Hub wakes those who wait for a word to be said on a channel. It subscribes when the first of them asks, and wakes
// everybody whenever words may have been missed. It is safe for concurrent use.
type Hub struct {
	subscribe Subscribe
	channel   string

	life context.Context //nolint:containedctx // a subscription is made for all, so none of those who wait for it ends it
	end  context.CancelFunc

	mu       sync.Mutex
	live     bool
	closed   bool
	stop     func()
	starting *start // nil if no subscription is being made
	waiting  map[string]map[chan struct{}]struct{}
}

// start is a subscription that is being made.
type start struct {
	done chan struct{}
	err  error // valid when done is closed
}

// NewHub makes a Hub; Close ends it.
func NewHub(channel string, subscribe Subscribe) *Hub {
	h := &Hub{subscribe: subscribe, channel: channel, waiting: make(map[string]map[chan struct{}]struct{})}
	h.life, h.end = context.WithCancel(context.Background())
	return h
}

// Wait registers for a word. The channel is closed when it is said, or may have been; leave must be called in the end.
// live is false while the hub does not hear: then call Start, and look again at what is waited for.
func (h *Hub) Wait(word string) (said <-chan struct{}, leave func(), live bool) {
	ch := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[word] == nil {
		h.waiting[word] = make(map[chan struct{}]struct{})
	}
	h.waiting[word][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting[word], ch)
		if len(h.waiting[word]) == 0 {
			delete(h.waiting, word)
		}
	}, h.live
}

// Start makes the hub hear. It returns at once if it does. Those who come while a subscription is being made share its
// outcome, and each leaves with a context of his own.
func (h *Hub) Start(ctx context.Context) error {
	h.mu.Lock()
	if h.stop != nil || h.closed {
		h.mu.Unlock()
		return nil // a lost subscription comes back by itself
	}
	s := h.starting
	if s == nil {
		s = &start{done: make(chan struct{})}
		h.starting = s
		go h.run(s)
	}
	h.mu.Unlock()
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run makes the subscription. Close waits for it.
func (h *Hub) run(s *start) {
	stop, err := h.subscribe(h.life, h.channel, h.said, h.heard)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop, h.starting, s.err = stop, nil, err
	close(s.done)
}

// Close ends the subscription, also one that is being made, and wakes everybody.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	s := h.starting
	h.mu.Unlock()
	h.end()
	if s != nil {
		<-s.done
	}
	h.mu.Lock()
	stop := h.stop
	h.stop = nil
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
	h.heard(false)
}

func (h *Hub) said(word string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.waiting[word] {
		close(ch)
	}
	delete(h.waiting, word)
}

func (h *Hub) heard(live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live = live
	for _, chs := range h.waiting {
		for ch := range chs {
			close(ch)
		}
	}
	clear(h.waiting)
}
