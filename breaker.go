package redbrick

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// A breaker keeps calls off a Redis that does not answer. On one server it is one cell; on Cluster every 64 slots have a
// cell of their own, so that one master that is away does not take the others with it, and no topology has to be known.
// Where the slots of two masters meet within a cell, it stands for both.
//
// A cell opens after breakerThreshold failures in a row. While it is open a probe is sent in the background; the first
// answer starts the recovery, in which reads are let through in a growing share, so that a server that has just come
// back with nothing in it does not send every reader to the database at once through one cold cache. Other calls
// (invalidations and writes above all) pass as soon as the server answers.
const (
	breakerThreshold = 5
	breakerRecovery  = time.Second
	breakerCells     = 256
	slotsPerCell     = 16384 / breakerCells
	keylessSlot      = 1 << 14 // what rueidis gives a command without a key on Cluster
)

const (
	cellClosed = iota
	cellOpen
	cellRecovering
)

type cell struct {
	state atomic.Int32
	fails atomic.Int32
	since atomic.Int64 // Unix nanoseconds of the start of the recovery
}

type breaker struct {
	cells   []cell
	tripped atomic.Int32 // cells that are not closed: 0 is the fast path
	opened  func(error)  // called when the first cell opens
}

func newBreaker(cluster bool, opened func(error)) *breaker {
	n := 1
	if cluster {
		n = breakerCells
	}
	return &breaker{cells: make([]cell, n), opened: opened}
}

func (b *breaker) cell(slot uint16) *cell { return &b.cells[b.index(slot)] }

func (b *breaker) index(slot uint16) int {
	if len(b.cells) == 1 || slot >= keylessSlot {
		return 0
	}
	return int(slot / slotsPerCell)
}

// allow reports whether a call to the slot may be sent. gradual is true for reads that have a fallback.
func (b *breaker) allow(slot uint16, gradual bool) bool {
	if b.tripped.Load() == 0 {
		return true
	}
	c := b.cell(slot)
	switch c.state.Load() {
	case cellClosed:
		return true
	case cellOpen:
		return false
	}
	age := time.Since(time.Unix(0, c.since.Load()))
	if age >= breakerRecovery {
		if c.state.CompareAndSwap(cellRecovering, cellClosed) {
			b.tripped.Add(-1)
		}
		return true
	}
	return !gradual || rand.Float64() < float64(age)/float64(breakerRecovery) //nolint:gosec // a share, not a secret
}

// report tells the outcome of a call to the slot; err is nil unless the server was not reached or not able to serve.
func (b *breaker) report(slot uint16, err error) {
	if err != nil {
		b.blame(slot, err, 1)
		return
	}
	if c := b.cell(slot); c.fails.Load() != 0 {
		c.fails.Store(0)
	}
}

// blame counts failures in a row.
func (b *breaker) blame(slot uint16, err error, failures int32) {
	c := b.cell(slot)
	n := c.fails.Add(failures)
	from := c.state.Load()
	if from == cellOpen || (from == cellClosed && n < breakerThreshold) {
		return
	}
	if !c.state.CompareAndSwap(from, cellOpen) {
		return
	}
	if from == cellClosed {
		b.tripped.Add(1)
	}
	b.opened(err)
}

// trip opens every cell: the whole server is known to be away.
func (b *breaker) trip(err error) {
	for i := range b.cells {
		if from := b.cells[i].state.Swap(cellOpen); from == cellClosed {
			b.tripped.Add(1)
		}
	}
	b.opened(err)
}

// open lists the cells that are open.
func (b *breaker) open() []int {
	var open []int
	for i := range b.cells {
		if b.cells[i].state.Load() == cellOpen {
			open = append(open, i)
		}
	}
	return open
}

// recover starts the recovery of a cell whose probe was answered.
func (b *breaker) recover(i int) {
	c := &b.cells[i]
	c.fails.Store(0)
	c.since.Store(time.Now().UnixNano())
	c.state.CompareAndSwap(cellOpen, cellRecovering)
}

// probeKey returns a key that lies in the slots of the cell.
func probeKey(namespace string, cells, i int) string {
	if cells == 1 {
		return namespace + "~probe"
	}
	for n := 0; ; n++ {
		key := namespace + "~probe:{" + strconv.Itoa(n) + "}"
		if int(keyspace.Slot(key))/slotsPerCell == i {
			return key
		}
	}
}
