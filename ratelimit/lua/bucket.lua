-- Takes from a token bucket whose emission interval is whole milliseconds: the key's expiry is the theoretical arrival time.
-- KEYS[1]  bucket, string; it lives until the bucket is full again
-- ARGV[1]  cost in ms: number of calls times emission interval
-- ARGV[2]  capacity in ms
-- Returns  the level after, in ms until full (above 0); denied: -1 minus the level
-- Cost     O(1)
local level = redis.call('PTTL', KEYS[1])
if level < 0 then
  level = 0
end
local after = level + ARGV[1]
if after > tonumber(ARGV[2]) then
  return -1 - level
end
redis.call('SET', KEYS[1], '1', 'PX', after)
return after
