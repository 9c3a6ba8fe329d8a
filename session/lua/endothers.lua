-- Ends all sessions of a user but one.
-- KEYS[1]  session that stays, hash
-- KEYS[2]  epoch of the user, string
-- KEYS[3]  public ids of the user by absolute end in us, zset
-- ARGV[1]  hash of its secret
-- ARGV[2]  its public id
-- ARGV[3]  channel for near caches, "" where the server tracks
-- Returns  the new epoch; "" there is no such session (any more), or the id is an old one
-- Cost     O(1), and O(sessions) in the background
local s = redis.call('HMGET', KEYS[1], 'h', 'u', 'e')
local score = redis.call('ZSCORE', KEYS[3], ARGV[2])
if s[1] ~= ARGV[1] or not s[2] or s[3] ~= redis.call('GET', KEYS[2]) or not score then
  return ''
end
local epoch = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], 'e', epoch)
redis.call('UNLINK', KEYS[3])
redis.call('ZADD', KEYS[3], score, ARGV[2])
redis.call('PEXPIRE', KEYS[3], redis.call('PTTL', KEYS[2]))
if ARGV[3] ~= '' then
  redis.call('PUBLISH', ARGV[3], KEYS[3])
end
return epoch
