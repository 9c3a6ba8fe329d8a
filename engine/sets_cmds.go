package engine

func setCommands() []command {
	const g = "set"
	const w = write | denyOOM
	return []command{
		{name: "sadd", arity: -3, flags: w | fast, keys: oneKey, run: cmdSAdd, group: g, since: "1.0.0", summary: "Adds one or more members to a set."},
		{name: "srem", arity: -3, flags: write | fast, keys: oneKey, run: cmdSRem, group: g, since: "1.0.0", summary: "Removes one or more members from a set."},
		{name: "sismember", arity: 3, flags: readonly | fast, keys: oneKey, run: cmdSIsMember, group: g, since: "1.0.0", summary: "Determines whether a member belongs to a set."},
		{name: "smismember", arity: -3, flags: readonly | fast, keys: oneKey, run: cmdSMIsMember, group: g, since: "6.2.0", summary: "Determines whether multiple members belong to a set."},
		{name: "scard", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdSCard, group: g, since: "1.0.0", summary: "Returns the number of members in a set."},
		{name: "smembers", arity: 2, flags: readonly, keys: oneKey, run: cmdSMembers, group: g, since: "1.0.0", summary: "Returns all members of a set."},
		{name: "spop", arity: -2, flags: write | fast, keys: oneKey, run: cmdSPop, group: g, since: "1.0.0", summary: "Removes and returns one or more random members of a set."},
		{name: "srandmember", arity: -2, flags: readonly, keys: oneKey, run: cmdSRandMember, group: g, since: "1.0.0", summary: "Returns one or more random members of a set."},
		{name: "smove", arity: 4, flags: write | fast, keys: twoKeys, run: cmdSMove, group: g, since: "1.0.0", summary: "Moves a member from one set to another."},
		{name: "sinter", arity: -2, flags: readonly, keys: allKeys, run: cmdSInter, group: g, since: "1.0.0", summary: "Returns the members that all sets have."},
		{name: "sinterstore", arity: -3, flags: w, keys: allKeys, run: cmdSInterStore, group: g, since: "1.0.0", summary: "Stores the members that all sets have in a key."},
		{name: "sintercard", arity: -3, flags: readonly | movableKeys, find: numberedKeys(1), run: cmdSInterCard, group: g, since: "7.0.0", summary: "Returns the number of members that all sets have."},
		{name: "sunion", arity: -2, flags: readonly, keys: allKeys, run: cmdSUnion, group: g, since: "1.0.0", summary: "Returns the members of several sets."},
		{name: "sunionstore", arity: -3, flags: w, keys: allKeys, run: cmdSUnionStore, group: g, since: "1.0.0", summary: "Stores the members of several sets in a key."},
		{name: "sdiff", arity: -2, flags: readonly, keys: allKeys, run: cmdSDiff, group: g, since: "1.0.0", summary: "Returns the members of the first set that the others have not."},
		{name: "sdiffstore", arity: -3, flags: w, keys: allKeys, run: cmdSDiffStore, group: g, since: "1.0.0", summary: "Stores the members of the first set that the others have not in a key."},
		{name: "sscan", arity: -3, flags: readonly, keys: oneKey, run: cmdSScan, group: g, since: "2.8.0", summary: "Iterates over members of a set."},
	}
}

func (c *config) maxInts() int64 { return c.thresholds.setInts }

func cmdSAdd(c *call) {
	n, ok := c.writeKind(c.args[1], kindSet)
	if !ok {
		return
	}
	if n == nil {
		n = c.db.put(c.args[1], kindSet)
		n.Val.setObject(newSet())
	}
	s, added, most := asSet(n), int64(0), c.e.config.maxInts()
	for _, m := range c.args[2:] {
		if s.add(m, most) {
			added++
		}
	}
	if added > 0 {
		c.changed(eventSet, "sadd", c.args[1])
	}
	c.w.Int(added)
}

func cmdSRem(c *call) {
	n, ok := c.writeKind(c.args[1], kindSet)
	if !ok {
		return
	}
	removed := int64(0)
	if n != nil {
		s := asSet(n)
		for _, m := range c.args[2:] {
			if s.form.remove(m) {
				removed++
			}
		}
		if removed > 0 {
			c.changed(eventSet, "srem", c.args[1])
			c.removeIfEmpty(n, c.args[1], s.card() == 0)
		}
	}
	c.w.Int(removed)
}

// setToRead looks up the set under the first argument; s is nil if there is none. ok is false if it answered an error.
func (c *call) setToRead() (s *set, ok bool) {
	n, ok := c.readKind(c.args[1], kindSet)
	if n == nil || !ok {
		return nil, ok
	}
	return asSet(n), true
}

// answerMember answers whether s, which may be nil, has a member.
func (c *call) answerMember(s *set, m []byte) {
	if s != nil && s.form.has(m) {
		c.w.Int(1)
		return
	}
	c.w.Int(0)
}

func cmdSIsMember(c *call) {
	if s, ok := c.setToRead(); ok {
		c.answerMember(s, c.args[2])
	}
}

func cmdSMIsMember(c *call) {
	s, ok := c.setToRead()
	if !ok {
		return
	}
	c.w.Array(len(c.args) - 2)
	for _, m := range c.args[2:] {
		c.answerMember(s, m)
	}
}

func cmdSCard(c *call) {
	s, ok := c.setToRead()
	switch {
	case !ok:
	case s == nil:
		c.w.Int(0)
	default:
		c.w.Int(int64(s.card()))
	}
}

func cmdSMembers(c *call) {
	if s, ok := c.setToRead(); ok {
		c.answerSet(s)
	}
}

// answerSet answers all members of s, which may be nil.
func (c *call) answerSet(s *set) {
	if s == nil {
		c.w.Set(0)
		return
	}
	c.w.Set(s.card())
	for m := range s.form.all {
		c.w.Bulk(m)
	}
}

func cmdSMove(c *call) {
	from, to, m := c.args[1], c.args[2], c.args[3]
	src := c.write(from)
	dst := c.write(to)
	if src == nil {
		c.w.Int(0)
		return
	}
	if _, ok := c.typed(src, kindSet); !ok {
		return
	}
	if _, ok := c.typed(dst, kindSet); !ok {
		return
	}
	if src == dst {
		c.answerMember(asSet(src), m)
		return
	}
	if !asSet(src).form.remove(m) {
		c.w.Int(0)
		return
	}
	c.changed(eventSet, "srem", from)
	c.removeIfEmpty(src, from, asSet(src).card() == 0)
	if dst == nil {
		dst = c.db.put(to, kindSet)
		dst.Val.setObject(newSet())
	}
	if asSet(dst).add(m, c.e.config.maxInts()) {
		c.changed(eventSet, "sadd", to)
	}
	c.w.Int(1)
}

func cmdSScan(c *call) {
	n, o, ok := c.scanTarget(kindSet)
	if !ok {
		return
	}
	var found []string
	cursor := asSet(n).scan(&o, func(m []byte) {
		if name := string(m); o.matches(name) {
			found = append(found, name)
		}
	})
	c.answerScan(cursor, len(found))
	for _, m := range found {
		c.w.BulkString(m)
	}
}
