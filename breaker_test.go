package redbrick

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// breakerModel says in words of its own what a cell does.
type breakerModel struct {
	state string // closed, open, recovering
	fails int
}

func (m *breakerModel) report(failed bool) (opened bool) {
	if !failed {
		m.fails = 0
		return false
	}
	m.fails++
	switch {
	case m.state == "recovering", m.state == "closed" && m.fails >= 5:
		m.state = "open"
		return true
	}
	return false
}

var stateNames = map[int32]string{cellClosed: "closed", cellOpen: "open", cellRecovering: "recovering"}

// Every cell does what the model says, whatever the order of what it is told.
func TestBreakerFollowsItsModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		opened := 0
		b := newBreaker(true, func(error) { opened++ })
		// Four cells, and slots at their edges: neighbours must not mix.
		cells := []int{0, 1, 100, 255}
		models := make(map[int]*breakerModel)
		for _, i := range cells {
			models[i] = &breakerModel{state: "closed"}
		}
		want := 0
		var trace []string
		for range 300 {
			i := cells[r.IntN(len(cells))]
			m := models[i]
			slot := uint16(i*64 + []int{0, 17, 63}[r.IntN(3)])
			switch r.IntN(12) {
			case 0, 1, 2, 3, 4, 5, 6:
				failed := r.IntN(4) > 0
				trace = append(trace, fmt.Sprintf("report %d %v", i, failed))
				var err error
				if failed {
					err = errors.New("away")
				}
				b.report(slot, err)
				if m.report(failed) {
					want++
				}
			case 7:
				trace = append(trace, fmt.Sprintf("recover %d", i))
				b.recover(i)
				m.fails = 0
				if m.state == "open" {
					m.state = "recovering"
				}
			case 8:
				trace = append(trace, fmt.Sprintf("second later, allow %d", i))
				b.cells[i].since.Store(time.Now().Add(-breakerRecovery).UnixNano())
				if got := b.allow(slot, true); got != (m.state != "open") {
					t.Fatalf("seed %d: %v: allow is %v in state %s", seed, trace, got, m.state)
				}
				if m.state == "recovering" {
					m.state = "closed"
				}
			case 9:
				trace = append(trace, fmt.Sprintf("allow %d", i))
				b.cells[i].since.Store(time.Now().Add(time.Hour).UnixNano())
				if got := b.allow(slot, false); got != (m.state != "open") {
					t.Fatalf("seed %d: %v: allow of a write is %v in state %s", seed, trace, got, m.state)
				}
				if got := b.allow(slot, true); got != (m.state == "closed") {
					t.Fatalf("seed %d: %v: allow of a read is %v at the start of state %s", seed, trace, got, m.state)
				}
			}
			away := 0
			for _, i := range cells {
				if got := stateNames[b.cells[i].state.Load()]; got != models[i].state {
					t.Fatalf("seed %d: %v: cell %d is %s, want %s", seed, trace, i, got, models[i].state)
				}
				if models[i].state != "closed" {
					away++
				}
			}
			if got := int(b.tripped.Load()); got != away {
				t.Fatalf("seed %d: %v: %d cells are counted as not closed, want %d", seed, trace, got, away)
			}
			if opened != want {
				t.Fatalf("seed %d: %v: opened was called %d times, want %d", seed, trace, opened, want)
			}
		}
	}
}

// A server that has just come back gets its readers by growing shares.
func TestBreakerRecoversByGrowingShares(t *testing.T) {
	t.Parallel()
	b := newBreaker(false, func(error) {})
	b.trip(errors.New("away"))
	b.recover(0)
	for _, age := range []float64{0.1, 0.5, 0.9} {
		passed := 0
		const calls = 4000
		for range calls {
			b.cells[0].since.Store(time.Now().Add(-time.Duration(age * float64(breakerRecovery))).UnixNano())
			if b.allow(0, true) {
				passed++
			}
			if b.cells[0].state.Load() != cellRecovering { // the machine slept between the two lines
				b.trip(errors.New("away"))
				b.recover(0)
			}
		}
		if share := float64(passed) / calls; share < age-0.08 || share > age+0.08 {
			t.Errorf("after %.1f of the recovery a share of %.3f passed", age, share)
		}
	}
}

// The probe of a cell asks a server that serves slots of that cell.
func TestProbeKeyLiesInItsCell(t *testing.T) {
	t.Parallel()
	b := newBreaker(true, func(error) {})
	for i := range b.cells {
		key := probeKey("ns:", len(b.cells), i)
		if b.cell(keyspace.Slot(key)) != &b.cells[i] {
			t.Errorf("cell %d: key %s has slot %d", i, key, keyspace.Slot(key))
		}
	}
}

// What is refused before it was sent says so: nobody has to take it back. A closed client may have sent it.
func TestRefusalsSayThatNothingWasSent(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{errNotConnected: true, errBreakerOpen: true, errClosed: false} {
		if !errors.Is(err, ErrUnavailable) || errors.Is(err, script.ErrNotSent) != want || errors.Is(err, ErrTimeout) {
			t.Errorf("%v: not sent is %v, want %v", err, !want, want)
		}
	}
	if got := errBreakerOpen.Error(); got != "redbrick: redis is unavailable: the breaker is open" {
		t.Errorf("error %q", got)
	}
}
