-- Ends a session whose holder has logged in anew: its id reads for a moment more, and changes nothing.
-- KEYS[1]  session, hash
-- KEYS[2]  epoch of the user, string
-- KEYS[3]  public ids of the user by end in us, zset
-- ARGV[1]  hash of the secret
-- ARGV[2]  public id
-- ARGV[3]  ms for which the id still reads
-- ARGV[4]  channel for near caches, "" where the server tracks
-- Returns  1 done; 0 there is no such session (any more), or the id is an old one
-- Cost     O(log sessions)
local s = redis.call('HMGET', KEYS[1], 'h', 'u', 'e', 't')
if s[1] ~= ARGV[1] or not s[4] then
  return 0
end
if s[2] and (s[3] ~= redis.call('GET', KEYS[2]) or not redis.call('ZSCORE', KEYS[3], ARGV[2])) then
  return 0
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ends, rest = string.match(s[4], '^(%d+) (.+)$')
ends = string.format('%.0f', math.min(tonumber(ends or now), now + tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], 'h', '-', 'a', ends .. ' ' .. s[1], 't', ends .. ' ' .. (rest or ''))
redis.call('PEXPIREAT', KEYS[1], ends)
if s[2] then
  redis.call('ZADD', KEYS[3], string.format('%.0f', (tonumber(time[1]) * 1000 + tonumber(ARGV[3])) * 1000 + tonumber(time[2])), ARGV[2])
  if ARGV[4] ~= '' then
    redis.call('PUBLISH', ARGV[4], KEYS[3])
  end
end
return 1
