-- Changes a session that is still valid: its fields, its id, its idle time. It never makes one.
-- KEYS[1]  session, hash; m in it is h, a, t, e, g, z, o, i and u of docs/design/session.md, a line each
-- KEYS[2]  public ids of the user, zset
-- ARGV[1]  hash of the secret that the request came with, "" where the caller knows the session otherwise
-- ARGV[2]  public id
-- ARGV[3]  1 if the idle time begins anew
-- ARGV[4]  hash of a new secret, "" to keep the old one
-- ARGV[5]  ms for which the old secret still reads
-- ARGV[6]  1 if the user has just authenticated
-- ARGV[7]  most bytes of all fields
-- ARGV[8]  most fields
-- ARGV[9..] "+name" and its value to set, "-name" and "" to delete
-- Returns  {1, now in ms, end in ms} changed; {0} there is no such session (any more); {2} the id is an old one; {3} too large
-- Cost     O(fields changed)
local s = {string.match(redis.call('HGET', KEYS[1], 'm') or '', '^' .. string.rep('([^\n]*)\n', 8) .. '(.*)$')}
if not s[1] or s[9] ~= '' and not redis.call('ZRANK', KEYS[2], ARGV[2]) then
  return {0}
end
local hash = s[1]
if hash ~= ARGV[1] and (ARGV[1] ~= '' or hash == '-') then
  if string.match(s[2], '^%d+ (.+)$') == ARGV[1] then
    return {2}
  end
  return {0}
end
local ends, seen, auth, abs, idle, login = string.match(s[3], '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
local bytes, fields = string.match(s[6], '^(%d+) (%d+)$')
if not ends then
  return {0}
end
bytes, fields = tonumber(bytes or 0), tonumber(fields or 0)
for i = 9, #ARGV, 2 do
  local name = string.sub(ARGV[i], 2)
  local old = redis.call('HSTRLEN', KEYS[1], name)
  if old > 0 then
    bytes, fields = bytes - old - #name, fields - 1
  end
  if string.sub(ARGV[i], 1, 1) == '+' then
    bytes, fields = bytes + #ARGV[i + 1] + #name, fields + 1
  end
end
if #ARGV > 8 then
  if bytes > tonumber(ARGV[7]) or fields > tonumber(ARGV[8]) then
    return {3}
  end
  s[6] = string.format('%.0f %.0f', bytes, fields)
end
for i = 9, #ARGV, 2 do
  if string.sub(ARGV[i], 1, 1) == '+' then
    redis.call('HSET', KEYS[1], string.sub(ARGV[i], 2), ARGV[i + 1])
  else
    redis.call('HDEL', KEYS[1], string.sub(ARGV[i], 2))
  end
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[4] ~= '' then
  s[1], s[2] = ARGV[4], string.format('%.0f %s', now + tonumber(ARGV[5]), hash)
end
if ARGV[6] == '1' then
  auth = string.format('%.0f', now)
end
if ARGV[3] == '1' then
  ends, seen = string.format('%.0f', math.min(now + tonumber(idle), tonumber(abs))), string.format('%.0f', now)
  redis.call('PEXPIREAT', KEYS[1], ends)
end
s[3] = table.concat({ends, seen, auth, abs, idle, login}, ' ')
redis.call('HSET', KEYS[1], 'm', table.concat(s, '\n'))
return {1, now, tonumber(ends)}
