package engine

func hashCommands() []command {
	const g = "hash"
	const w = write | denyOOM | fast
	return []command{
		{name: "hset", arity: -4, flags: w, keys: oneKey, run: cmdHSet, group: g, since: "2.0.0", summary: "Creates or modifies the value of a field in a hash."},
		{name: "hsetnx", arity: 4, flags: w, keys: oneKey, run: cmdHSetNX, group: g, since: "2.0.0", summary: "Sets the value of a field in a hash only when the field doesn't exist."},
		{name: "hmset", arity: -4, flags: w, keys: oneKey, run: cmdHSet, group: g, since: "2.0.0", summary: "Sets the values of multiple fields."},
		{name: "hget", arity: 3, flags: readonly | fast, keys: oneKey, run: cmdHGet, group: g, since: "2.0.0", summary: "Returns the value of a field in a hash."},
		{name: "hmget", arity: -3, flags: readonly | fast, keys: oneKey, run: cmdHMGet, group: g, since: "2.0.0", summary: "Returns the values of fields in a hash."},
		{name: "hgetall", arity: 2, flags: readonly, keys: oneKey, run: cmdHGetAll, group: g, since: "2.0.0", summary: "Returns all fields and values in a hash."},
		{name: "hkeys", arity: 2, flags: readonly, keys: oneKey, run: cmdHKeys, group: g, since: "2.0.0", summary: "Returns all fields in a hash."},
		{name: "hvals", arity: 2, flags: readonly, keys: oneKey, run: cmdHVals, group: g, since: "2.0.0", summary: "Returns all values in a hash."},
		{name: "hlen", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdHLen, group: g, since: "2.0.0", summary: "Returns the number of fields in a hash."},
		{name: "hstrlen", arity: 3, flags: readonly | fast, keys: oneKey, run: cmdHStrlen, group: g, since: "3.2.0", summary: "Returns the length of the value of a field."},
		{name: "hexists", arity: 3, flags: readonly | fast, keys: oneKey, run: cmdHExists, group: g, since: "2.0.0", summary: "Determines whether a field exists in a hash."},
		{name: "hdel", arity: -3, flags: write | fast, keys: oneKey, run: cmdHDel, group: g, since: "2.0.0", summary: "Deletes one or more fields and their values from a hash."},
		{name: "hincrby", arity: 4, flags: w, keys: oneKey, run: cmdHIncrBy, group: g, since: "2.0.0", summary: "Increments the integer value of a field in a hash by a number."},
		{name: "hincrbyfloat", arity: 4, flags: w, keys: oneKey, run: cmdHIncrByFloat, group: g, since: "2.6.0", summary: "Increments the floating point value of a field by a number."},
		{name: "hrandfield", arity: -2, flags: readonly, keys: oneKey, run: cmdHRandField, group: g, since: "6.2.0", summary: "Returns one or more random fields from a hash."},
		{name: "hscan", arity: -3, flags: readonly, keys: oneKey, run: cmdHScan, group: g, since: "2.8.0", summary: "Iterates over fields and values of a hash."},

		{name: "hexpire", arity: -6, flags: w, keys: oneKey, run: cmdHExpire, group: g, since: "7.4.0", summary: "Sets the expiration time of fields in seconds."},
		{name: "hpexpire", arity: -6, flags: w, keys: oneKey, run: cmdHPExpire, group: g, since: "7.4.0", summary: "Sets the expiration time of fields in milliseconds."},
		{name: "hexpireat", arity: -6, flags: w, keys: oneKey, run: cmdHExpireAt, group: g, since: "7.4.0", summary: "Sets the expiration time of fields to a Unix timestamp."},
		{name: "hpexpireat", arity: -6, flags: w, keys: oneKey, run: cmdHPExpireAt, group: g, since: "7.4.0", summary: "Sets the expiration time of fields to a Unix milliseconds timestamp."},
		{name: "httl", arity: -5, flags: readonly | fast, keys: oneKey, run: cmdHTTL, group: g, since: "7.4.0", summary: "Returns the expiration time in seconds of fields."},
		{name: "hpttl", arity: -5, flags: readonly | fast, keys: oneKey, run: cmdHPTTL, group: g, since: "7.4.0", summary: "Returns the expiration time in milliseconds of fields."},
		{name: "hexpiretime", arity: -5, flags: readonly | fast, keys: oneKey, run: cmdHExpireTime, group: g, since: "7.4.0", summary: "Returns the expiration time of fields as a Unix timestamp."},
		{name: "hpexpiretime", arity: -5, flags: readonly | fast, keys: oneKey, run: cmdHPExpireTime, group: g, since: "7.4.0", summary: "Returns the expiration time of fields as a Unix milliseconds timestamp."},
		{name: "hpersist", arity: -5, flags: write | fast, keys: oneKey, run: cmdHPersist, group: g, since: "7.4.0", summary: "Removes the expiration time of fields."},
	}
}
