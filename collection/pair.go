package collection

import (
	"context"
	"errors"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Pair holds two sets together: for every a its b's and for every b its a's, such as a user's favourites
// (`user:1:favorites` holds recipe ids) and a recipe's admirers (`recipe:7:favorited_by` holds user ids). Whether a and b
// are linked is asked of a's set, which is never wrong. It is safe for concurrent use.
type Pair struct {
	links          relation // left: a, right: b
	orderA, orderB Order
}

// NewPair makes a Pair. The placeholder of patternA stands for an a, that of patternB for a b.
func NewPair(rb *redbrick.Client, patternA, patternB string, o PairOptions) (*Pair, error) {
	a, errA := parsePattern(rb, "patternA", patternA)
	b, errB := parsePattern(rb, "patternB", patternB)
	err := errors.Join(errA, errB, checkOrder("PairOptions.OrderA", o.OrderA), checkOrder("PairOptions.OrderB", o.OrderB))
	if err == nil && a.prefix == b.prefix && a.suffix == b.suffix {
		err = errors.Join(redbrick.ErrConfig, errors.New("patternA and patternB are both \""+patternA+"\", expected two keys"))
	}
	if err != nil {
		return nil, err
	}
	shape := keyspace.Shape{Owner: "collection pair", Type: "set", TTL: "none", Slot: "key", Foreign: "read"}
	shapeA, shapeB := shape, shape
	shapeA.Pattern, shapeA.Purpose = patternA, "members of "+patternB
	shapeB.Pattern, shapeB.Purpose = patternB, "members of "+patternA
	if err := register(rb, shapeA, shapeB); err != nil {
		return nil, err
	}
	return &Pair{links: newRelation(rb, a, b), orderA: o.OrderA, orderB: o.OrderB}, nil
}

// KeyA is the key of an a: a set of b's.
func (p *Pair) KeyA(a string) string { return p.links.left.of(a) }

// KeyB is the key of a b: a set of a's.
func (p *Pair) KeyB(b string) string { return p.links.right.of(b) }

func (p *Pair) check(a, b string) error {
	return errors.Join(p.links.left.check(a), p.links.right.check(b))
}

// Link links a and b and reports whether that is news. Linking again repairs what a crash left of the first time.
func (p *Pair) Link(ctx context.Context, a, b string) (changed bool, err error) {
	return p.change(ctx, a, b, link)
}

// Unlink ends the link of a and b and reports whether there was one.
func (p *Pair) Unlink(ctx context.Context, a, b string) (changed bool, err error) {
	return p.change(ctx, a, b, unlink)
}

func (p *Pair) change(ctx context.Context, a, b string, sign byte) (bool, error) {
	if err := p.check(a, b); err != nil {
		return false, err
	}
	n, _, err := p.links.change(ctx, a, anySize, []edge{{b, sign}})
	return n > 0, err
}

// Linked reports whether a and b are linked.
func (p *Pair) Linked(ctx context.Context, a, b string) (bool, error) {
	there, err := p.LinkedMany(ctx, a, b)
	return err == nil && there[0], err
}

// LinkedMany reports for each b, in order, whether a is linked with it.
func (p *Pair) LinkedMany(ctx context.Context, a string, bs ...string) ([]bool, error) {
	if err := errors.Join(p.links.left.check(a), p.links.right.check(bs...)); err != nil {
		return nil, err
	}
	return has(ctx, p.links.hot, p.links.left.of(a), bs)
}

// OfA returns a page of the b's that a is linked with, in OrderB. page counts from 1, limit is at most MaxLimit. The
// whole set is read.
func (p *Pair) OfA(ctx context.Context, a string, page, limit int) (Page, error) {
	if err := p.links.left.check(a); err != nil {
		return Page{}, err
	}
	return pageOfSet(ctx, p.links.hot, p.links.left.of(a), p.orderB, page, limit)
}

// OfB returns a page of the a's that b is linked with, in OrderA. On Cluster it may hold an a whose Link or Unlink was
// cut off by a crash, until that call is repeated or RepairB is run.
func (p *Pair) OfB(ctx context.Context, b string, page, limit int) (Page, error) {
	if err := p.links.right.check(b); err != nil {
		return Page{}, err
	}
	return pageOfSet(ctx, p.links.hot, p.links.right.of(b), p.orderA, page, limit)
}

// CountA returns how many b's a is linked with.
func (p *Pair) CountA(ctx context.Context, a string) (int64, error) {
	if err := p.links.left.check(a); err != nil {
		return 0, err
	}
	return count(ctx, p.links.hot, p.links.left.of(a))
}

// CountB returns how many a's b is linked with, with the reserve of OfB.
func (p *Pair) CountB(ctx context.Context, b string) (int64, error) {
	if err := p.links.right.check(b); err != nil {
		return 0, err
	}
	return count(ctx, p.links.hot, p.links.right.of(b))
}

// ReplaceA links a with exactly these b's, which may repeat; only what differs is written. It is for rebuilding from a
// database.
func (p *Pair) ReplaceA(ctx context.Context, a string, bs []string) error {
	if err := errors.Join(p.links.left.check(a), p.links.right.check(bs...)); err != nil {
		return err
	}
	return p.links.replace(ctx, a, bs)
}

// RemoveA ends all links of a, and ends when there is none. Later links stay.
func (p *Pair) RemoveA(ctx context.Context, a string) error {
	if err := p.links.left.check(a); err != nil {
		return err
	}
	return p.removeAll(ctx, p.links.left.of(a), func(b string) pair { return pair{a, b} })
}

// RemoveB ends all links of b, and ends when there is none. Later links stay.
func (p *Pair) RemoveB(ctx context.Context, b string) error {
	if err := p.links.right.check(b); err != nil {
		return err
	}
	return p.removeAll(ctx, p.links.right.of(b), func(a string) pair { return pair{a, b} })
}

// removeAll takes what is in a set until it is empty. It draws members in place of walking: the set shrinks meanwhile.
func (p *Pair) removeAll(ctx context.Context, set string, pairOf func(string) pair) error {
	d := p.links.d
	for {
		drawn, err := d.Do(ctx, d.B().Srandmember().Key(set).Count(batch).Build()).AsStrSlice()
		if err != nil || len(drawn) == 0 {
			return failure("read", set, "set", err)
		}
		if err := p.links.unlinkAll(ctx, pairsOf(drawn, pairOf)); err != nil {
			return err
		}
	}
}

// RepairB makes b's set agree with the sets of the a's in it and returns how many it took out. It is needed on Cluster
// only, after processes died in the middle of a change.
func (p *Pair) RepairB(ctx context.Context, b string) (fixed int, err error) {
	if err := p.links.right.check(b); err != nil {
		return 0, err
	}
	return p.links.repairRight(ctx, b)
}
