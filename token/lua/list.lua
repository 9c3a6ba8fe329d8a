-- Lists the tokens of a subject whose time is not up.
-- KEYS[1]  tokens of a subject, hash
-- ARGV     none
-- Returns  hash, JSON, hash, JSON...
-- Cost     O(tokens of the subject)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], '^{"exp":(%d+),') or 0) > now then
    reply[#reply + 1] = all[i]
    reply[#reply + 1] = all[i + 1]
  end
end
return reply
