-- Ends all sessions of a user, however many there are.
-- KEYS[1]  epoch of the user, string
-- KEYS[2]  public ids of the user, zset
-- ARGV[1]  channel for near caches, "" where the server tracks
-- Returns  1 there may have been sessions; 0 there were none
-- Cost     O(1), and O(sessions) in the background
local known = redis.call('EXISTS', KEYS[1])
if known == 1 then
  redis.call('INCR', KEYS[1])
end
redis.call('UNLINK', KEYS[2])
if ARGV[1] ~= '' then
  redis.call('PUBLISH', ARGV[1], KEYS[2])
end
return known
