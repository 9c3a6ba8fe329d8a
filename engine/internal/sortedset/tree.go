package sortedset

import (
	"sort"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

const (
	// fan is how many items a page holds. Inserting moves half of them on average: 512 bytes.
	fan = 64
	// least is what a page has at least after a removal, unless it is the only one.
	least = fan / 4
)

// item is a member with its score. The score is held twice, so that a way down the tree reads few nodes.
type item struct {
	score float64
	node  *dict.Node[float64]
}

func (it *item) less(score float64, member string) bool {
	return it.score < score || it.score == score && it.node.Key() < member
}

// page is a leaf of the tree, or an inner page, which has kids.
type page struct {
	keys       []item  // the items of a leaf; the first item below each kid
	kids       []*page // nil in a leaf
	sizes      []int   // how many items lie below each kid
	prev, next *page   // leaves in order
}

// tree is an order statistic tree. The zero value is empty.
type tree struct {
	root *page
	size int
}

func newLeaf() *page { return &page{keys: make([]item, 0, fan)} }

func newInner() *page {
	return &page{keys: make([]item, 0, fan), kids: make([]*page, 0, fan), sizes: make([]int, 0, fan)}
}

// search counts the items before, which are those at the start for which it is true.
func (t *tree) search(before func(*item) bool) int {
	if t.root == nil {
		return 0
	}
	rank, p := 0, t.root
	for {
		n := sort.Search(len(p.keys), func(i int) bool { return !before(&p.keys[i]) })
		if p.kids == nil {
			return rank + n
		}
		if n == 0 {
			return rank
		}
		for _, size := range p.sizes[:n-1] {
			rank += size
		}
		p = p.kids[n-1]
	}
}

// leaf finds the leaf of a rank, and the index in it.
func (t *tree) leaf(rank int) (*page, int) {
	p := t.root
	for p.kids != nil {
		i := p.kid(&rank, false)
		p = p.kids[i]
	}
	return p, rank
}

// kid finds the kid of a rank below p, and makes the rank one below the kid. To insert, the end of a kid will do.
func (p *page) kid(rank *int, insert bool) int {
	for i, size := range p.sizes {
		if *rank < size || insert && *rank == size {
			return i
		}
		*rank -= size
	}
	return len(p.sizes) - 1
}

// insert puts an item at a rank, which is the right one by its order.
func (t *tree) insert(rank int, it item) {
	if t.root == nil {
		t.root = newLeaf()
	}
	t.size++
	if split := t.root.insert(rank, it); split != nil {
		old := t.root
		t.root = newInner()
		t.root.insertKid(0, old)
		t.root.insertKid(1, split)
	}
}

// insert returns the page that has to stand behind p, if p was full.
func (p *page) insert(rank int, it item) (split *page) {
	if p.kids == nil {
		if len(p.keys) == fan {
			split = p.splitLeaf(rank)
			if rank > len(p.keys) || len(p.keys) == fan {
				split.keys = insertAt(split.keys, rank-len(p.keys), it)
				return split
			}
		}
		p.keys = insertAt(p.keys, rank, it)
		return split
	}
	i := p.kid(&rank, true)
	below := p.kids[i].insert(rank, it)
	p.refresh(i)
	if below == nil {
		return nil
	}
	if len(p.kids) < fan {
		p.insertKid(i+1, below)
		return nil
	}
	split = newInner()
	split.keys, p.keys = append(split.keys, p.keys[fan/2:]...), cut(p.keys, fan/2)
	split.kids, p.kids = append(split.kids, p.kids[fan/2:]...), cut(p.kids, fan/2)
	split.sizes, p.sizes = append(split.sizes, p.sizes[fan/2:]...), cut(p.sizes, fan/2)
	if i+1 <= fan/2 {
		p.insertKid(i+1, below)
	} else {
		split.insertKid(i+1-fan/2, below)
	}
	return split
}

// splitLeaf moves half of a full leaf into a new one behind it; nothing if the next item comes at the very end, so that
// sets that grow there have full pages.
func (p *page) splitLeaf(at int) *page {
	half := fan / 2
	if at == fan && p.next == nil {
		half = fan
	}
	s := newLeaf()
	s.keys, p.keys = append(s.keys, p.keys[half:]...), cut(p.keys, half)
	s.prev, s.next = p, p.next
	p.next = s
	if s.next != nil {
		s.next.prev = s
	}
	return s
}

func (p *page) insertKid(i int, kid *page) {
	p.keys = insertAt(p.keys, i, kid.keys[0])
	p.kids = insertAt(p.kids, i, kid)
	p.sizes = insertAt(p.sizes, i, kid.total())
}

func (p *page) removeKid(i int) {
	p.keys, p.kids, p.sizes = removeAt(p.keys, i, 1), removeAt(p.kids, i, 1), removeAt(p.sizes, i, 1)
}

// refresh takes over what has changed in a kid, which is not empty.
func (p *page) refresh(i int) {
	p.keys[i], p.sizes[i] = p.kids[i].keys[0], p.kids[i].total()
}

func (p *page) total() int {
	if p.kids == nil {
		return len(p.keys)
	}
	n := 0
	for _, size := range p.sizes {
		n += size
	}
	return n
}

// remove takes n items out from a rank on.
func (t *tree) remove(rank, n int) {
	t.size -= n
	for n > 0 {
		n -= t.root.remove(rank, n)
		for len(t.root.kids) == 1 {
			t.root = t.root.kids[0]
		}
	}
	if t.size == 0 {
		t.root = nil
	}
}

// remove takes up to n items out of one leaf, and returns how many.
func (p *page) remove(rank, n int) int {
	if p.kids == nil {
		n = min(n, len(p.keys)-rank)
		p.keys = removeAt(p.keys, rank, n)
		return n
	}
	i := p.kid(&rank, false)
	n = p.kids[i].remove(rank, n)
	if len(p.kids[i].keys) < least && len(p.kids) > 1 {
		p.level(max(i-1, 0))
	} else {
		p.refresh(i)
	}
	return n
}

// level joins kids i and i+1, or shares their content out evenly if it is too much for one.
func (p *page) level(i int) {
	a, b := p.kids[i], p.kids[i+1]
	if len(a.keys)+len(b.keys) <= fan {
		a.take(b, len(b.keys))
		if a.kids == nil {
			if a.next = b.next; a.next != nil {
				a.next.prev = a
			}
		}
		p.removeKid(i + 1)
		p.refresh(i)
		return
	}
	if more := (len(b.keys) - len(a.keys)) / 2; more > 0 {
		a.take(b, more)
	} else {
		b.keys = append(b.keys, make([]item, -more)...)
		from := len(a.keys) + more
		copy(b.keys[-more:], b.keys)
		copy(b.keys, a.keys[from:])
		a.keys = cut(a.keys, from)
		if a.kids != nil {
			for j := len(a.kids) - 1; j >= from; j-- {
				b.kids, b.sizes = insertAt(b.kids, 0, a.kids[j]), insertAt(b.sizes, 0, a.sizes[j])
			}
			a.kids, a.sizes = cut(a.kids, from), cut(a.sizes, from)
		}
	}
	p.refresh(i)
	p.refresh(i + 1)
}

// take moves the first n entries of the page behind to the end of p.
func (p *page) take(b *page, n int) {
	p.keys, b.keys = append(p.keys, b.keys[:n]...), removeAt(b.keys, 0, n)
	if p.kids != nil {
		p.kids, b.kids = append(p.kids, b.kids[:n]...), removeAt(b.kids, 0, n)
		p.sizes, b.sizes = append(p.sizes, b.sizes[:n]...), removeAt(b.sizes, 0, n)
	}
}

func insertAt[T any](s []T, i int, v T) []T {
	s = append(s, v)
	copy(s[i+1:], s[i:])
	s[i] = v
	return s
}

func removeAt[T any](s []T, i, n int) []T {
	copy(s[i:], s[i+n:])
	return cut(s, len(s)-n)
}

// cut shortens s, and forgets what was behind.
func cut[T any](s []T, n int) []T {
	clear(s[n:])
	return s[:n]
}
