-- Invalidates every entry that bears one of the tags: one number for each tag, whatever the number of entries.
-- KEYS[1]     C, string: the newest number given
-- KEYS[2]     F, string: entries whose number is below it are invalid
-- KEYS[3..n]  T, the number of each tag, string
-- ARGV[1]     lifetime of a tag's number in ms: longer than that of any entry with tags
-- ARGV[2]     lifetime of C and F in ms
-- ARGV[3]     channel that announces written keys where the server does not track, or ""
-- Returns     the new number, as text
-- Cost        O(tags)
local held = redis.call('MGET', KEYS[1], KEYS[2])
local function number(text)
  local n = text and string.match(text, '^%d+$') and tonumber(text)
  return n and n < 9007199254740992 and n or nil -- 2^53: from there on adding one changes nothing
end
local c, f = number(held[1]), number(held[2])
local t = redis.call('TIME')
local n = string.format('%.0f', math.max(t[1] * 1000000 + t[2], math.max(c or 0, f or 0) + 1))
local first = c and f and 3 or 2 -- a lost clock invalidates all: F is written too
redis.call('SET', KEYS[1], n, 'PX', ARGV[2])
for i = first, #KEYS do
  redis.call('SET', KEYS[i], n, 'PX', i == 2 and ARGV[2] or ARGV[1])
  if ARGV[3] ~= '' then
    redis.call('PUBLISH', ARGV[3], KEYS[i])
  end
end
return n
