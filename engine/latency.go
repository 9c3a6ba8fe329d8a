package engine

import (
	"maps"
	"slices"
	"strings"
)

// latency is the latency monitor: of each event the last spikes.
type latency struct {
	events map[string]*spikes
}

// spikesKept is how many spikes an event keeps.
const spikesKept = 160

type spikes struct {
	list  []spike // oldest first, one a second
	worst int64
}

type spike struct{ at, ms int64 }

func (l *latency) add(event string, at, ms int64) {
	if l.events == nil {
		l.events = map[string]*spikes{}
	}
	s := l.events[event]
	if s == nil {
		s = &spikes{}
		l.events[event] = s
	}
	s.worst = max(s.worst, ms)
	if last := len(s.list) - 1; last >= 0 && s.list[last].at == at {
		s.list[last].ms = max(s.list[last].ms, ms)
		return
	}
	s.list = append(s.list, spike{at, ms})
	if len(s.list) > spikesKept {
		s.list = slices.Delete(s.list, 0, 1)
	}
}

func cmdLatencyLatest(c *call) {
	names := slices.Sorted(maps.Keys(c.e.latency.events))
	c.w.Array(len(names))
	for _, name := range names {
		s := c.e.latency.events[name]
		last := s.list[len(s.list)-1]
		c.w.Array(4)
		c.w.BulkString(name)
		c.w.Int(last.at)
		c.w.Int(last.ms)
		c.w.Int(s.worst)
	}
}

func cmdLatencyHistory(c *call) {
	s := c.e.latency.events[string(c.args[2])]
	if s == nil {
		c.w.Array(0)
		return
	}
	c.w.Array(len(s.list))
	for _, p := range s.list {
		c.w.Array(2)
		c.w.Int(p.at)
		c.w.Int(p.ms)
	}
}

func cmdLatencyReset(c *call) {
	if len(c.args) == 2 {
		n := len(c.e.latency.events)
		c.e.latency.events = nil
		c.w.Int(int64(n))
		return
	}
	n := int64(0)
	for _, name := range c.args[2:] {
		if c.e.latency.events[string(name)] != nil {
			delete(c.e.latency.events, string(name))
			n++
		}
	}
	c.w.Int(n)
}

func cmdLatencyDoctor(c *call) {
	text := "No spike of latency was observed.\n"
	switch {
	case c.e.config.latencyMillis == 0:
		text = "Latency is not monitored: CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n"
	case len(c.e.latency.events) > 0:
		text = "Latency spikes were observed: see LATENCY LATEST and LATENCY HISTORY.\n"
	}
	c.w.Verbatim("txt", text)
}

// cmdLatencyHistogram answers how often commands took how long, in microseconds.
func cmdLatencyHistogram(c *call) {
	var list []*command
	if len(c.args) == 2 {
		for _, name := range slices.Sorted(maps.Keys(c.e.commands)) {
			cmd := c.e.commands[name]
			list = append(append(list, cmd), cmd.subs...)
		}
	}
	for _, arg := range c.args[2:] {
		name, sub, ok := strings.Cut(string(arg), "|")
		cmd := c.e.lookup([]byte(name))
		switch {
		case cmd == nil:
		case ok:
			if s := cmd.sub([]byte(sub)); s != nil {
				list = append(list, s)
			}
		default:
			list = append(append(list, cmd), cmd.subs...)
		}
	}
	list = slices.DeleteFunc(list, func(cmd *command) bool { return cmd.durations.total() == 0 })
	c.w.Map(len(list))
	for _, cmd := range list {
		c.w.BulkString(cmd.name)
		c.w.Map(2)
		c.w.BulkString("calls")
		c.w.Int(cmd.durations.total())
		c.w.BulkString("histogram_usec")
		filled := 0
		for _, n := range cmd.durations {
			if n > 0 {
				filled++
			}
		}
		c.w.Map(filled)
		sum := int64(0)
		for i, n := range cmd.durations {
			if sum += n; n > 0 {
				c.w.Int(1 << i)
				c.w.Int(sum)
			}
		}
	}
}
