-- Replaces the root of a URL by one with more names, unless the URL was invalidated since it was read.
-- KEYS[1]  R, the root, string
-- ARGV[1]  root that the caller read
-- ARGV[2]  root to be stored
-- ARGV[3]  its lifetime in ms
-- ARGV[4]  channel that announces written keys where the server does not track, or ""
-- Returns  1 stored, 0 refused
-- Cost     O(1)
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[4], KEYS[1])
end
return 1
