-- Takes one of a bounded number of places. A place whose holder has died is free when its lease ends.
-- KEYS[1]  places taken, zset: lease id -> end of the lease in ms
-- ARGV[1]  lease id
-- ARGV[2]  number of places
-- ARGV[3]  lease in ms
-- Returns  {1 taken, 0 denied; places taken now; ms until the first lease ends}
-- Cost     O(log places + leases ended)
local t = redis.call('TIME')
local ms = math.floor((t[1] * 1000000 + t[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ms)
local taken = redis.call('ZCARD', KEYS[1])
local got = 0
if taken < tonumber(ARGV[2]) then
  got = 1
  taken = taken + 1
  redis.call('ZADD', KEYS[1], ms + ARGV[3], ARGV[1])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then -- others may have longer leases
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {got, taken, first[2] - ms}
