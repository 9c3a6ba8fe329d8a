package store_test

import (
	"crypto/sha1" //nolint:gosec // the stamp of the protocol, no secret
	"encoding/hex"
	"maps"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/internal/store"
)

const (
	leaseTime = time.Hour // longer than any test: leases end by the protocol alone
	tagged    = "red"     // the tag of every entry of the model
	other     = "blue"    // a tag of none
)

// held is what lies at V.
type held struct {
	Kind   string // none, string, hash
	Value  string
	Expiry int64 // in ms since 1970, -1 without, -2 for none
}

// lease is what lies at L. Garbage is a string.
type lease struct {
	Garbage bool
	Fields  map[string]string
}

// numbers are what lies at C, F and the two tags; "" is nothing.
type numbers struct{ C, F, Tagged, Other string }

// state is all that the scripts keep.
type state struct {
	V held
	L lease
	N numbers
}

// model says what each script does to the state. It is written from the protocol, in words of its own: the scripts are
// compared with it, step by step.
type model struct {
	state
	wakes int // how often waiters were told
}

func newModel() *model { return &model{state: state{V: held{Kind: "none", Expiry: -2}}} }

// stamp is by what a foreign write is noticed.
func (m *model) stamp() string {
	switch {
	case m.V.Expiry != -1:
		return strconv.FormatInt(m.V.Expiry, 10)
	case m.V.Kind != "string":
		return "sha1 "
	}
	sum := sha1.Sum([]byte(m.V.Value)) //nolint:gosec // see the import
	return "sha1 " + hex.EncodeToString(sum[:])
}

func (m *model) holds(token store.Token) bool {
	return !m.L.Garbage && m.L.Fields["t"] == string(token)
}

// acquire predicts the kind of the answer: granted, found or held. newer says that the entry is newer than the one seen.
func (m *model) acquire(token store.Token, mode store.Mode, newer bool) string {
	if m.V.Kind == "string" && (mode == store.Miss || mode == store.Refresh && newer) {
		return "found"
	}
	if m.L.Fields != nil {
		m.L.Fields["w"] = "1"
		return "held"
	}
	m.L = lease{Fields: map[string]string{"t": string(token), "p": m.stamp()}}
	return "granted"
}

// end takes the lease away and wakes who waits for it.
func (m *model) end() {
	if m.L.Garbage || m.L.Fields["w"] != "" {
		m.wakes++
	}
	m.L = lease{}
}

func (m *model) fill(token store.Token, value string, expiry int64) bool {
	if !m.holds(token) {
		return false
	}
	same := m.L.Fields["p"] == m.stamp()
	m.end()
	if same {
		m.V = held{"string", value, expiry}
	}
	return same
}

func (m *model) set(value string, expiry int64) {
	m.end()
	m.V = held{"string", value, expiry}
}

func (m *model) drop() (had bool) {
	had = m.V.Kind != "none"
	m.end()
	m.V = held{"none", "", -2}
	return had
}

func (m *model) abandon(token store.Token) {
	if m.holds(token) {
		m.end()
	}
}

// clock says whether a reading starts the clock anew.
func (m *model) lost() bool { return m.N.C == "" || m.N.F == "" }

func (m *model) tick(c string) {
	if m.lost() {
		m.N.F = c
	}
	m.N.C = c
}

func (m *model) bump(n string, tags ...string) {
	m.tick(n)
	for _, t := range tags {
		if t == tagged {
			m.N.Tagged = n
		} else {
			m.N.Other = n
		}
	}
}

func (m *model) copy() state {
	s := m.state
	s.L.Fields = maps.Clone(s.L.Fields)
	return s
}
