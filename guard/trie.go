package guard

import "net/netip"

// trie finds the longest prefix that contains an address. It is never changed: inserting and removing give a new one that shares
// most of the old, so readers need no lock. The zero value is empty.
type trie struct {
	root [2]*node // IPv4, IPv6
	size int
}

// node is a prefix with those below it. One without an entry only joins two others.
type node struct {
	prefix netip.Prefix
	entry  *Listed
	child  [2]*node
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// bit is the i-th bit of an address, counted from the front.
func bit(a netip.Addr, i int) int {
	if a.Is4() {
		b := a.As4()
		return int(b[i/8]>>(7-i%8)) & 1
	}
	b := a.As16()
	return int(b[i/8]>>(7-i%8)) & 1
}

// find returns the entry of the longest prefix that contains the address and of which live is true.
func (t *trie) find(a netip.Addr, live func(*Listed) bool) *Listed {
	var best *Listed
	for n := t.root[family(a)]; n != nil && n.prefix.Contains(a); n = n.child[bit(a, n.prefix.Bits())] {
		if n.entry != nil && live(n.entry) {
			best = n.entry
		}
		if n.prefix.Bits() == a.BitLen() {
			break
		}
	}
	return best
}

// get returns the entry of exactly this prefix, nil where there is none.
func (t *trie) get(p netip.Prefix) *Listed {
	for n := t.root[family(p.Addr())]; n != nil && n.prefix.Bits() <= p.Bits() && n.prefix.Contains(p.Addr()); n = n.child[bit(p.Addr(), n.prefix.Bits())] {
		if n.prefix.Bits() == p.Bits() {
			return n.entry
		}
	}
	return nil
}

// with returns the trie with the entry in place of what stood for its prefix.
func (t trie) with(e *Listed) trie {
	f := family(e.Prefix.Addr())
	if t.get(e.Prefix) == nil {
		t.size++
	}
	t.root[f] = insert(t.root[f], e)
	return t
}

// without returns the trie without an entry for the prefix.
func (t trie) without(p netip.Prefix) trie {
	if t.get(p) == nil {
		return t
	}
	f := family(p.Addr())
	t.size--
	t.root[f] = remove(t.root[f], p)
	return t
}

func insert(n *node, e *Listed) *node {
	p := e.Prefix
	if n == nil {
		return &node{prefix: p, entry: e}
	}
	switch shared := sharedBits(n.prefix, p); {
	case shared == n.prefix.Bits() && shared == p.Bits():
		return &node{prefix: p, entry: e, child: n.child}
	case shared == n.prefix.Bits():
		below := *n
		b := bit(p.Addr(), shared)
		below.child[b] = insert(n.child[b], e)
		return &below
	case shared == p.Bits():
		above := &node{prefix: p, entry: e}
		above.child[bit(n.prefix.Addr(), shared)] = n
		return above
	default:
		joint := &node{prefix: netip.PrefixFrom(p.Addr(), shared).Masked()}
		joint.child[bit(p.Addr(), shared)] = &node{prefix: p, entry: e}
		joint.child[bit(n.prefix.Addr(), shared)] = n
		return joint
	}
}

// remove takes the entry of p out, which is there.
func remove(n *node, p netip.Prefix) *node {
	left := *n
	if n.prefix == p {
		left.entry = nil
	} else {
		b := bit(p.Addr(), n.prefix.Bits())
		left.child[b] = remove(n.child[b], p)
	}
	switch {
	case left.entry != nil, left.child[0] != nil && left.child[1] != nil:
		return &left
	case left.child[0] != nil:
		return left.child[0]
	}
	return left.child[1]
}

// sharedBits is how many bits two prefixes have in common.
func sharedBits(a, b netip.Prefix) int {
	most := min(a.Bits(), b.Bits())
	for i := range most {
		if bit(a.Addr(), i) != bit(b.Addr(), i) {
			return i
		}
	}
	return most
}

// all calls f for each entry, IPv4 before IPv6, by address and then by length.
func (t *trie) all(f func(*Listed)) {
	var walk func(n *node)
	walk = func(n *node) {
		if n == nil {
			return
		}
		if n.entry != nil {
			f(n.entry)
		}
		walk(n.child[0])
		walk(n.child[1])
	}
	walk(t.root[0])
	walk(t.root[1])
}
