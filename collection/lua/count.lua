-- Adds to integer fields of a record: to all of them or to none.
-- KEYS[1]   record, hash
-- ARGV[1]   1 to make a record that is not there, 0 to leave it missing
-- ARGV[2]   lifetime in ms of a record that is made, 0 for none
-- ARGV[3..] field, step, field, step...
-- Returns   {1, value of each field} added; {0} there is no record; {2, field, text} holds no integer; {3, field, text}
--           would leave -2^53 to 2^53
-- Cost      O(fields)
local there = redis.call('HLEN', KEYS[1]) > 0
if not there and ARGV[1] ~= '1' then
  return {0}
end
for i = 3, #ARGV, 2 do
  local text = redis.call('HGET', KEYS[1], ARGV[i]) or '0'
  if text ~= '0' and not string.find(text, '^-?[1-9]%d*$') then
    return {2, ARGV[i], string.sub(text, 1, 64)}
  end
  if #text > 17 or math.abs(tonumber(text)) + math.abs(tonumber(ARGV[i + 1])) > 9007199254740991 then
    return {3, ARGV[i], text}
  end
end
local reply = {1}
for i = 3, #ARGV, 2 do
  reply[#reply + 1] = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
if not there and ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return reply
