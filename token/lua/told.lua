-- Notes that the end of a family by reuse was told.
-- KEYS[1]  family, hash
-- ARGV     none
-- Returns  1 noted; 0 there was nothing to note (any more)
-- Cost     O(1)
if redis.call('HGET', KEYS[1], 'x') ~= 'reuse' then
  return 0
end
redis.call('HSET', KEYS[1], 'x', 'reuse told')
return 1
