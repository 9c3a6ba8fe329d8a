-- Takes a lock, or the caller's place in the queue for it.
-- KEYS[1]  lock, string: token of the holder
-- KEYS[2]  fence, string: the highest fencing token given so far
-- KEYS[3]  queue, zset: tokens of those who wait, by arrival in us
-- KEYS[4]  alive, zset: the same tokens, by the time in ms until which they are believed to wait
-- ARGV[1]  token of the caller
-- ARGV[2]  how long the lock is held without renewal, in ms
-- ARGV[3]  how long the fence is kept, in ms
-- ARGV[4]  how often the caller will ask again while it waits, in ms; 0: it does not wait
-- Returns  the fencing token, above 0; or, below 0, minus the ms after which to ask again; 0: the caller does not wait, no lock
-- Cost     O(log n) of n that wait, and once for each of them that died
local token = ARGV[1]
local granted = redis.call('EXISTS', KEYS[3]) == 0 and redis.call('SET', KEYS[1], token, 'NX', 'PX', ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

if not granted then
  local beat = tonumber(ARGV[4])
  local holder = redis.call('GET', KEYS[1])
  if holder == token then -- the reply of the grant was lost
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    local given = redis.call('GET', KEYS[2])
    if given then
      return tonumber(given)
    end
  elseif holder and beat == 0 then
    return 0
  else
    local ms = math.floor(now / 1000)
    local gone = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ms, 'LIMIT', 0, 1000)
    if #gone > 0 then
      redis.call('ZREM', KEYS[3], unpack(gone))
      redis.call('ZREM', KEYS[4], unpack(gone))
    end
    local first = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
    while first and first ~= token and not redis.call('ZSCORE', KEYS[4], first) do -- its sign of life was lost: who lives asks again
      redis.call('ZREM', KEYS[3], first)
      first = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
    end
    if holder or first and first ~= token then
      if beat == 0 then
        return 0
      end
      if not redis.call('ZSCORE', KEYS[3], token) then
        local last = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
        redis.call('ZADD', KEYS[3], string.format('%.0f', math.max(now, tonumber(last[2] or 0) + 1)), token)
      end
      redis.call('ZADD', KEYS[4], string.format('%.0f', ms + 3 * beat), token)
      redis.call('PEXPIRE', KEYS[3], 60000)
      redis.call('PEXPIRE', KEYS[4], 60000)
      local left = redis.call('PTTL', KEYS[1])
      if left >= 0 and (not first or first == token) then -- the first in the queue takes over when the holder dies
        return -math.min(beat, left + 1)
      end
      return -beat
    end
    redis.call('ZREM', KEYS[3], token)
    redis.call('ZREM', KEYS[4], token)
    redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
  end
end

-- The time is a floor: a fence that was lost, or is behind after a failover, never goes back.
local fence = now
local last = redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[3], 'GET')
if last and tonumber(last) >= fence then
  fence = last + 1
  redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[3])
end
return fence
