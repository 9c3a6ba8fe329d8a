-- Counts in a fixed window. Programs that INCR the key and give it an expiry at 1 count in the same window. What is no count, as
-- text that their INCR refuses too or a number below 0, is dropped: the window begins anew.
-- KEYS[1]  counter, string: a plain integer
-- ARGV[1]  number of calls
-- ARGV[2]  limit
-- ARGV[3]  window in ms, from the first call; a counter found without expiry gets it from now
-- Returns  {count after; denied: -1 minus the count, ms until the window ends}
-- Cost     O(1)
local text = redis.call('GET', KEYS[1]) or '0'
local n = math.min(tonumber(string.match(text, '^[1-9]%d*$') or 0), 9007199254740991)
if n == 0 and text ~= '0' then
  redis.call('UNLINK', KEYS[1])
end
local left = redis.call('PTTL', KEYS[1])
local denied = n + ARGV[1] > tonumber(ARGV[2])
if not denied then
  n = redis.call('INCRBY', KEYS[1], ARGV[1])
end
if left == -1 or left == -2 and not denied then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  left = tonumber(ARGV[3])
end
if denied then
  return {-1 - n, left}
end
return {n, left}
