package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// thresholds say up to which size a value has its compact form, which OBJECT ENCODING shows, and when a block of a
// stream is full.
type thresholds struct {
	hashPairs, hashBytes     int64
	setInts                  int64
	zsetMembers, zsetBytes   int64
	sparseBytes              int64 // of a HyperLogLog
	blockBytes, blockEntries int64
	listSize                 int64 // kept for those who read it
}

func defaultThresholds() thresholds {
	return thresholds{
		hashPairs: 512, hashBytes: 64, setInts: 512, zsetMembers: 128, zsetBytes: 64, sparseBytes: 3000, blockBytes: 4096, blockEntries: 100, listSize: -2,
	}
}

// thresholdParameters are the parts of CONFIG that set them, under the names they had before Redis 7 too.
func thresholdParameters() map[string]parameter {
	count := func(field func(*thresholds) *int64) parameter {
		return int64Parameter(0, math.MaxInt64, func(c *config) *int64 { return field(&c.thresholds) })
	}
	bytes := func(field func(*thresholds) *int64) parameter {
		return memoryParameter(0, math.MaxInt64, func(e *Engine) int64 { return *field(&e.config.thresholds) },
			func(e *Engine, n int64) { *field(&e.config.thresholds) = n })
	}
	p := map[string]parameter{
		"hash-max-listpack-entries": count(func(t *thresholds) *int64 { return &t.hashPairs }),
		"hash-max-listpack-value":   bytes(func(t *thresholds) *int64 { return &t.hashBytes }),
		"set-max-intset-entries":    count(func(t *thresholds) *int64 { return &t.setInts }),
		"zset-max-listpack-entries": count(func(t *thresholds) *int64 { return &t.zsetMembers }),
		"zset-max-listpack-value":   bytes(func(t *thresholds) *int64 { return &t.zsetBytes }),
		"hll-sparse-max-bytes":      bytes(func(t *thresholds) *int64 { return &t.sparseBytes }),
		"stream-node-max-entries":   count(func(t *thresholds) *int64 { return &t.blockEntries }),
		"stream-node-max-bytes":     bytes(func(t *thresholds) *int64 { return &t.blockBytes }),
		"list-max-listpack-size":    int64Parameter(math.MinInt32, math.MaxInt32, func(c *config) *int64 { return &c.thresholds.listSize }),
	}
	for _, kind := range []string{"hash", "zset"} {
		for _, of := range []string{"entries", "value"} {
			p[kind+"-max-ziplist-"+of] = p[kind+"-max-listpack-"+of]
		}
	}
	p["list-max-ziplist-size"] = p["list-max-listpack-size"]
	return p
}

// memoryParameter is a number of bytes, which may be given with a unit.
func memoryParameter(least, most int64, get func(*Engine) int64, set func(*Engine, int64)) parameter {
	return parameter{
		get: func(e *Engine) string { return strconv.FormatInt(get(e), 10) },
		set: func(e *Engine, v string) error {
			n, ok := parseMemory(v)
			if !ok {
				return fmt.Errorf("argument must be a memory value")
			}
			if n < least || n > most {
				return fmt.Errorf("argument must be between %d and %d inclusive", least, most)
			}
			set(e, n)
			return nil
		},
	}
}

// parseMemory reads a number of bytes with a unit: b, k, kb, m, mb, g, gb; the b makes it binary. As in Redis a unit
// alone is 0, and what is beyond 64 bits wraps around.
func parseMemory(v string) (int64, bool) {
	unit := strings.TrimLeft(v, "0123456789")
	digits := v[:len(v)-len(unit)]
	scale, known := uint64(1), true
	switch strings.ToLower(unit) {
	case "", "b":
	case "k":
		scale = 1000
	case "kb":
		scale = 1 << 10
	case "m":
		scale = 1000 * 1000
	case "mb":
		scale = 1 << 20
	case "g":
		scale = 1000 * 1000 * 1000
	case "gb":
		scale = 1 << 30
	default:
		known = false
	}
	const longest = 127 // digits that Redis reads
	if !known || len(digits) > longest {
		return 0, false
	}
	var n uint64
	if digits != "" {
		n, _ = strconv.ParseUint(digits, 10, 64) // too large is the largest
	}
	return int64(n * scale), true
}
