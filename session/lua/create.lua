-- Begins a session.
-- KEYS[1]   session, hash
-- KEYS[2]   epoch of the user, string
-- KEYS[3]   public ids of the user by absolute end in us, zset
-- ARGV[1]   hash of the secret
-- ARGV[2]   user id, "" for a visitor: then KEYS[2] and KEYS[3] are left alone
-- ARGV[3]   epoch of all users
-- ARGV[4]   JSON of address and user agent
-- ARGV[5]   idle time in ms
-- ARGV[6]   absolute lifetime in ms
-- ARGV[7]   public id
-- ARGV[8]   most sessions of the user, this one included
-- ARGV[9]   channel for near caches, "" where the server tracks
-- ARGV[10]  "<bytes> <number>" of the fields
-- ARGV[11..] name, value, name, value...
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
  epoch = redis.call('GET', KEYS[2]) or string.format('%.0f', micros)
  -- Both outlive every session of the user, and are never shortened.
  local keep = math.max(redis.call('PTTL', KEYS[2]), abs - now + 86400000)
  redis.call('SET', KEYS[2], epoch, 'PX', string.format('%.0f', keep))
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', micros))
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -tonumber(ARGV[8]))
  redis.call('ZADD', KEYS[3], string.format('%.0f', micros + tonumber(ARGV[6]) * 1000), ARGV[7])
  redis.call('PEXPIRE', KEYS[3], string.format('%.0f', keep))
  redis.call('HSET', KEYS[1], 'u', ARGV[2], 'e', epoch, 'g', ARGV[3])
  if ARGV[9] ~= '' then
    redis.call('PUBLISH', ARGV[9], KEYS[3])
  end
end
redis.call('HSET', KEYS[1], 'h', ARGV[1], 'i', ARGV[4], 'z', ARGV[10],
  't', string.format('%.0f %.0f %.0f %.0f %.0f %.0f', ends, now, now, abs, idle, now))
for i = 11, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', ends))
return {1, now, ends, epoch}
