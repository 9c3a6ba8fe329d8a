-- Adds to the counters of a cache over all processes.
-- KEYS[1]     <ns>~cs:<name> or <ns>~hs:<name>, hash
-- ARGV[1]     lifetime of the hash in ms from now
-- ARGV[2..n]  field, increment, field, increment...
-- Returns     1
-- Cost        O(fields)
for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
