-- Decides on a refresh token: gives the next generation, the same again, or ends the family.
-- KEYS[1]  family, hash
-- KEYS[2]  families of the user, zset by the end in ms that each has if it is not used
-- ARGV[1]  family
-- ARGV[2]  generation presented
-- ARGV[3]  hash of its secret
-- ARGV[4]  hash of the next secret
-- ARGV[5]  id of the server key that made it
-- ARGV[6]  fingerprint of the client, "-" for none
-- ARGV[7]  idle time in ms
-- ARGV[8]  grace in ms, -1 for none
-- Returns  {"rotated", "", ends, last}; {"again", id of the server key, ends, last}; {"reused", "1" if nobody was told
--          yet}; {"ended"}; {"unknown"}. ends and last: ms of the end if it is not used, and of the absolute end
-- Cost     O(log families of the user)
local time = redis.call('TIME')
local exact = time[1] * 1000 + time[2] / 1000
local now = math.floor(exact)
local text = function(n) return string.format('%.0f', n) end
local f = redis.call('HMGET', KEYS[1], 'g', 'h', 'a', 'x')
if not f[1] then
  return {'unknown'}
end
local gen, current, last = tonumber(ARGV[2]), tonumber(f[1]), tonumber(f[3])
if f[4] == 'reuse' or f[4] == 'reuse told' then
  return {'reused', f[4] == 'reuse' and '1' or '0'}
end
if f[4] or not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  return {'ended'}
end
if gen > current or gen == current and f[2] ~= ARGV[3] then
  return {'unknown'}
end
if gen == current then
  local ends = math.min(now + tonumber(ARGV[7]), last)
  redis.call('HSET', KEYS[1], 'g', text(gen + 1), 'h', ARGV[4], 'l', text(now),
    'g' .. text(gen), text(now) .. ' ' .. ARGV[5] .. ' ' .. ARGV[6])
  redis.call('HDEL', KEYS[1], 'g' .. text(gen - 8))
  redis.call('PEXPIREAT', KEYS[1], text(ends))
  redis.call('ZADD', KEYS[2], 'XX', string.format('%.3f', math.min(exact + tonumber(ARGV[7]), last)), ARGV[1])
  return {'rotated', '', ends, last}
end
local when, key, client = string.match(redis.call('HGET', KEYS[1], 'g' .. text(gen)) or '', '^(%d+) (%S+) (%S+)$')
if when and now - tonumber(when) <= tonumber(ARGV[8]) and client == ARGV[6] then
  return {'again', key, redis.call('PEXPIRETIME', KEYS[1]), last}
end
redis.call('HSET', KEYS[1], 'x', 'reuse')
redis.call('PEXPIREAT', KEYS[1], f[3])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'reused', '1'}
