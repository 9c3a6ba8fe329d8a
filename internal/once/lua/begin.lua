-- Takes or renews the lease of work that a fleet does once a period.
-- KEYS[1]  lease, string: token of the holder
-- KEYS[2]  mark that the work was done in this period, string
-- ARGV[1]  token of the caller
-- ARGV[2]  duration of the lease in ms
-- Returns  1 if the caller holds the lease, else 0
-- Cost     O(1)
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
if holder or redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
