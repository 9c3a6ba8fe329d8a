package engine

// combinedKeys finds the keys of a command that has one of its own before the numbered ones.
func combinedKeys(args [][]byte) []int {
	if numbered := numberedKeys(2)(args); numbered != nil {
		return append([]int{1}, numbered...)
	}
	return nil
}

func zsetCommands() []command {
	const g = "sorted-set"
	const w, r, rf = write | denyOOM, readonly, readonly | fast
	return []command{
		{name: "zadd", arity: -4, flags: w | fast, keys: oneKey, run: cmdZAdd, group: g, since: "1.2.0", summary: "Adds members to a sorted set, or gives them other scores."},
		{name: "zincrby", arity: 4, flags: w | fast, keys: oneKey, run: cmdZIncrBy, group: g, since: "1.2.0", summary: "Increments the score of a member."},
		{name: "zrem", arity: -3, flags: write | fast, keys: oneKey, run: cmdZRem, group: g, since: "1.2.0", summary: "Removes members from a sorted set."},
		{name: "zcard", arity: 2, flags: rf, keys: oneKey, run: cmdZCard, group: g, since: "1.2.0", summary: "Returns the number of members."},
		{name: "zscore", arity: 3, flags: rf, keys: oneKey, run: cmdZScore, group: g, since: "1.2.0", summary: "Returns the score of a member."},
		{name: "zmscore", arity: -3, flags: rf, keys: oneKey, run: cmdZMScore, group: g, since: "6.2.0", summary: "Returns the scores of members."},
		{name: "zcount", arity: 4, flags: rf, keys: oneKey, run: cmdZCount, group: g, since: "2.0.0", summary: "Counts the members with scores in a range."},
		{name: "zlexcount", arity: 4, flags: rf, keys: oneKey, run: cmdZLexCount, group: g, since: "2.8.9", summary: "Counts the members in a range of their bytes."},
		{name: "zrank", arity: -3, flags: rf, keys: oneKey, run: cmdZRank, group: g, since: "2.0.0", summary: "Returns how many members come before one, lowest score first."},
		{name: "zrevrank", arity: -3, flags: rf, keys: oneKey, run: cmdZRevRank, group: g, since: "2.0.0", summary: "Returns how many members come before one, highest score first."},
		{name: "zrange", arity: -4, flags: r, keys: oneKey, run: cmdZRange, group: g, since: "1.2.0", summary: "Returns members in a range of ranks, scores or bytes."},
		{name: "zrangestore", arity: -5, flags: w, keys: twoKeys, run: cmdZRangeStore, group: g, since: "6.2.0", summary: "Stores members in a range of another sorted set."},
		{name: "zrevrange", arity: -4, flags: r, keys: oneKey, run: cmdZRevRange, group: g, since: "1.2.0", summary: "Returns members in a range of ranks, highest score first."},
		{name: "zrangebyscore", arity: -4, flags: r, keys: oneKey, run: cmdZRangeByScore, group: g, since: "1.0.5", summary: "Returns members in a range of scores."},
		{name: "zrevrangebyscore", arity: -4, flags: r, keys: oneKey, run: cmdZRevRangeByScore, group: g, since: "2.2.0", summary: "Returns members in a range of scores, highest first."},
		{name: "zrangebylex", arity: -4, flags: r, keys: oneKey, run: cmdZRangeByLex, group: g, since: "2.8.9", summary: "Returns members in a range of their bytes."},
		{name: "zrevrangebylex", arity: -4, flags: r, keys: oneKey, run: cmdZRevRangeByLex, group: g, since: "2.8.9", summary: "Returns members in a range of their bytes, last first."},
		{name: "zremrangebyrank", arity: 4, flags: write, keys: oneKey, run: cmdZRemRangeByRank, group: g, since: "2.0.0", summary: "Removes members in a range of ranks."},
		{name: "zremrangebyscore", arity: 4, flags: write, keys: oneKey, run: cmdZRemRangeByScore, group: g, since: "1.2.0", summary: "Removes members in a range of scores."},
		{name: "zremrangebylex", arity: 4, flags: write, keys: oneKey, run: cmdZRemRangeByLex, group: g, since: "2.8.9", summary: "Removes members in a range of their bytes."},
		{name: "zpopmin", arity: -2, flags: write | fast, keys: oneKey, run: cmdZPopMin, group: g, since: "5.0.0", summary: "Removes and returns the members with the lowest scores."},
		{name: "zpopmax", arity: -2, flags: write | fast, keys: oneKey, run: cmdZPopMax, group: g, since: "5.0.0", summary: "Removes and returns the members with the highest scores."},
		{name: "zmpop", arity: -4, flags: write | movableKeys, find: numberedKeys(1), run: cmdZMPop, group: g, since: "7.0.0", summary: "Removes and returns members of the first of several sorted sets that has some."},
		{name: "bzpopmin", arity: -3, flags: write | noScript | blockingCmd | fast, keys: keySpec{1, -2, 1}, run: cmdBZPopMin, group: g, since: "5.0.0", summary: "Removes and returns the member with the lowest score. Blocks until there is one."},
		{name: "bzpopmax", arity: -3, flags: write | noScript | blockingCmd | fast, keys: keySpec{1, -2, 1}, run: cmdBZPopMax, group: g, since: "5.0.0", summary: "Removes and returns the member with the highest score. Blocks until there is one."},
		{name: "bzmpop", arity: -5, flags: write | blockingCmd | movableKeys, find: numberedKeys(2), run: cmdBZMPop, group: g, since: "7.0.0", summary: "Removes and returns members of the first of several sorted sets that has some. Blocks until there is one."},
		{name: "zunion", arity: -3, flags: r | movableKeys, find: numberedKeys(1), run: cmdZUnion, group: g, since: "6.2.0", summary: "Returns the union of sorted sets and sets."},
		{name: "zunionstore", arity: -4, flags: w | movableKeys, keys: oneKey, find: combinedKeys, run: cmdZUnionStore, group: g, since: "2.0.0", summary: "Stores the union of sorted sets and sets."},
		{name: "zinter", arity: -3, flags: r | movableKeys, find: numberedKeys(1), run: cmdZInter, group: g, since: "6.2.0", summary: "Returns the intersection of sorted sets and sets."},
		{name: "zinterstore", arity: -4, flags: w | movableKeys, keys: oneKey, find: combinedKeys, run: cmdZInterStore, group: g, since: "2.0.0", summary: "Stores the intersection of sorted sets and sets."},
		{name: "zintercard", arity: -3, flags: r | movableKeys, find: numberedKeys(1), run: cmdZInterCard, group: g, since: "7.0.0", summary: "Counts the intersection of sorted sets and sets."},
		{name: "zdiff", arity: -3, flags: r | movableKeys, find: numberedKeys(1), run: cmdZDiff, group: g, since: "6.2.0", summary: "Returns the first of sorted sets and sets without the others."},
		{name: "zdiffstore", arity: -4, flags: w | movableKeys, keys: oneKey, find: combinedKeys, run: cmdZDiffStore, group: g, since: "6.2.0", summary: "Stores the first of sorted sets and sets without the others."},
		{name: "zrandmember", arity: -2, flags: r, keys: oneKey, run: cmdZRandMember, group: g, since: "6.2.0", summary: "Returns random members of a sorted set."},
		{name: "zscan", arity: -3, flags: r, keys: oneKey, run: cmdZScan, group: g, since: "2.8.0", summary: "Iterates over members and scores of a sorted set."},
	}
}
