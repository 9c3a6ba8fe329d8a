-- Writes an entry and refuses the fills of loads under way.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  value
-- ARGV[2]  lifetime in ms
-- ARGV[3]  channel that wakes waiters
-- ARGV[4]  channel that announces written keys where the server does not track, or ""
-- Returns  1
-- Cost     O(1)
local waited = redis.pcall('HGET', KEYS[2], 'w') -- an error where L is no lease: it goes, and a wake-up too many is harmless
redis.call('DEL', KEYS[2])
if waited then
  redis.call('PUBLISH', ARGV[3], KEYS[1])
end
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[4], KEYS[1])
end
-- The last step: where it fails (memory, a bad lifetime) the fills are refused all the same.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
