package collection

import (
	"context"
	"errors"
	"iter"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Set holds a set of texts for each id. It is safe for concurrent use.
type Set struct {
	rb   *redbrick.Client
	keys keys
	o    SetOptions
}

// NewSet makes a Set; the placeholder of the pattern stands for the id.
func NewSet(rb *redbrick.Client, pattern string, o SetOptions) (*Set, error) {
	k, err := parsePattern(rb, "pattern", pattern)
	if err := errors.Join(err, checkOrder("SetOptions.Order", o.Order), checkTTL("SetOptions.TTL", o.TTL)); err != nil {
		return nil, err
	}
	err = register(rb, keyspace.Shape{
		Owner: "collection set", Pattern: pattern, Type: "set", TTL: ttlText(o.TTL, "after the last addition"),
		Slot: "key", Foreign: "read, write", Purpose: "a set",
	})
	if err != nil {
		return nil, err
	}
	return &Set{rb: rb, keys: k, o: o}, nil
}

// Key is the key of an id.
func (s *Set) Key(id string) string { return s.keys.of(id) }

// Add puts members into a set and returns how many were new. Without members nothing happens.
func (s *Set) Add(ctx context.Context, id string, members ...string) (added int64, err error) {
	if err := s.keys.check(id); err != nil || len(members) == 0 {
		return 0, err
	}
	key := s.keys.of(id)
	if s.o.TTL == 0 {
		added, err = s.rb.Do(ctx, s.rb.B().Sadd().Key(key).Member(members...).Build()).AsInt64()
	} else {
		args := append([]string{millis(s.o.TTL)}, members...)
		added, err = addScript.Do(ctx, s.rb, []string{key}, args).AsInt64()
	}
	return added, failure("add to", key, "set", err)
}

// Remove takes members out of a set and returns how many were there. The last one takes the key with it.
func (s *Set) Remove(ctx context.Context, id string, members ...string) (removed int64, err error) {
	if err := s.keys.check(id); err != nil || len(members) == 0 {
		return 0, err
	}
	key := s.keys.of(id)
	removed, err = s.rb.Do(ctx, s.rb.B().Srem().Key(key).Member(members...).Build()).AsInt64()
	return removed, failure("remove from", key, "set", err)
}

// Has reports whether a set has a member.
func (s *Set) Has(ctx context.Context, id, member string) (bool, error) {
	there, err := s.HasMany(ctx, id, member)
	return err == nil && there[0], err
}

// HasMany reports for each member, in order, whether the set has it.
func (s *Set) HasMany(ctx context.Context, id string, members ...string) ([]bool, error) {
	if err := s.keys.check(id); err != nil {
		return nil, err
	}
	return has(ctx, s.rb.Hot(), s.keys.of(id), members)
}

// Members returns a page of a set in its order. page counts from 1, limit is at most MaxLimit. The whole set is read;
// All is for large ones.
func (s *Set) Members(ctx context.Context, id string, page, limit int) (Page, error) {
	if err := s.keys.check(id); err != nil {
		return Page{}, err
	}
	return pageOfSet(ctx, s.rb.Hot(), s.keys.of(id), s.o.Order, page, limit)
}

// pageOfSet reads a set and sorts it.
func pageOfSet(ctx context.Context, d script.Doer, key string, order Order, page, limit int) (Page, error) {
	if err := checkPage(page, limit); err != nil {
		return Page{}, err
	}
	all, err := members(ctx, d, key)
	if err != nil {
		return Page{}, err
	}
	order.sort(all)
	return pageOf(all, page, limit), nil
}

// All walks a set of any size in no order, without holding up the server. A member that is there from beginning to end
// comes at least once, and may come twice while the set changes. An error comes last.
func (s *Set) All(ctx context.Context, id string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.keys.check(id); err != nil {
			yield("", err)
			return
		}
		for members, err := range scan(ctx, s.rb, s.keys.of(id)) {
			if err != nil {
				yield("", err)
				return
			}
			for _, m := range members {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// Count returns the size of a set.
func (s *Set) Count(ctx context.Context, id string) (int64, error) {
	if err := s.keys.check(id); err != nil {
		return 0, err
	}
	return count(ctx, s.rb.Hot(), s.keys.of(id))
}

// Clear removes a set and reports whether there was one.
func (s *Set) Clear(ctx context.Context, id string) (bool, error) {
	if err := s.keys.check(id); err != nil {
		return false, err
	}
	return unlinkKey(ctx, s.rb, s.keys.of(id))
}
