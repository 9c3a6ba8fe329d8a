-- Writes an entry and refuses the fills of loads under way.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  value
-- ARGV[2]  lifetime in ms
-- ARGV[3]  channel that wakes waiters
-- ARGV[4]  channel that announces written keys where the server does not track, or ""
-- Returns  1
-- Cost     O(1)
-- The first write, so that a full server refuses it. Where it fails the fills are refused all the same.
local done = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local waited = redis.pcall('HGET', KEYS[2], 'w') -- an error where L is no lease: it goes, and a wake-up too many is harmless
redis.call('DEL', KEYS[2])
if waited then
  redis.call('PUBLISH', ARGV[3], KEYS[1])
end
if done.err then
  return done
end
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[4], KEYS[1])
end
return 1
