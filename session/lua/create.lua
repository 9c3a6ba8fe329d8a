-- Begins a session.
-- KEYS[1]   session, hash; m in it is h, a, t, e, g, z, o, i and u of docs/design/session.md, a line each
-- KEYS[2]   public ids of the user by absolute end in us, zset
-- ARGV[1]   hash of the secret
-- ARGV[2]   user id, "" for a visitor: then KEYS[2] is left alone
-- ARGV[3]   epoch of all users
-- ARGV[4]   JSON of address and user agent
-- ARGV[5]   idle time in ms
-- ARGV[6]   absolute lifetime in ms
-- ARGV[7]   public id
-- ARGV[8]   most sessions of the user, this one included
-- ARGV[9]   channel for near caches, "" where the server tracks
-- ARGV[10]  "<bytes> <number>" of the fields
-- ARGV[11]  "<route>.<public id>" of the session that it comes from, or ""
-- ARGV[12..] name, value, name, value...
-- Returns   {1, now in ms, end in ms, epoch}; {0} there is a session of this public id
-- Cost      O(fields + log sessions)
local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local idle, abs = tonumber(ARGV[5]), now + tonumber(ARGV[6])
local ends = math.min(now + idle, abs)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {0}
end
local epoch = '0'
if ARGV[2] ~= '' then
  epoch = string.format('%.0f', micros)
  -- It outlives every session of the user, and is never shortened.
  local keep = math.max(redis.call('PTTL', KEYS[2]), abs - now + 86400000)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', epoch)
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[8]))
  redis.call('ZADD', KEYS[2], string.format('%.0f', micros + tonumber(ARGV[6]) * 1000), ARGV[7])
  redis.call('PEXPIRE', KEYS[2], string.format('%.0f', keep))
  if ARGV[9] ~= '' then
    redis.call('PUBLISH', ARGV[9], KEYS[2])
  end
end
local times = string.format('%.0f %.0f %.0f %.0f %.0f %.0f', ends, now, now, abs, idle, now)
redis.call('HSET', KEYS[1], 'm', table.concat({ARGV[1], '', times, epoch, ARGV[3], ARGV[10], ARGV[11], ARGV[4], ARGV[2]}, '\n'))
for i = 12, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', ends))
return {1, now, ends, epoch}
