-- Gives a lock back, or a place in the queue for it, and wakes the one who is next.
-- KEYS[1]  lock, string: token of the holder
-- KEYS[2]  queue, zset: tokens of those who wait, by arrival in us
-- KEYS[3]  alive, zset: the same tokens, by the time in ms until which they are believed to wait
-- ARGV[1]  token of the caller
-- ARGV[2]  channel on which the token of the next is published
-- ARGV[3]  1 if the caller may stand in the queue, else 0
-- Returns  1 if the caller held the lock, else 0
-- Cost     O(log n) of n that wait, and once for each of them that died
local held = 0
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('DEL', KEYS[1])
  holder = false
  held = 1
end
if ARGV[3] == '1' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
end
if holder or redis.call('EXISTS', KEYS[2]) == 0 then
  return held
end
local clock = redis.call('TIME')
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', math.floor(clock[1] * 1000 + clock[2] / 1000), 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', KEYS[2], unpack(gone))
  redis.call('ZREM', KEYS[3], unpack(gone))
end
local first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
while first and not redis.call('ZSCORE', KEYS[3], first) do -- its sign of life was lost: who lives asks again
  redis.call('ZREM', KEYS[2], first)
  first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
end
if first then
  redis.call('PUBLISH', ARGV[2], first)
end
return held
