-- Replaces a session of express-session, if it is still the one that was read.
-- KEYS[1]  session, string
-- ARGV[1]  what was read
-- ARGV[2]  what it becomes
-- ARGV[3]  lifetime in ms
-- Returns  1 replaced; 0 it is gone; else what it is now, as text: another request has changed it
-- Cost     O(bytes)
local now = redis.call('GET', KEYS[1])
if not now then
  return 0
end
if now ~= ARGV[1] then
  return now
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
