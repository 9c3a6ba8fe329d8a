package engine

import (
	"strings"
	"testing"
)

// testEvents compares the keyspace events of lines with those of a server, and how many keys each changed in the eyes
// of a transaction that watches "w".
func testEvents(t *testing.T, lines string) {
	t.Parallel()
	s, e := startServer(t), open(t, Options{})
	type side struct{ caller, watcher, listener *peer }
	engine := side{dialEngine(t, e), dialEngine(t, e), dialEngine(t, e)}
	server := side{dialServer(t, s), dialServer(t, s), dialServer(t, s)}
	for _, p := range []side{engine, server} {
		p.caller.line(t, "CONFIG SET notify-keyspace-events KEAm")
		p.listener.line(t, "PSUBSCRIBE __key*__:*")
	}
	run := func(p side, line string) string {
		p.watcher.line(t, "WATCH w")
		got := p.caller.line(t, line)
		if got.kind == '-' {
			t.Errorf("%s: %s", line, got)
		}
		p.caller.line(t, "PUBLISH __keymark__: end")
		var events []string
		for {
			r := p.listener.next(t)
			if r.parts[2].text == "__keymark__:" {
				break
			}
			events = append(events, r.parts[2].text+" "+r.parts[3].text)
		}
		p.watcher.line(t, "MULTI")
		return strings.Join(events, ", ") + "; " + p.watcher.line(t, "EXEC").String()
	}
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if got, want := run(engine, line), run(server, line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}
