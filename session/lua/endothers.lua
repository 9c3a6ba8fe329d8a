-- Ends all sessions of a user but one.
-- KEYS[1]  session that stays, hash; m in it is h, a, t, e, g, z, o, i and u of docs/design/session.md, a line each
-- KEYS[2]  public ids of the user by absolute end in us, zset
-- ARGV[1]  hash of its secret
-- ARGV[2]  its public id
-- ARGV[3]  channel for near caches, "" where the server tracks
-- Returns  the new epoch; "" there is no such session (any more), or the id is an old one
-- Cost     O(1), and O(sessions) in the background
local s = {string.match(redis.call('HGET', KEYS[1], 'm') or '', '^' .. string.rep('([^\n]*)\n', 8) .. '(.*)$')}
local score = redis.call('ZSCORE', KEYS[2], ARGV[2])
if s[1] ~= ARGV[1] or s[9] == '' or not score then
  return ''
end
s[4] = string.format('%.0f', tonumber(s[4]) + 1)
local left = redis.call('PTTL', KEYS[2])
redis.call('HSET', KEYS[1], 'm', table.concat(s, '\n'))
redis.call('UNLINK', KEYS[2])
redis.call('ZADD', KEYS[2], score, ARGV[2])
redis.call('PEXPIRE', KEYS[2], left)
if ARGV[3] ~= '' then
  redis.call('PUBLISH', ARGV[3], KEYS[2])
end
return s[4]
