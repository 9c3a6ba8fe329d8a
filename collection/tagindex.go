package collection

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// TagIndex knows which items carry which tags, and finds the items that carry several tags at once. With the
// pattern "tag:<name>" the set `tag:italian` holds the ids of the items tagged italian; a side key per item lists its
// tags, so that Replace changes what differs and Remove leaves nothing behind. It is safe for concurrent use.
type TagIndex struct {
	links   relation // left: item, right: tag
	order   Order
	oneSlot bool
}

// NewTagIndex makes a TagIndex; the placeholder of the pattern stands for the tag.
func NewTagIndex(rb *redbrick.Client, pattern string, o TagIndexOptions) (*TagIndex, error) {
	tags, err := parsePattern(rb, "pattern", pattern)
	if err := errors.Join(err, checkOrder("TagIndexOptions.Order", o.Order)); err != nil {
		return nil, err
	}
	ns := rb.Namespace()
	prefix, slot := strings.TrimPrefix(tags.prefix, ns), "key"
	if o.OneSlot {
		name := strings.TrimRight(prefix, ":")
		if name == "" {
			name = prefix
		}
		prefix, slot = "{"+name+"}"+prefix[len(name):], "{"+name+"}"
		tags.prefix = ns + prefix
	}
	side := "~tags:" + prefix + tags.suffix
	if !strings.HasSuffix(side, ":") {
		side += ":"
	}
	items := keys{prefix: ns + side, hole: "item"}
	err = register(rb,
		keyspace.Shape{
			Owner: "collection tag index", Pattern: prefix + "<" + tags.hole + ">" + tags.suffix, Type: "set", TTL: "none",
			Slot: slot, Foreign: "read", Purpose: "ids of the items that carry a tag",
		},
		keyspace.Shape{
			Owner: "collection tag index", Pattern: side + "<item>", Type: "set", TTL: "none",
			Slot: slot, Purpose: "tags of an item",
		})
	if err != nil {
		return nil, err
	}
	return &TagIndex{links: newRelation(rb, items, tags), order: o.Order, oneSlot: o.OneSlot}, nil
}

// Key is the key of a tag: a set of item ids.
func (x *TagIndex) Key(tag string) string { return x.links.right.of(tag) }

// Replace gives an item exactly these tags; only what differs is written. Tags may repeat. Two that run side by side for
// one item leave the tags of one of them. After a crash on Cluster the same call again finishes the change for every
// query; Repair also takes the item out of the sets of tags it no longer has.
func (x *TagIndex) Replace(ctx context.Context, id string, tags []string) error {
	if err := errors.Join(x.links.left.check(id), x.links.right.check(tags...)); err != nil {
		return err
	}
	return x.links.replace(ctx, id, tags)
}

// Remove takes an item out of the index. No key of it stays.
func (x *TagIndex) Remove(ctx context.Context, id string) error { return x.Replace(ctx, id, nil) }

// Tags returns the tags of an item, sorted; none if it is not in the index.
func (x *TagIndex) Tags(ctx context.Context, id string) ([]string, error) {
	if err := x.links.left.check(id); err != nil {
		return nil, err
	}
	tags, err := members(ctx, x.links.hot, x.links.left.of(id))
	slices.Sort(tags)
	return tags, err
}

// Count returns how many items carry a tag.
func (x *TagIndex) Count(ctx context.Context, tag string) (int64, error) {
	if err := x.links.right.check(tag); err != nil {
		return 0, err
	}
	return count(ctx, x.links.hot, x.links.right.of(tag))
}

// Query returns a page of the ids that carry all the tags (at least one), in the index's order, and how many there are.
// page counts from 1, limit is at most MaxLimit.
//
// Where one server holds all the sets this is one SINTER. On Cluster the smallest set is fetched and the others are
// asked for its members; the items of the page are then checked against their own tags, so that what a crash left in
// a set is not returned: Total may count it, and the page be shorter, until Repair. The cost is that of reading the
// smallest set (the intersection, on one server), whatever the page.
func (x *TagIndex) Query(ctx context.Context, tags []string, page, limit int) (Page, error) {
	tags = distinct(tags)
	err := errors.Join(x.links.right.check(tags...), checkPage(page, limit))
	if len(tags) == 0 {
		err = errors.Join(err, invalid("tags", tags, "at least one tag"))
	}
	if err != nil {
		return Page{}, err
	}
	found, whole, err := x.intersect(ctx, tags)
	if err != nil {
		return Page{}, err
	}
	x.order.sort(found)
	p := pageOf(found, page, limit)
	if !whole {
		p.Items, err = x.verified(ctx, p.Items, tags)
	}
	return p, err
}

// Repair makes the sets of these tags agree with the tags of the items in them and returns how many entries it took
// out or put in. It is needed on Cluster only, after processes died in the middle of a change.
func (x *TagIndex) Repair(ctx context.Context, tags ...string) (fixed int, err error) {
	if err := x.links.right.check(tags...); err != nil {
		return 0, err
	}
	for _, tag := range tags {
		n, err := x.links.repairRight(ctx, tag)
		fixed += n
		if err != nil {
			return fixed, err
		}
	}
	return fixed, nil
}
