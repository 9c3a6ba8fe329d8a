package collection

import (
	"fmt"
	"maps"
	"slices"

	"github.com/redis/rueidis"
)

// The statuses of count.lua.
const (
	countMissing = 0
	countDone    = 1
	countForeign = 2
)

func sortedNames(by map[string]int64) []string { return slices.Sorted(maps.Keys(by)) }

// counted reads the reply of count.lua; names are the fields in the order of its arguments.
func counted(key string, names []string, res rueidis.RedisResult) Incremented {
	fail := func(err error) Incremented { return Incremented{Err: failure("count in", key, "hash", err)} }
	reply, err := res.ToArray()
	if err != nil {
		return fail(err)
	}
	status, err := reply[0].AsInt64()
	if err != nil {
		return fail(err)
	}
	switch status {
	case countMissing:
		return Incremented{}
	case countDone:
		values := make(map[string]int64, len(names))
		for i, name := range names {
			if values[name], err = reply[i+1].AsInt64(); err != nil {
				return fail(err)
			}
		}
		return Incremented{Values: values, Found: true}
	}
	name, err := reply[1].ToString()
	if err != nil {
		return fail(err)
	}
	text, err := reply[2].ToString()
	if err != nil {
		return fail(err)
	}
	if status == countForeign {
		return Incremented{Err: notInteger(key+" "+name, text)}
	}
	return Incremented{Err: fmt.Errorf("%w: %s of %q is %s, expected to stay within 2^53 after the step", ErrRange, name, key, text)}
}
