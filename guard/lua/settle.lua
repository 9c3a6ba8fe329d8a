-- Settles an attempt: failed, cancelled or succeeded.
-- KEYS[i]  failures under policy i, zset: attempts by the ms in which they failed, or were reserved
-- ARGV[1]  id of the attempt
-- ARGV[2], ARGV[3], and so on for each key: what is done: f counts a failure, c forgets this attempt, s all attempts; window in ms
-- Returns  for each key how many other failures there were in the window
-- Cost     O(n) of the failures that are forgotten
local id = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local others = {}
for i = 1, #KEYS do
  local what, window = ARGV[i * 2], tonumber(ARGV[i * 2 + 1])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - window))
  redis.call('ZREM', KEYS[i], id)
  others[i] = redis.call('ZCARD', KEYS[i])
  if what == 's' then
    redis.call('DEL', KEYS[i])
  elseif what == 'f' then -- it may have been forgotten by a success meanwhile
    redis.call('ZADD', KEYS[i], string.format('%.0f', now), id)
    redis.call('PEXPIRE', KEYS[i], ARGV[i * 2 + 1])
  end
end
return others
