-- Invalidates every entry that bears one of the tags: one number for each tag, whatever the number of entries.
-- KEYS[1]     C, string: the newest number given
-- KEYS[2]     F, string: entries whose number is below it are invalid
-- KEYS[3..n]  T, the number of each tag, string
-- ARGV[1]     lifetime of a tag's number in ms: longer than that of any entry with tags
-- ARGV[2]     lifetime of C and F in ms
-- ARGV[3]     channel that announces written keys where the server does not track, or ""
-- Returns     the new number, as text
-- Cost        O(tags)
local t = redis.call('TIME')
local c = redis.call('GET', KEYS[1])
local n = string.format('%.0f', math.max(tonumber(c or 0) + 1, t[1] * 1000000 + t[2]))
if not c or redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('SET', KEYS[2], n, 'PX', ARGV[2])
  if ARGV[3] ~= '' then
    redis.call('PUBLISH', ARGV[3], KEYS[2])
  end
end
redis.call('SET', KEYS[1], n, 'PX', ARGV[2])
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], n, 'PX', ARGV[1])
  if ARGV[3] ~= '' then
    redis.call('PUBLISH', ARGV[3], KEYS[i])
  end
end
return n
