-- Begins a family of refresh tokens.
-- KEYS[1]  family, hash
-- KEYS[2]  families of the user, zset by the end in ms that each has if it is not used
-- ARGV[1]  family
-- ARGV[2]  hash of its first secret
-- ARGV[3]  user, ARGV[4] route, ARGV[5] public id, ARGV[6] epoch of the session
-- ARGV[7]  idle time in ms
-- ARGV[8]  time to the absolute end in ms
-- ARGV[9]  most families of a user: of those before, the one that would end first gives way
-- Returns  {ms of its end if it is not used, ms of its absolute end}
-- Cost     O(log families of the user)
local time = redis.call('TIME')
local exact = time[1] * 1000 + time[2] / 1000 -- to the us, so that no two have the same end
local now = math.floor(exact)
local last = now + tonumber(ARGV[8])
local ends = math.min(now + tonumber(ARGV[7]), last)
local text = function(n) return string.format('%.0f', n) end
redis.call('HSET', KEYS[1], 'g', '0', 'h', ARGV[2], 'u', ARGV[3], 'r', ARGV[4], 'p', ARGV[5], 'e', ARGV[6],
  'c', text(now), 'l', text(now), 'a', text(last))
redis.call('PEXPIREAT', KEYS[1], text(ends))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now))
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[9])) -- never the new one, though it may end before all others
redis.call('ZADD', KEYS[2], string.format('%.3f', math.min(exact + tonumber(ARGV[7]), last)), ARGV[1])
local till = math.max(redis.call('PEXPIRETIME', KEYS[2]), last + 86400000)
redis.call('PEXPIREAT', KEYS[2], text(till))
return {ends, last}
