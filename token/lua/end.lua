-- Ends a family. Its hash stays as a tombstone until the absolute end.
-- KEYS[1]  family, hash
-- KEYS[2]  families of the user, zset
-- ARGV[1]  family
-- Returns  1 if it was there and good, else 0
-- Cost     O(log families of the user)
local good = redis.call('ZREM', KEYS[2], ARGV[1])
local f = redis.call('HMGET', KEYS[1], 'a', 'x')
if not f[1] or f[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'x', 'revoked')
redis.call('PEXPIREAT', KEYS[1], f[1])
return good
