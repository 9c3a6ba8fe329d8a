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

	starting sync.Mutex
	mu       sync.Mutex
	live     bool
	stop     func()
	waiting  map[string]map[chan struct{}]struct{}
}

// NewHub makes a Hub; Close ends it.
func NewHub(channel string, subscribe Subscribe) *Hub {
	return &Hub{subscribe: subscribe, channel: channel, waiting: make(map[string]map[chan struct{}]struct{})}
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

// Start makes the hub hear. It returns at once if it does.
func (h *Hub) Start(ctx context.Context) error {
	h.starting.Lock()
	defer h.starting.Unlock()
	h.mu.Lock()
	started := h.stop != nil
	h.mu.Unlock()
	if started {
		return nil // a lost subscription comes back by itself
	}
	stop, err := h.subscribe(ctx, h.channel, h.said, h.heard)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.stop = stop
	h.mu.Unlock()
	return nil
}

// Close ends the subscription and wakes everybody.
func (h *Hub) Close() {
	h.starting.Lock()
	defer h.starting.Unlock()
	h.mu.Lock()
	stop := h.stop
	h.stop = func() {}
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
