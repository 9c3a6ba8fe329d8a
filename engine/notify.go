package engine

import "strconv"

// eventClass is a class of keyspace events, as notify-keyspace-events names them with letters.
type eventClass uint32

const (
	eventKeyspace eventClass = 1 << iota // K: publish to __keyspace@<db>__:<key>
	eventKeyevent                        // E: publish to __keyevent@<db>__:<event>
	eventGeneric                         // g
	eventString                          // $
	eventList                            // l
	eventSet                             // s
	eventHash                            // h
	eventZSet                            // z
	eventExpired                         // x
	eventEvicted                         // e
	eventStream                          // t
	eventMiss                            // m
	eventModule                          // d
	eventNew                             // n

	eventAll = eventGeneric | eventString | eventList | eventSet | eventHash | eventZSet | eventExpired | eventEvicted | eventStream | eventModule // A
)

// eventLetters gives the letters in the order in which CONFIG GET shows them.
var eventLetters = []struct {
	letter byte
	class  eventClass
}{
	{'g', eventGeneric}, {'$', eventString}, {'l', eventList}, {'s', eventSet}, {'h', eventHash}, {'z', eventZSet},
	{'x', eventExpired}, {'e', eventEvicted}, {'t', eventStream}, {'d', eventModule}, {'n', eventNew},
	{'K', eventKeyspace}, {'E', eventKeyevent}, {'m', eventMiss},
}

func parseEvents(s string) (out eventClass, ok bool) {
next:
	for i := range len(s) {
		if s[i] == 'A' {
			out |= eventAll
			continue
		}
		for _, l := range eventLetters {
			if l.letter == s[i] {
				out |= l.class
				continue next
			}
		}
		return 0, false
	}
	return out, true
}

func (c eventClass) String() string {
	var b []byte
	if c&eventAll == eventAll {
		b = append(b, 'A')
	}
	for _, l := range eventLetters {
		if c&l.class != 0 && (c&eventAll != eventAll || l.class&eventAll == 0) {
			b = append(b, l.letter)
		}
	}
	return string(b)
}

// notify publishes that something happened to a key, if the configuration wants to have it.
func (e *Engine) notify(db *database, class eventClass, event string, key []byte) {
	if e.config.events&class == 0 {
		return
	}
	number := strconv.Itoa(db.id)
	if e.config.events&eventKeyspace != 0 {
		e.publish("__keyspace@"+number+"__:"+string(key), []byte(event))
	}
	if e.config.events&eventKeyevent != 0 {
		e.publish("__keyevent@"+number+"__:"+event, key)
	}
}
