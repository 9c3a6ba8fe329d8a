-- Holds a lock for longer.
-- KEYS[1]  lock, string: token of the holder
-- ARGV[1]  token of the caller
-- ARGV[2]  how long the lock is held from now without renewal, in ms
-- Returns  1 if the caller holds the lock, else 0
-- Cost     O(1)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
