-- Ends a session whose holder has logged in anew: its id reads for a moment more, and changes nothing.
-- KEYS[1]  session, hash; m in it is h, a, t, e, g, z, o, i and u of docs/design/session.md, a line each
-- KEYS[2]  public ids of the user by absolute end in us, zset
-- ARGV[1]  hash of the secret
-- ARGV[2]  public id
-- ARGV[3]  ms for which the id still reads
-- ARGV[4]  channel for near caches, "" where the server tracks
-- Returns  1 done; 0 there is no such session (any more), or the id is an old one
-- Cost     O(log sessions)
local s = {string.match(redis.call('HGET', KEYS[1], 'm') or '', '^' .. string.rep('([^\n]*)\n', 8) .. '(.*)$')}
if s[1] ~= ARGV[1] or s[9] ~= '' and not redis.call('ZRANK', KEYS[2], ARGV[2]) then
  return 0
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ends, rest = string.match(s[3], '^(%d+) (.+)$')
ends = string.format('%.0f', math.min(tonumber(ends or now), now + tonumber(ARGV[3])))
s[1], s[2], s[3] = '-', ends .. ' ' .. s[1], ends .. ' ' .. (rest or '')
redis.call('HSET', KEYS[1], 'm', table.concat(s, '\n'))
redis.call('PEXPIREAT', KEYS[1], ends)
if s[9] ~= '' then
  redis.call('ZADD', KEYS[2], string.format('%.0f', (tonumber(time[1]) * 1000 + tonumber(ARGV[3])) * 1000 + tonumber(time[2])), ARGV[2])
  if ARGV[4] ~= '' then
    redis.call('PUBLISH', ARGV[4], KEYS[2])
  end
end
return 1
