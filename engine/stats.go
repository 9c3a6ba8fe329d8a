package engine

import (
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// stats are the counters of INFO.
type stats struct {
	commands     int64
	hits, misses int64
	expired      int64
	evicted      int64
	changes      int64 // since the last save
	cutOff       int64 // clients that did not read
	errors       int64
	byCode       map[string]int64
}

// errorCodes bounds how many different codes are counted: scripts may make up their own.
const errorCodes = 128

func (s *stats) countError(text string) {
	s.errors++
	code, _, _ := strings.Cut(text, " ")
	if s.byCode == nil {
		s.byCode = map[string]int64{}
	}
	if _, known := s.byCode[code]; known || len(s.byCode) < errorCodes {
		s.byCode[code]++
	}
}

func (s *stats) codes() []string { return slices.Sorted(maps.Keys(s.byCode)) }

// histogram counts durations in powers of two of microseconds, for LATENCY HISTOGRAM and percentiles.
type histogram [32]int64

func (h *histogram) add(d time.Duration) {
	h[min(bits.Len64(uint64(d.Microseconds())), len(h)-1)]++
}

func (h *histogram) total() (n int64) {
	for _, c := range h {
		n += c
	}
	return n
}

// percentile returns a bound in microseconds that the share p of all did not exceed.
func (h *histogram) percentile(p float64) int64 {
	want, seen := int64(p*float64(h.total())), int64(0)
	for i, n := range h {
		if seen += n; n > 0 && seen >= want {
			return 1 << i
		}
	}
	return 0
}
