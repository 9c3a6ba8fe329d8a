-- Stores what a loader returned, unless the entry was written or dropped since the lease was granted.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  token of the lease
-- ARGV[2]  value
-- ARGV[3]  lifetime in ms
-- ARGV[4]  channel that wakes waiters
-- ARGV[5]  channel that announces written keys where the server does not track, or ""
-- ARGV[6]  ms by which two readings of one expiry may differ: 0 on every real server
-- Returns  1 stored, 0 refused
-- Cost     O(1)
local lease = redis.call('HMGET', KEYS[2], 't', 'p', 'w')
if lease[1] ~= ARGV[1] then
  return 0
end
-- A write that did not go through these scripts shows in the expiry of V.
local now, granted = redis.call('PEXPIRETIME', KEYS[1]), tonumber(lease[2])
local same = now == granted or (now > 0 and granted > 0 and math.abs(now - granted) <= tonumber(ARGV[6]))
if not same and now == -2 and granted > 0 then
  local t = redis.call('TIME')
  same = granted <= t[1] * 1000 + math.floor(t[2] / 1000)
end
if same then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  if ARGV[5] ~= '' then
    redis.call('PUBLISH', ARGV[5], KEYS[1])
  end
end
redis.call('DEL', KEYS[2])
if lease[3] then
  redis.call('PUBLISH', ARGV[4], KEYS[1])
end
return same and 1 or 0
