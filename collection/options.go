package collection

import (
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
)

// TagIndexOptions are the options of a TagIndex. The zero value is good.
type TagIndexOptions struct {
	// Order sorts the ids of a query.
	Order Order
	// OneSlot puts all keys of the index into one slot of a Redis Cluster, so that a change is atomic and a query one
	// command there too. The price is that one master carries the whole index, and other keys: with the
	// pattern "tag:<name>" the key of italian is {tag}:italian. Do not change it while there is data.
	OneSlot bool
}

// PairOptions are the options of a Pair. The zero value is good.
type PairOptions struct {
	// OrderA sorts the a's that a b is linked with, OrderB the b's that an a is linked with.
	OrderA, OrderB Order
}

// FeedOptions are the options of a Feed. The zero value is good.
type FeedOptions struct {
	// Cap is the number of values that stay, at most 10,000. 0 means 100.
	Cap int
	// Unique moves a value that is in the feed already to the front, in place of putting it there a second time. Such a
	// push reads the feed to its end.
	Unique bool
	// TTL is how long a feed lives after its last push. 0 means for good.
	TTL time.Duration
}

const (
	defaultCap = 100
	maxCap     = 10_000
)

func (o FeedOptions) withDefaults() (FeedOptions, error) {
	if o.Cap == 0 {
		o.Cap = defaultCap
	}
	var faults []error
	if o.Cap < 1 || o.Cap > maxCap {
		faults = append(faults, fmt.Errorf("%w: FeedOptions.Cap is %d, expected 1 to %d, or 0 for %d", redbrick.ErrConfig, o.Cap, maxCap, defaultCap))
	}
	return o, errors.Join(append(faults, checkTTL("FeedOptions.TTL", o.TTL))...)
}

// SetOptions are the options of a Set. The zero value is good.
type SetOptions struct {
	// Order sorts the members of a page.
	Order Order
	// TTL is how long a set lives after its last Add. 0 means for good.
	TTL time.Duration
}

// CounterOptions are the options of a Counter. The zero value is good.
type CounterOptions struct {
	// TTL is how long a counter lives after its first increment; later ones leave it as it is. A counter that another
	// program made without expiry gets it at the next increment. 0 means for good.
	TTL time.Duration
}

// BoundedOptions are the options of a BoundedCounter. The zero value is a stock: 0 and up, missing counts as 0.
type BoundedOptions struct {
	// Min is the least value that Take leaves, Max the greatest that Give leaves. Max 0 means 2^53-1, the greatest integer
	// that Lua and JavaScript count to exactly.
	Min, Max int64
	// Strict makes Take and Give leave a counter missing that is not there. Without it a missing counter starts from 0,
	// or from the bound that is nearest to 0. It is for counters that copy a database: there, missing means unknown.
	Strict bool
}

func (o BoundedOptions) withDefaults() (BoundedOptions, error) {
	if o.Max == 0 {
		o.Max = maxExact
	}
	var faults []error
	if o.Min < -maxExact || o.Min > maxExact {
		faults = append(faults, fmt.Errorf("%w: BoundedOptions.Min is %d, expected -2^53+1 to 2^53-1", redbrick.ErrConfig, o.Min))
	}
	if o.Max > maxExact || o.Max < o.Min {
		faults = append(faults, fmt.Errorf("%w: BoundedOptions.Max is %d, expected Min (%d) to 2^53-1", redbrick.ErrConfig, o.Max, o.Min))
	}
	return o, errors.Join(faults...)
}

// RecordOptions are the options of a Record. The zero value is good.
type RecordOptions struct {
	// TTL is how long a record lives after it was made, or replaced by Set. Update and Incr leave it as it is.
	// 0 means for good.
	TTL time.Duration
	// IncrCreates lets Incr make a record that is not there. Without it, counting what was deleted meanwhile leaves
	// nothing behind.
	IncrCreates bool
}

func checkOrder(field string, o Order) error {
	if o.valid() {
		return nil
	}
	return fmt.Errorf("%w: %s is %d, expected Lexical, LexicalDescending, Numeric or NumericDescending", redbrick.ErrConfig, field, o)
}
