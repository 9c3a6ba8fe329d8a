-- Takes from a token bucket whose emission interval is below a millisecond or no whole number of them.
-- KEYS[1]  bucket, string: the theoretical arrival time in units, counted round
-- ARGV[1]  cost in units
-- ARGV[2]  capacity in units
-- ARGV[3]  microseconds after which the count begins again at 0; times ARGV[4] at most 2^53
-- ARGV[4]  units a microsecond: as many as make the emission interval a whole number of units
-- Returns  the level after, in units until full (above 0); denied: -1 minus the level
-- Cost     O(1)
local t = redis.call('TIME')
local round = ARGV[3] * ARGV[4]
local now = (t[1] * 1000000 + t[2]) % ARGV[3] * ARGV[4]
local level = ((tonumber(redis.call('GET', KEYS[1])) or now) - now) % round
if not (level <= round / 2) then -- long over, or foreign text that makes no number
  level = 0
end
local after = level + ARGV[1]
if after > tonumber(ARGV[2]) then
  return -1 - level
end
redis.call('SET', KEYS[1], string.format('%.0f', (now + after) % round), 'PX', math.ceil(after / ARGV[4] / 1000) + 1)
return after
