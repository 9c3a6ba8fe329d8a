package engine

import "time"

const (
	// slice and sliceWork bound active expiry: a quarter of each slice of time at most.
	slice     = 10 * time.Millisecond
	sliceWork = slice / 4
	// idle is how long the loop sleeps if nothing is planned.
	idle = time.Hour
)

// loop does what no client asks for: timeouts, and expiry of keys that nobody looks at. An engine with neither costs
// nothing.
func (e *Engine) loop() {
	sleep := time.NewTimer(idle)
	defer sleep.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-e.kick:
		case <-sleep.C:
		}
		e.mu.Lock()
		e.clock.tick()
		again := e.cron()
		if again == 0 {
			again = slice - sliceWork
		}
		e.unlockAndSend()
		sleep.Reset(again)
	}
}

// cron runs what is due and returns when the next thing is; 0 if work is left over.
func (e *Engine) cron() time.Duration {
	if e.midScript() {
		return slice
	}
	for len(e.timers) > 0 && e.timers[0].at <= e.clock.us {
		t := e.timers[0]
		e.timers.remove(0)
		t.do()
	}
	began := time.Now()
	for _, db := range e.dbs {
		for n := 0; !e.passive() && db.expiring.due(e.clock.ms()); n++ {
			if n%64 == 63 && time.Since(began) > sliceWork {
				return 0
			}
			db.expire(db.expiring[0])
		}
		for !e.passive() && db.fields.due(e.clock.ms()) {
			if time.Since(began) > sliceWork {
				return 0
			}
			db.endFields(db.fields[0].node, fieldsPart)
		}
	}
	e.serveReady()
	e.measure()
	next := idle
	if len(e.timers) > 0 {
		next = time.Duration(e.timers[0].at-e.clock.us) * time.Microsecond
	}
	for _, db := range e.dbs {
		if at := db.nextEnd(); at != 0 && !e.passive() {
			in := min(at-e.clock.ms(), idle.Milliseconds()) + 1
			// Nobody sees a key whose time is over, so that there is no hurry.
			next = min(next, max(time.Duration(in)*time.Millisecond, slice))
		}
	}
	e.clock.planned = e.clock.us + next.Microseconds()
	return max(next, time.Microsecond)
}

// nextEnd is when the next key or field ends, 0 for never.
func (db *database) nextEnd() (at int64) {
	if len(db.expiring) > 0 {
		at = db.expiring[0].Val.expire
	}
	if len(db.fields) > 0 && (at == 0 || db.fields[0].end() < at) {
		at = db.fields[0].end()
	}
	return at
}

// passive reports that keys are not to be dropped unless a command meets them.
func (e *Engine) passive() bool { return e.lazyOnly || e.replaying }
