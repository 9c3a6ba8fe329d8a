package collection

import (
	"context"
	"slices"

	"github.com/redis/rueidis"
)

// intersect returns the ids that are in the sets of all tags, in no order. whole says that the index is changed and
// was read as a whole, so that nothing needs to be checked.
func (x *TagIndex) intersect(ctx context.Context, tags []string) (ids []string, whole bool, err error) {
	hot := x.links.hot
	sets := make([]string, len(tags))
	for i, tag := range tags {
		sets[i] = x.links.right.of(tag)
	}
	if x.oneSlot || x.links.single() {
		ids, err := hot.Do(ctx, hot.B().Sinter().Key(sets...).Build()).AsStrSlice()
		return ids, true, x.blame(ctx, sets, err)
	}
	sizes := make([]int64, len(sets))
	err = pipeline(ctx, hot, len(sets), func(i int) (string, rueidis.Completed) {
		return sets[i], hot.B().Scard().Key(sets[i]).Build()
	}, func(i int, res rueidis.RedisResult) (err error) {
		sizes[i], err = res.AsInt64()
		return err
	})
	if err != nil || slices.Min(sizes) == 0 {
		return nil, false, err
	}
	smallest := slices.Index(sizes, slices.Min(sizes))
	ids, err = members(ctx, hot, sets[smallest])
	for i, set := range sets {
		if i == smallest || len(ids) == 0 || err != nil {
			continue
		}
		ids, err = x.among(ctx, set, ids)
	}
	return ids, false, err
}

// among returns those of the ids that are in a set.
func (x *TagIndex) among(ctx context.Context, set string, ids []string) ([]string, error) {
	const chunk = 1000 // members a command: long enough to be cheap, short enough for others to get their turn
	hot := x.links.hot
	var kept []string
	chunks := slices.Collect(slices.Chunk(ids, chunk))
	err := pipeline(ctx, hot, len(chunks), func(i int) (string, rueidis.Completed) {
		return set, hot.B().Smismember().Key(set).Member(chunks[i]...).Build()
	}, func(i int, res rueidis.RedisResult) error {
		flags, err := res.AsIntSlice()
		for j, flag := range flags {
			if flag == 1 {
				kept = append(kept, chunks[i][j])
			}
		}
		return err
	})
	return kept, err
}

// verified returns those of the ids whose own tags are these too.
func (x *TagIndex) verified(ctx context.Context, ids, tags []string) ([]string, error) {
	hot := x.links.hot
	var kept []string
	err := pipeline(ctx, hot, len(ids), func(i int) (string, rueidis.Completed) {
		key := x.links.left.of(ids[i])
		return key, hot.B().Smismember().Key(key).Member(tags...).Build()
	}, func(i int, res rueidis.RedisResult) error {
		flags, err := res.AsIntSlice()
		if err == nil && !slices.Contains(flags, 0) {
			kept = append(kept, ids[i])
		}
		return err
	})
	return kept, err
}

// blame turns the error of a command on several sets into one that names the set at fault.
func (x *TagIndex) blame(ctx context.Context, sets []string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := rueidis.IsRedisErr(err); ok {
		for _, set := range sets {
			if _, err := count(ctx, x.links.hot, set); err != nil {
				return err
			}
		}
	}
	return failure("intersect", sets[0], "set", err)
}
