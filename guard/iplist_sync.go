package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
)

// firstLoad bounds how long Start waits for the list.
const firstLoad = 2 * time.Second

// Start reads the list and keeps it up to date until Stop, or until the client is closed. It returns an error only where the list is there and cannot
// be read; while Redis is away the list is empty, and read when Redis is there. Starting twice does nothing.
func (l *IPList) Start(ctx context.Context) error {
	l.running.Lock()
	defer l.running.Unlock()
	if l.end != nil {
		return nil
	}
	if err := l.started.add(l); err != nil {
		return err
	}
	first, cancel := context.WithTimeout(ctx, firstLoad)
	if err := l.load(first); err != nil {
		l.rb.Logger().WarnContext(ctx, "guard: reading a list", "list", l.name, "error", err)
	}
	cancel()
	ctx, l.end = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		l.run(ctx)
	}()
	return nil
}

// Stop ends what Start began and waits for it. The list stays as it is in memory.
func (l *IPList) Stop(ctx context.Context) error {
	l.running.Lock()
	defer l.running.Unlock()
	if l.end == nil {
		return nil
	}
	l.end()
	select {
	case <-l.done:
		l.end = nil
		l.started.remove(l)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("guard: list %q: stopping: %w", l.name, ctx.Err())
	}
}

// run hears of changes, and looks every Refresh whether one was missed.
func (l *IPList) run(ctx context.Context) {
	ticker := time.NewTicker(l.o.Refresh)
	defer ticker.Stop()
	var unsubscribe func()
	defer func() {
		if unsubscribe != nil {
			unsubscribe()
		}
	}()
	for {
		if unsubscribe == nil && l.rb.State().State == redbrick.StateReady {
			stop, err := l.rb.Subscribe(ctx, l.channel, l.heard, func(bool) { l.missed() })
			if err != nil {
				l.rb.Logger().DebugContext(ctx, "guard: listening for changes", "list", l.name, "error", err)
			} else {
				unsubscribe = stop
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-l.dirty:
		case <-ticker.C:
			if l.current(ctx) && len(l.o.Sets) == 0 {
				continue
			}
		}
		if err := l.load(ctx); err != nil && ctx.Err() == nil {
			l.rb.Logger().DebugContext(ctx, "guard: reading a list", "list", l.name, "error", err)
		}
	}
}

// missed makes run read the list again.
func (l *IPList) missed() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// heard takes one change as it is published: version before, version, prefix, JSON.
func (l *IPList) heard(payload string) {
	parts := strings.SplitN(payload, " ", 4)
	if len(parts) != 4 {
		l.missed()
		return
	}
	l.apply(parts[0], parts[1], parts[2], parts[3])
}

// apply changes what this node knows, if it knows what was before. Else the list is read again.
func (l *IPList) apply(before, version, prefix, json string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := *l.now.Load()
	switch {
	case s.version == version:
		return
	case s.version != before || !s.loaded:
		if !newer(s.version, version) {
			l.missed()
		}
		return
	}
	s.version, s.changes = version, s.changes+1
	if json == "" {
		p, err := ParsePrefix(prefix)
		if err != nil {
			l.missed()
			return
		}
		s.list = s.list.without(p)
	} else {
		e, err := readRecord(prefix, json)
		if err != nil {
			l.missed()
			return
		}
		s.list = s.list.with(e)
		if s.list.size > l.o.MaxEntries { // some have ended, which nobody says; Redis has dropped them
			l.missed()
		}
	}
	l.now.Store(&s)
}

// newer reports whether version a is higher than b: numbers without leading zeros.
func newer(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// current reports whether this node has the list's version.
func (l *IPList) current(ctx context.Context) bool {
	s := l.now.Load()
	version, err := l.d.Do(ctx, l.d.B().Get().Key(l.keys.version).Build()).ToString()
	return err == nil && s.loaded && version == s.version
}

// load reads the list and the plain sets.
func (l *IPList) load(ctx context.Context) error {
	changes := l.now.Load().changes
	sets, err := l.readSets(ctx)
	if err != nil {
		return err
	}
	fields, err := listScript.Do(ctx, l.d, []string{l.keys.list, l.keys.version}, nil).AsStrSlice()
	at := time.Since(began)
	if err != nil {
		return fmt.Errorf("guard: list %q: reading: %w", l.name, err)
	}
	var clock int64
	if _, err := fmt.Sscan(fields[1], &clock); err != nil {
		return fmt.Errorf("guard: list %q: reading the time: %w", l.name, err)
	}
	fresh := snapshot{sets: sets, version: fields[0], loaded: true, clock: time.UnixMilli(clock), at: at}
	for i := 2; i+1 < len(fields); i += 2 {
		e, err := readRecord(fields[i], fields[i+1])
		if err != nil { // somebody else wrote it
			l.rb.Logger().WarnContext(ctx, "guard: an entry that cannot be read", "list", l.name, "error", err)
			continue
		}
		fresh.list = fresh.list.with(e)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.now.Load()
	if s.changes != changes && newer(s.version, fresh.version) { // it has heard of more meanwhile
		l.missed()
		return nil
	}
	fresh.changes = s.changes + 1
	l.now.Store(&fresh)
	return nil
}
