-- Takes sessions that are gone out of the list of a user's.
-- KEYS[1]   public ids of the user, zset
-- KEYS[2..] sessions, hash
-- ARGV      their public ids, in the order of KEYS
-- Returns   how many were taken out
-- Cost      O(sessions)
local gone = 0
for i = 1, #ARGV do
  if redis.call('EXISTS', KEYS[i + 1]) == 0 then
    gone = gone + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return gone
