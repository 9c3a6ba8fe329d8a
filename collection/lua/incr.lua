-- Adds to a counter that lives for a while after its first increment. One that is found without lifetime gets one.
-- KEYS[1]  counter, string: a plain integer
-- ARGV[1]  step
-- ARGV[2]  lifetime in ms
-- Returns  the value as text: a number would lose digits beyond 2^53
-- Cost     O(1)
redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) == -1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('GET', KEYS[1])
