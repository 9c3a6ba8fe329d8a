-- Counts an attempt in every key, or in none if one of its policies does not allow it now.
-- KEYS[i]  failures under policy i, zset: attempts by the ms in which they failed, or were reserved
-- ARGV[1]  id of the attempt
-- ARGV[2..6], and so on for each key: failures allowed in the window; window in ms; failures without delay; delay after
--          the next one in ms, doubled by each further one, 0 for none; longest delay in ms
-- Returns  {0, 0}, or {i, ms} with the policy that keeps the attempt waiting longest, and how long
-- Cost     O(log n) a policy, n its allowed failures
local id = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local binding, longest = 0, 0
for i = 1, #KEYS do
  local at = 2 + (i - 1) * 5
  local limit, window, free = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local delay, most = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - window))
  local n = redis.call('ZCARD', KEYS[i])
  local wait = 0
  if n >= limit then
    local oldest = redis.call('ZRANGE', KEYS[i], n - limit, n - limit, 'WITHSCORES')
    wait = oldest[2] + window - now
  elseif delay > 0 and n > free then
    local last = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
    wait = last[2] + math.min(most, delay * 2 ^ (n - free - 1)) - now
  end
  if wait > longest then
    binding, longest = i, wait
  end
end
if binding > 0 then
  return {binding, longest}
end
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], string.format('%.0f', now), id)
  redis.call('PEXPIRE', KEYS[i], ARGV[2 + (i - 1) * 5 + 1])
end
return {0, 0}
