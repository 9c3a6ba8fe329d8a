-- Keeps a place for another lease. It is taken again where it was lost: the work goes on all the same, and counts.
-- KEYS[1]  places taken, zset: lease id -> end of the lease in ms
-- ARGV[1]  lease id
-- ARGV[2]  lease in ms
-- Returns  1 if the place was taken again, 0 if it was kept
-- Cost     O(log places)
local t = redis.call('TIME')
local ms = math.floor((t[1] * 1000000 + t[2]) / 1000)
local again = redis.call('ZADD', KEYS[1], ms + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then -- others may have longer leases
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return again
