-- Reads a list of addresses whole.
-- KEYS[1]  list, hash: prefix to JSON
-- KEYS[2]  version, string: grows with every change
-- ARGV     none
-- Returns  {version, time in ms, prefix, JSON, prefix, JSON...}
-- Cost     O(n) of n entries
local clock = redis.call('TIME')
local out = redis.call('HGETALL', KEYS[1])
table.insert(out, 1, string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)))
table.insert(out, 1, redis.call('GET', KEYS[2]) or '0')
return out
