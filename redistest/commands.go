package redistest

import (
	"strconv"
	"strings"
)

// Commands counts calls by command in lower case, subcommands as "client|id".
// Commands run by a script are counted like those of a client.
type Commands map[string]int64

// Commands returns what the server has run since its start or the last
// [Server.ResetCommands], without the counting itself. To show that a call issues the same commands whatever the amount of
// data, compare two of these on a private server. Connections issue PINGs of their own: ask for the
// commands that matter.
func (s *Server) Commands() Commands {
	s.t.Helper()
	counts := Commands{}
	for line := range strings.Lines(s.Do("INFO", "commandstats")) {
		name, stats, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		calls, _, _ := strings.Cut(stats, ",")
		n, err := strconv.ParseInt(calls, 10, 64)
		if err != nil {
			s.t.Fatalf("redistest: INFO commandstats has %q, expected calls=<number>", line)
		}
		counts[name] = n
	}
	// Each look at the counters leaves its own mark on them.
	delete(counts, "info")
	delete(counts, "config|resetstat")
	return counts
}

// ResetCommands sets all counters to zero.
func (s *Server) ResetCommands() {
	s.t.Helper()
	s.Do("CONFIG", "RESETSTAT")
}

// Total adds up the named commands, or all if none is named.
func (c Commands) Total(names ...string) int64 {
	var sum int64
	if len(names) == 0 {
		for _, n := range c {
			sum += n
		}
	}
	for _, name := range names {
		sum += c[name]
	}
	return sum
}
