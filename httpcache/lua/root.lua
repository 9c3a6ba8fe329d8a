-- Reads the root of a URL, and makes it where there is none.
-- KEYS[1]  R, the root, string: generation of the URL, and the names it varies by
-- ARGV[1]  root to be stored where there is none
-- ARGV[2]  its lifetime in ms
-- Returns  {root, remaining ms or -1}
-- Cost     O(1)
local root = redis.pcall('GET', KEYS[1])
if type(root) == 'string' then
  return {root, redis.call('PTTL', KEYS[1])}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], tonumber(ARGV[2])}
