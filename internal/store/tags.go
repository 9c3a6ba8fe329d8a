package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// MaxTaggedTTL is the longest life of an entry with tags. The number of a tag outlives every entry that was stored before
// it was given, so a tag of which nothing is known invalidates nothing.
const (
	MaxTaggedTTL = 7 * 24 * time.Hour
	tagTTL       = MaxTaggedTTL + time.Hour
	clockTTL     = 30 * 24 * time.Hour
)

// TagPrefix is what F and the keys of all tags begin with: what a process has to hear of to know which entries are valid.
// C is not among them: it changes with every number.
func (s *Store) TagPrefix() string { return s.ns + "~t:{tags}" }

// TagKey is the key of the number of a tag.
func (s *Store) TagKey(tag string) string { return s.TagPrefix() + ":" + keyspace.EscapeID(tag) }

func (s *Store) clockKey() string { return s.ns + "~tc:{tags}" }
func (s *Store) floorKey() string { return s.TagPrefix() }

func (s *Store) clockCall() script.Call {
	return script.Call{Script: clockScript, Keys: []string{s.clockKey(), s.floorKey()}, Args: []string{ms(clockTTL), s.announce()}}
}

// maxNumber bounds what the clock and the tags count: microseconds, in the integers that a script can tell apart.
const maxNumber = 1 << 53

func number(r rueidis.RedisResult) (uint64, error) {
	text, err := r.ToString()
	if err != nil {
		return 0, err
	}
	n, ok := parseNumber(text)
	if !ok {
		return 0, fmt.Errorf("store: number of a tag is %q, expected an integer below 2^53", text)
	}
	return n, nil
}

func parseNumber(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n < maxNumber
}

// AcquireTagged is Acquire together with a reading of the clock, which it starts where there is none. Both are done
// before the load begins; the number goes into the entry as Frame.Seq.
func (s *Store) AcquireTagged(ctx context.Context, d script.Doer, lease time.Duration, asks ...Ask) ([]Grant, uint64, error) {
	calls := make([]script.Call, 0, 1+len(asks))
	calls = append(calls, s.clockCall())
	for _, a := range asks {
		calls = append(calls, s.acquireCall(lease, a))
	}
	results := script.DoMulti(ctx, d, calls...)
	grants := make([]Grant, len(asks))
	for i, r := range results[1:] {
		grants[i] = grantOf(r)
	}
	seq, err := number(results[0])
	return grants, seq, err
}

// Clock reads the newest number given, and starts the clock where there is none.
func (s *Store) Clock(ctx context.Context, d script.Doer) (uint64, error) {
	c := s.clockCall()
	return number(c.Script.Do(ctx, d, c.Keys, c.Args))
}

// Bump invalidates every entry that bears one of the tags and returns the new number.
func (s *Store) Bump(ctx context.Context, d script.Doer, tags ...string) (uint64, error) {
	keys := make([]string, 0, 2+len(tags))
	keys = append(keys, s.clockKey(), s.floorKey())
	for _, t := range tags {
		keys = append(keys, s.TagKey(t))
	}
	return number(bumpScript.Do(ctx, d, keys, []string{ms(tagTTL), ms(clockTTL), s.announce()}))
}

// noFloor is the floor where F is lost: above every entry.
const noFloor = 1<<64 - 1

// ReadTags reads F and the numbers of tags in one command; 0 for a tag that was never bumped. A lost or broken F gives a
// floor above every entry, until the next load or Bump writes it. A tag whose number is no number is bumped: what was
// invalidated under it is not known.
func (s *Store) ReadTags(ctx context.Context, d script.Doer, tags ...string) (floor uint64, numbers []uint64, err error) {
	keys := make([]string, 0, 1+len(tags))
	keys = append(keys, s.floorKey())
	for _, t := range tags {
		keys = append(keys, s.TagKey(t))
	}
	values, err := d.Do(ctx, d.B().Mget().Key(keys...).Build()).ToArray()
	if err != nil {
		return 0, nil, err
	}
	floor = noFloor
	if n, ok, err := numberOf(values[0]); err != nil {
		return 0, nil, err
	} else if ok {
		floor = n
	}
	numbers = make([]uint64, len(tags))
	for i, v := range values[1:] {
		n, ok, err := numberOf(v)
		if err == nil && !ok && !v.IsNil() {
			n, err = s.Bump(ctx, d, tags[i])
		}
		if err != nil {
			return 0, nil, err
		}
		numbers[i] = n
	}
	return floor, numbers, nil
}

// numberOf reads an item of a reply. It is not ok where there is nothing, or no number.
func numberOf(m rueidis.RedisMessage) (n uint64, ok bool, err error) {
	if m.IsNil() {
		return 0, false, nil
	}
	text, err := m.ToString()
	if err != nil {
		return 0, false, err
	}
	if n, ok = parseNumber(text); !ok {
		n = 0
	}
	return n, ok, nil
}
