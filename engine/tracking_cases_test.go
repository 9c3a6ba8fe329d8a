package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// In these cases several clients talk: "a> GET k; GET l" is sent by a, "a! BLPOP k 0" makes
// it wait until the next line but one, "a<" closes it. After each line all clients are asked
// what they have got. $b is b's id.
var trackingCases = map[string]string{
	"default": `
		a> HELLO 3
		a> CLIENT TRACKING on
		a> GET k
		b> SET k 1
		b> SET k 2
		a> MGET k l k
		b> MSET k 1 l 2
		a> GET k
		a> SET k 3
		a> GET k
		b> DEL k
		b> DEL k
		a> EXISTS k
		b> RPUSH k x
		a> LRANGE k 0 -1
		b> RPUSH k y
		a> GET k
		b> LPOP k
		a> LLEN k
		a> LPOP k
		a> TTL k
		b> EXPIRE k 100
		a> TYPE k
		b> RPUSH k z
		b> RENAME k m
		a> GET l
		b> SELECT 3
		b> SET l 9
		a> GET l
		b> FLUSHDB
		a> GET l
		a> FLUSHALL
		a> CLIENT TRACKINGINFO
		a> CLIENT TRACKING off
		a> GET l
		b> SET l 1`,
	"errors": `
		a> HELLO 3
		a> CLIENT TRACKING
		a> CLIENT TRACKING maybe
		a> CLIENT TRACKING on what
		a> CLIENT TRACKING off what
		a> CLIENT TRACKING on OPTIN OPTOUT
		a> CLIENT TRACKING on PREFIX p
		a> CLIENT TRACKING on BCAST OPTIN
		a> CLIENT TRACKING on BCAST OPTOUT PREFIX p
		a> CLIENT TRACKING on BCAST PREFIX
		a> CLIENT TRACKING on REDIRECT
		a> CLIENT TRACKING on REDIRECT x
		a> CLIENT TRACKING on REDIRECT 0
		a> CLIENT TRACKING on REDIRECT 99999999
		a> CLIENT TRACKING on REDIRECT $b REDIRECT $b
		a> CLIENT TRACKING on BCAST PREFIX ab PREFIX a
		a> CLIENT TRACKING on BCAST PREFIX x PREFIX x
		a> CLIENT CACHING yes
		a> CLIENT CACHING
		a> CLIENT CACHING yes no
		a> CLIENT GETREDIR
		a> CLIENT GETREDIR x
		a> CLIENT TRACKINGINFO
		a> CLIENT TRACKINGINFO x
		a> CLIENT TRACKING off
		a> CLIENT TRACKING on OPTIN
		a> CLIENT TRACKING on OPTOUT
		a> CLIENT TRACKING on BCAST
		a> CLIENT CACHING no
		a> CLIENT CACHING maybe
		a> CLIENT TRACKING on
		a> CLIENT CACHING yes
		a> CLIENT TRACKING on OPTOUT
		a> CLIENT CACHING yes
		a> CLIENT CACHING no
		a> CLIENT TRACKINGINFO
		a> PING
		a> CLIENT TRACKINGINFO
		a> CLIENT TRACKING on NOLOOP
		a> CLIENT TRACKINGINFO
		a> RESET
		a> CLIENT TRACKINGINFO`,
	"optin": `
		a> HELLO 3
		a> CLIENT TRACKING on OPTIN
		a> GET k
		b> SET k 1
		a> CLIENT CACHING yes
		a> GET k
		a> GET l
		b> MSET k 1 l 1
		a> CLIENT CACHING yes
		a> CLIENT ID
		a> CLIENT TRACKINGINFO
		a> GET k
		b> SET k 1
		a> CLIENT CACHING yes
		a> MULTI; PTTL k; GET l; EXEC
		a> GET m
		b> MSET k 1 l 1 m 1
		a> CLIENT CACHING yes
		a> NOSUCH
		a> GET k
		b> SET k 1
		a> CLIENT CACHING yes
		a> GET
		a> GET k
		b> SET k 1`,
	"optout": `
		a> HELLO 3
		a> CLIENT TRACKING on OPTOUT
		a> CLIENT CACHING no
		a> GET k
		a> GET l
		b> MSET k 1 l 1`,
	"noloop": `
		a> HELLO 3
		a> CLIENT TRACKING on NOLOOP
		b> HELLO 3
		b> CLIENT TRACKING on
		a> GET k
		b> GET k
		a> SET k 1
		b> SET k 2
		a> GET k
		b> GET k
		b> SET k 2
		a> FLUSHALL`,
	"multi": `
		a> HELLO 3
		a> CLIENT TRACKING on
		b> HELLO 3
		b> CLIENT TRACKING on
		a> MGET k l
		b> MGET k l
		a> MULTI; SET k 1; GET k; SET k 2; FLUSHDB; EXEC
		b> GET k
		a> SET k 4`,
	"bcast": `
		a> HELLO 3
		a> CLIENT TRACKING on BCAST PREFIX b PREFIX a
		b> HELLO 3
		b> CLIENT TRACKING on BCAST NOLOOP
		a> SET a1 1
		b> SET a2 2
		b> MSET b2 1 b1 1 c1 1 a1 1
		a> CLIENT TRACKING on BCAST PREFIX bb
		a> CLIENT TRACKING on BCAST PREFIX c
		a> CLIENT TRACKING on BCAST PREFIX a
		a> CLIENT TRACKINGINFO
		b> SET c1 1
		a> DEL c1 a1 nothing
		b> FLUSHALL
		a> CLIENT TRACKING off
		b> SET a1 1
		a> CLIENT TRACKINGINFO
		b> CLIENT TRACKINGINFO
		b> CLIENT TRACKING on
		a> SET a1 2`,
	"redirect to a subscriber": `
		b> SUBSCRIBE anything
		a> CLIENT TRACKING on REDIRECT $b
		a> CLIENT GETREDIR
		a> CLIENT TRACKINGINFO
		a> GET k
		a> SET k 1
		a> MGET k l
		c> MSET k 1 l 2
		c> FLUSHALL
		b> UNSUBSCRIBE
		a> GET k
		c> SET k 2
		b> SUBSCRIBE __redis__:invalidate
		a> GET k
		c> SET k 2
		b<
		a> GET k
		c> SET k 3
		a> CLIENT TRACKINGINFO`,
	"redirect to version 3": `
		a> HELLO 3
		b> HELLO 3
		a> CLIENT TRACKING on BCAST REDIRECT $b
		c> SET k 1
		c> FLUSHDB
		b<
		c> SET k 2
		a> CLIENT TRACKINGINFO
		a> CLIENT TRACKING on BCAST REDIRECT $c PREFIX z
		a> CLIENT TRACKINGINFO`,
	"redirect to oneself": `
		a> HELLO 3
		a> CLIENT TRACKING on REDIRECT $a
		a> GET k
		a> SET k 1
		b> SET k 1
		a> GET k
		b> SET k 1`,
	"version 2 alone": `
		a> CLIENT TRACKING on
		a> GET k
		b> SET k 1
		a> SUBSCRIBE x
		b> SET k 1`,
	"waiting": `
		a> HELLO 3
		b> HELLO 3
		a> CLIENT TRACKING on
		b> CLIENT TRACKING on
		a> LRANGE k 0 -1
		b> LRANGE k 0 -1
		c> RPUSH k 1
		a> LRANGE k 0 -1
		a> LPOP k
		a> LLEN k
		a! BLPOP k 0
		b> RPUSH k 1`,
	"expired": `
		a> HELLO 3
		a> CLIENT TRACKING on
		c> DEBUG SET-ACTIVE-EXPIRE 0
		b> SET k 1 PXAT 1
		a> GET k
		b> GET k
		b> SET k 1 PXAT 1
		a> MGET k k
		a> GET k`,
}

// speaker is a client of a case on both sides, with the same id.
type speaker struct {
	ours, theirs *peer
	id           string
}

func newSpeaker(t *testing.T, e *Engine, s *redisproc.Server) *speaker {
	t.Helper()
	p := &speaker{theirs: dialServer(t, s)}
	p.id = p.theirs.do(t, "CLIENT", "ID").text
	n, err := strconv.ParseInt(p.id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	e.clients.lastID = n - 1
	e.mu.Unlock()
	p.ours = dialEngine(t, e)
	p.ours.do(t, "CLIENT", "ID")
	return p
}

// heard asks for everything a client has got.
func heard(t *testing.T, p *peer) string {
	t.Helper()
	var all []string
	for range 2 { // broadcasts may come after what else was sent in one go
		if err := p.send([]string{"PING", "mark"}); err != nil {
			t.Fatal(err)
		}
		for {
			text := p.next(t).String()
			if strings.Contains(text, `"mark"`) {
				break
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

func TestTrackingCases(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	e := open(t, Options{})
	for _, name := range sortedKeys(trackingCases) {
		speakers := map[string]*speaker{}
		for _, who := range []string{"a", "b", "c"} {
			speakers[who] = newSpeaker(t, e, s)
		}
		for _, p := range []*peer{speakers["a"].ours, speakers["a"].theirs} {
			p.do(t, "FLUSHALL")
		}
		for line := range strings.Lines(trackingCases[name]) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			who, text := line[:1], line[2:]
			if line[1] == '<' {
				speakers[who].ours.conn.Close()
				speakers[who].theirs.conn.Close()
				gone(t, e, s, speakers[who].id)
				delete(speakers, who)
				continue
			}
			for name, p := range speakers {
				text = strings.ReplaceAll(text, "$"+name, p.id)
			}
			for _, p := range []*peer{speakers[who].ours, speakers[who].theirs} {
				for part := range strings.SplitSeq(text, ";") {
					if err := p.send(words(t, strings.TrimSpace(part))); err != nil {
						t.Fatal(err)
					}
				}
			}
			order := append([]string{who}, slices.Sorted(maps.Keys(speakers))...)
			if line[1] == '!' {
				for _, p := range []*peer{speakers["c"].ours, speakers["c"].theirs} {
					until(t, func() bool { return strings.Contains(p.do(t, "INFO", "clients").text, "blocked_clients:1\r\n") })
				}
				continue
			}
			for _, hearer := range order {
				p := speakers[hearer]
				if want, got := heard(t, p.theirs), heard(t, p.ours); want != got {
					t.Errorf("%s: %s: %s heard\n got %s\nwant %s", name, line, hearer, got, want)
				}
			}
		}
		for _, p := range speakers {
			p.ours.conn.Close()
			p.theirs.conn.Close()
		}
	}
}

// gone waits until both sides know that a client is.
func gone(t *testing.T, e *Engine, s *redisproc.Server, id string) {
	t.Helper()
	ours, theirs := dialEngine(t, e), dialServer(t, s)
	for _, p := range []*peer{ours, theirs} {
		until(t, func() bool {
			return !strings.Contains(fmt.Sprint("\n", p.do(t, "CLIENT", "LIST").text), "\nid="+id+" ")
		})
		p.conn.Close()
	}
}
