-- Draws up to so many tokens of a bucket for a process that will hand them out by itself. Near exhaustion it gets less:
-- half of what is there, and the last ones one by one.
-- KEYS[1]  bucket, string: the theoretical arrival time in units, counted round (see fine.lua)
-- ARGV[1]  tokens wanted
-- ARGV[2]  emission interval in units
-- ARGV[3]  capacity in units
-- ARGV[4]  microseconds after which the count begins again at 0
-- ARGV[5]  units a microsecond
-- Returns  {tokens given, level after in units until full}
-- Cost     O(1)
local t = redis.call('TIME')
local round = ARGV[4] * ARGV[5]
local now = (t[1] * 1000000 + t[2]) % ARGV[4] * ARGV[5]
local level = ((tonumber(redis.call('GET', KEYS[1])) or now) - now) % round
if not (level <= round / 2) then -- see fine.lua
  level = 0
end
local left = math.floor((ARGV[3] - level) / ARGV[2])
local given = math.min(tonumber(ARGV[1]), math.ceil(left / 2))
if given < 1 then
  return {0, level}
end
level = level + given * ARGV[2]
redis.call('SET', KEYS[1], string.format('%.0f', (now + level) % round), 'PX', math.ceil(level / ARGV[5] / 1000) + 1)
return {given, level}
