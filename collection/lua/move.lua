-- Moves a bounded counter, or leaves it where it is.
-- KEYS[1]  counter, string: a plain integer
-- ARGV[1]  step, positive or negative
-- ARGV[2]  least value
-- ARGV[3]  greatest value
-- ARGV[4]  value that a missing counter starts from, or "" to leave it missing
-- Returns  {status, value, 1 if it was there}; status 1 moved, 0 would leave its bounds, 2 missing; {3, text} no integer
-- Cost     O(1)
local text = redis.call('GET', KEYS[1])
local there = 1
if not text then
  if ARGV[4] == '' then
    return {2, 0, 0}
  end
  text = ARGV[4]
  there = 0
elseif text ~= '0' and not string.find(text, '^-?[1-9]%d*$') or #text > 17 or math.abs(tonumber(text)) > 9007199254740991 then
  return {3, string.sub(text, 1, 64)}
end
local step = tonumber(ARGV[1])
local value = tonumber(text) + step
-- A foreign value outside of the bounds may move towards them.
if step < 0 and value < tonumber(ARGV[2]) or step > 0 and value > tonumber(ARGV[3]) then
  return {0, tonumber(text), there}
end
if there == 1 then
  redis.call('INCRBY', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], string.format('%.0f', value))
end
return {1, value, there}
