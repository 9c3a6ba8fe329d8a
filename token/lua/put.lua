-- Keeps a token's hash among those of its subject, and forgets those whose time is up.
-- KEYS[1]  tokens of a subject, hash
-- ARGV[1]  hash of the token
-- ARGV[2]  what it stands for: members of a JSON object, without the opening brace
-- ARGV[3]  lifetime in ms
-- ARGV[4]  most tokens of a subject
-- ARGV[5]  1 if the one that ends first gives way to one too many, 0 if that is refused
-- Returns  {ms now, ms of its end}, or {} if it was refused
-- Cost     O(tokens of the subject)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = now + tonumber(ARGV[3])
local last = ends
local live = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local till = tonumber(string.match(all[i + 1], '^{"exp":(%d+),') or 0)
  if till <= now then
    redis.call('HDEL', KEYS[1], all[i])
  else
    live[#live + 1] = {till, all[i]}
    last = math.max(last, till)
  end
end
local over = #live + 1 - tonumber(ARGV[4])
if over > 0 then
  if ARGV[5] ~= '1' then
    return {}
  end
  table.sort(live, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  for i = 1, over do
    redis.call('HDEL', KEYS[1], live[i][2])
  end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('{"exp":%.0f,"iat":%.0f,%s', ends, now, ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last))
return {now, ends}
