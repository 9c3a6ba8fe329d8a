package engine

import "time"

// clock is the engine's time. It stands still while a command, a transaction or a script runs.
type clock struct {
	offset time.Duration // what Advance has added
	real   time.Time     // when the last command began
	us     int64         // that with the offset, microseconds since 1970

	planned int64 // when the loop looks next, on the same scale
}

// tick moves the clock to this moment.
func (c *clock) tick() { c.set(time.Now()) }

func (c *clock) set(real time.Time) {
	c.real = real
	c.us = real.UnixMicro() + c.offset.Microseconds()
}

func (c *clock) advance(d time.Duration) {
	c.offset += d
	c.tick()
}

// ms is the time in milliseconds since 1970, in which expiry is counted.
func (c *clock) ms() int64 { return c.us / 1000 }

// timer is something to do at a moment of the engine's clock.
type timer struct {
	at    int64 // microseconds since 1970
	do    func()
	index int // in the heap; -1 outside
}

// timers is a heap, earliest first.
type timers []*timer

// after plans do, which runs under the lock.
func (e *Engine) after(d time.Duration, do func()) *timer {
	t := &timer{at: e.clock.us + d.Microseconds(), do: do, index: len(e.timers)}
	e.timers = append(e.timers, t)
	e.timers.up(t.index)
	if t.index == 0 {
		e.wake()
	}
	return t
}

// cancel takes t out; it may have run already.
func (e *Engine) cancel(t *timer) {
	if t != nil && t.index >= 0 {
		e.timers.remove(t.index)
	}
}

// wake makes the loop plan anew.
func (e *Engine) wake() {
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

func (h *timers) remove(i int) {
	t := *h
	last := len(t) - 1
	t[i].index = -1
	if i != last {
		t[i] = t[last]
		t[i].index = i
	}
	t[last] = nil
	*h = t[:last]
	if i != last {
		h.down(i)
		h.up(i)
	}
}

func (h timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].at <= h[i].at {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h timers) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].at < h[least].at {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

func (h timers) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
