-- Gives a lease back unused: the loader failed.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash
-- ARGV[1]  token of the lease
-- ARGV[2]  channel that wakes waiters
-- Returns  1 if the lease was the caller's, else 0
-- Cost     O(1)
local lease = redis.pcall('HMGET', KEYS[2], 't', 'w')
if lease[1] ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[2])
if lease[2] then
  redis.call('PUBLISH', ARGV[2], KEYS[1])
end
return 1
