-- Puts values at the head of a capped list.
-- KEYS[1]   feed, list
-- ARGV[1]   most values that stay
-- ARGV[2]   lifetime in ms from now on, 0 for none
-- ARGV[3]   1 if a value that is there already moves to the head, 0 if it is put there a second time
-- ARGV[4..] values, the newest last
-- Returns   number of values in the feed
-- Cost      O(values x length of the feed), O(values) with ARGV[3] 0
for i = 4, #ARGV do
  if ARGV[3] == '1' then
    redis.call('LREM', KEYS[1], 0, ARGV[i])
  end
  redis.call('LPUSH', KEYS[1], ARGV[i])
end
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[1]) - 1)
if ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('LLEN', KEYS[1])
