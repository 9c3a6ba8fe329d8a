package collection

import (
	"context"
	"iter"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/script"
)

// pipeline sends n commands, a batch at a time, and ends at the first error. build also gives the key of the command, a set.
func pipeline(ctx context.Context, d script.Doer, n int, build func(int) (string, rueidis.Completed), each func(int, rueidis.RedisResult) error) error {
	for from := 0; from < n; from += batch {
		to := min(from+batch, n)
		keys := make([]string, to-from)
		cmds := make([]rueidis.Completed, to-from)
		for i := range cmds {
			keys[i], cmds[i] = build(from + i)
		}
		for i, res := range d.DoMulti(ctx, cmds...) {
			if err := each(from+i, res); err != nil {
				return failure("read or write", keys[i], "set", err)
			}
		}
	}
	return nil
}

// members reads a whole set; nil where there is none.
func members(ctx context.Context, d script.Doer, key string) ([]string, error) {
	all, err := d.Do(ctx, d.B().Smembers().Key(key).Build()).AsStrSlice()
	return all, failure("read", key, "set", err)
}

// scan walks a set in pieces. A member that is there all the while is seen at least once.
func scan(ctx context.Context, d script.Doer, key string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for cursor := uint64(0); ; {
			page, err := d.Do(ctx, d.B().Sscan().Key(key).Cursor(cursor).Count(batch).Build()).AsScanEntry()
			if err != nil {
				yield(nil, failure("walk", key, "set", err))
				return
			}
			if len(page.Elements) > 0 && !yield(page.Elements, nil) {
				return
			}
			if cursor = page.Cursor; cursor == 0 {
				return
			}
		}
	}
}

// count reads the size of a set.
func count(ctx context.Context, d script.Doer, key string) (int64, error) {
	n, err := d.Do(ctx, d.B().Scard().Key(key).Build()).AsInt64()
	return n, failure("count", key, "set", err)
}

// has asks a set for several members at once; the answers stand in the order of the questions.
func has(ctx context.Context, d script.Doer, key string, wanted []string) ([]bool, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	flags, err := d.Do(ctx, d.B().Smismember().Key(key).Member(wanted...).Build()).AsIntSlice()
	if err != nil {
		return nil, failure("read", key, "set", err)
	}
	there := make([]bool, len(flags))
	for i, f := range flags {
		there[i] = f == 1
	}
	return there, nil
}

// unlinkKey removes a key and reports whether there was one.
func unlinkKey(ctx context.Context, d script.Doer, key string) (bool, error) {
	n, err := d.Do(ctx, d.B().Unlink().Key(key).Build()).AsInt64()
	return n > 0, failure("remove", key, "", err)
}
