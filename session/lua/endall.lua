-- Ends all sessions of a user, however many there are: those that are on no list are over.
-- KEYS[1]  public ids of the user, zset
-- ARGV[1]  channel for near caches, "" where the server tracks
-- Returns  1 there may have been sessions; 0 there were none
-- Cost     O(1), and O(sessions) in the background
local known = redis.call('UNLINK', KEYS[1])
if ARGV[1] ~= '' then
  redis.call('PUBLISH', ARGV[1], KEYS[1])
end
return known
