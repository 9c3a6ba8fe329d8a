-- Stores what a loader returned, unless the entry was written or dropped since the lease was granted.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  token of the lease
-- ARGV[2]  value
-- ARGV[3]  lifetime in ms
-- ARGV[4]  channel that wakes waiters
-- ARGV[5]  channel that announces written keys where the server does not track, or ""
-- Returns  1 stored, 0 refused
-- Cost     O(1); O(length of V) where V has no expiry
local lease = redis.pcall('HMGET', KEYS[2], 't', 'p', 'w')
if lease[1] ~= ARGV[1] then
  return 0
end
-- A write that did not go through these scripts shows in the stamp of V: see acquire.
local now, granted = redis.call('PEXPIRETIME', KEYS[1]), tonumber(lease[2]) or 0
local stamp = string.format('%.0f', now)
if now == -1 then
  local v = redis.pcall('GET', KEYS[1])
  stamp = 'sha1 ' .. (type(v) == 'string' and redis.sha1hex(v) or '')
end
local same = stamp == lease[2]
if now == -2 and granted > 0 then
  local t = redis.call('TIME')
  same = granted <= t[1] * 1000 + math.floor(t[2] / 1000)
end
-- The first write, so that a full server refuses it. Where it fails the lease ends all the same.
local done = same and redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
if lease[3] then
  redis.call('PUBLISH', ARGV[4], KEYS[1])
end
if not same then
  return 0
end
if done.err then
  return done
end
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], KEYS[1])
end
return 1
