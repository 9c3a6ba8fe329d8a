-- Finds a token by its hash, and takes it away if asked to.
-- KEYS[1]  tokens of a subject, hash
-- ARGV[1]  hash of the token
-- ARGV[2]  1 to take it away, 0 to look
-- Returns  what it stands for, JSON; nil if there is none, or its time is up
-- Cost     O(1)
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then
  return false
end
local time = redis.call('TIME')
local till = tonumber(string.match(found, '^{"exp":(%d+),') or 0)
if till <= time[1] * 1000 + math.floor(time[2] / 1000) then
  return false
end
if ARGV[2] == '1' then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return found
