-- Changes what one left id is linked with, in both directions at once.
-- KEYS[1]   set of the left id: the names it is linked with
-- KEYS[2..] sets of those names in the order of ARGV, or none of them: then the caller sees to them
-- ARGV[1]   left id
-- ARGV[2]   size that the left set must have for anything to happen, -1 for any
-- ARGV[3..] a sign and a name: "+name" to link, "-name" to unlink, "=name" for one that is linked already
-- Returns   number of links made and ended; -1 if the left set is not as ARGV says; -1-i if KEYS[i] holds no set
-- Cost      O(names)
for i = 1, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind ~= 'set' and kind ~= 'none' then
    return -1 - i
  end
end
if ARGV[2] ~= '-1' then
  if redis.call('SCARD', KEYS[1]) ~= tonumber(ARGV[2]) then
    return -1
  end
  for i = 3, #ARGV do
    local linked = redis.call('SISMEMBER', KEYS[1], string.sub(ARGV[i], 2)) == 1
    if linked == (string.sub(ARGV[i], 1, 1) == '+') then
      return -1
    end
  end
end
local changed = 0
for i = 3, #ARGV do
  local name = string.sub(ARGV[i], 2)
  local right = KEYS[i - 1]
  if string.sub(ARGV[i], 1, 1) == '-' then
    changed = changed + redis.call('SREM', KEYS[1], name)
    if right then
      redis.call('SREM', right, ARGV[1])
    end
  else
    changed = changed + redis.call('SADD', KEYS[1], name)
    if right then
      redis.call('SADD', right, ARGV[1])
    end
  end
end
return changed
