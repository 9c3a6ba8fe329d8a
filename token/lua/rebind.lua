-- Gives a family the new epoch of its session.
-- KEYS[1]  family, hash
-- ARGV[1]  public id of the session
-- ARGV[2]  epoch it had
-- ARGV[3]  epoch it has
-- Returns  1 if it was of that session and epoch, else 0
-- Cost     O(1)
local f = redis.call('HMGET', KEYS[1], 'p', 'e')
if f[1] ~= ARGV[1] or f[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'e', ARGV[3])
return 1
