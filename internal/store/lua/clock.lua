-- Reads the clock of the tags, and starts it where there is none.
-- KEYS[1]  C, string: the newest number given
-- KEYS[2]  F, string: entries whose number is below it are invalid
-- ARGV[1]  lifetime of both in ms, renewed when half of it has passed
-- ARGV[2]  channel that announces written keys where the server does not track, or ""
-- Returns  C, as text
-- Cost     O(1)
local held = redis.call('MGET', KEYS[1], KEYS[2])
local function number(text)
  local n = text and string.match(text, '^%d+$') and tonumber(text)
  return n and n < 9007199254740992 and n or nil -- 2^53: from there on adding one changes nothing
end
local c, f = number(held[1]), number(held[2])
if c and f and f <= c then
  if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) / 2 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    redis.call('PEXPIRE', KEYS[2], ARGV[1])
  end
  return string.format('%.0f', c)
end
-- A lost clock invalidates all that was stored under it: numbers are microseconds and only grow.
local t = redis.call('TIME')
local now = string.format('%.0f', math.max(t[1] * 1000000 + t[2], math.max(c or 0, f or 0) + 1))
redis.call('SET', KEYS[1], now, 'PX', ARGV[1])
redis.call('SET', KEYS[2], now, 'PX', ARGV[1])
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], KEYS[2])
end
return now
