package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Flash is a message for the next page that shows messages.
type Flash struct {
	Kind string `json:"kind"` // such as "error"; what the page makes of it
	Text string `json:"text"`
}

// AddFlash leaves a message for the next call of Flashes, in this request or a later one. Messages that a visitor has not seen yet
// stay behind at a login, but for those of the request that logs in. Errors are those of Set.
func (s *Session) AddFlash(kind, text string) error {
	b, err := json.Marshal(Flash{kind, text})
	if err != nil {
		return err
	}
	// A name of its own, in the order of time: requests that add at the same moment keep both.
	name := fmt.Sprintf("%s%016x%s", flashPrefix, time.Now().UnixNano(), base32Lower.EncodeToString(random(publicBytes))[:5])
	return s.change(name, change{text: string(b)})
}

// Flashes returns the messages, oldest first, and takes them out of the session. Two requests at the same moment may both
// get a message; none is lost. An old id (ErrReadOnly elsewhere) gets none.
func (s *Session) Flashes() []Flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writable() != nil {
		return nil
	}
	names := map[string]bool{}
	for name := range s.fields {
		names[name] = true
	}
	for name := range s.changes {
		names[name] = true
	}
	var all []Flash
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text, ok := s.field(name)
		if !ok || !strings.HasPrefix(name, flashPrefix) {
			continue
		}
		var f Flash
		if json.Unmarshal([]byte(text), &f) == nil {
			all = append(all, f)
		}
		if _, saved := s.fields[name]; !saved {
			delete(s.changes, name)
			continue
		}
		if s.changes == nil {
			s.changes = make(map[string]change)
		}
		s.changes[name] = change{gone: true}
	}
	return all
}
