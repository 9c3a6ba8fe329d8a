-- Reads the clock of the tags, and starts it where there is none.
-- KEYS[1]  C, string: the newest number given
-- KEYS[2]  F, string: entries whose number is below it are invalid
-- ARGV[1]  lifetime of both in ms, renewed when half of it has passed
-- Returns  C, as text
-- Cost     O(1)
local c = redis.call('GET', KEYS[1])
if c and redis.call('EXISTS', KEYS[2]) == 1 then
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) / 2 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    redis.call('PEXPIRE', KEYS[2], ARGV[1])
  end
  return c
end
-- A lost clock invalidates all that was stored under it: numbers are microseconds and only grow.
local t = redis.call('TIME')
local now = string.format('%.0f', math.max(t[1] * 1000000 + t[2], tonumber(c or 0) + 1))
redis.call('SET', KEYS[1], now, 'PX', ARGV[1])
redis.call('SET', KEYS[2], now, 'PX', ARGV[1])
return now
