-- Removes an entry and refuses the fills of loads under way.
-- KEYS[1]  V, the entry, of any type
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  channel that wakes waiters
-- ARGV[2]  channel that announces written keys where the server does not track, or ""
-- Returns  1 if there was an entry, else 0
-- Cost     O(1); the memory of a large entry is freed in the background
local had = redis.call('UNLINK', KEYS[1])
local waited = redis.pcall('HGET', KEYS[2], 'w') -- an error where L is no lease: it goes, and a wake-up too many is harmless
redis.call('DEL', KEYS[2])
if waited then
  redis.call('PUBLISH', ARGV[1], KEYS[1])
end
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], KEYS[1])
end
return had
