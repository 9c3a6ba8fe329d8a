package engine

func cmdSRandMember(c *call) {
	if len(c.args) == 2 {
		s, ok := c.setToRead()
		switch {
		case !ok:
		case s == nil:
			c.w.Null()
		default:
			c.w.Bulk(s.form.random())
		}
		return
	}
	if len(c.args) > 3 {
		c.fail(errSyntax)
		return
	}
	count, ok := c.countArg(c.args[2])
	if !ok {
		return
	}
	s, ok := c.setToRead()
	switch {
	case !ok:
	case s == nil || count == 0:
		c.w.Array(0)
	case count < 0:
		c.repeat(-count, 1, func() { c.w.Bulk(s.form.random()) })
	default:
		count = min(count, int64(s.card()))
		c.w.Array(int(count))
		s.draw(int(count), func(m []byte) { c.w.Bulk(m) })
	}
}

func cmdSPop(c *call) {
	if len(c.args) > 3 {
		c.fail(errSyntax)
		return
	}
	counted, count := len(c.args) == 3, int64(1)
	if counted {
		var ok bool
		if count, ok = c.rangeArg(c.args[2], 0, 1<<63-1, errNotPositive); !ok {
			return
		}
	}
	n, ok := c.writeKind(c.args[1], kindSet)
	switch {
	case !ok:
	case n == nil && !counted:
		c.w.Null()
	case n == nil || count == 0:
		c.w.Set(0)
	default:
		c.popMembers(n, count, counted)
	}
}

// popMembers answers and takes out members at random. The effect says which.
func (c *call) popMembers(n *node, count int64, counted bool) {
	s, key := asSet(n), c.args[1]
	take := int(min(count, int64(s.card())))
	gone := make([][]byte, 2, take+2)
	gone[0], gone[1] = bSRem, key
	s.draw(take, func(m []byte) { gone = append(gone, clone(m)) })
	if counted {
		c.w.Set(take)
	}
	for _, m := range gone[2:] {
		s.form.remove(m)
		c.w.Bulk(m)
	}
	c.changed(eventSet, "spop", key)
	c.removeIfEmpty(n, key, s.card() == 0)
	c.effect(gone...)
}
