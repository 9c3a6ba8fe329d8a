-- Ends work that a fleet does once a period.
-- KEYS[1]  lease, string: token of the holder
-- KEYS[2]  mark that the work was done in this period, string
-- ARGV[1]  token of the caller
-- ARGV[2]  how long the mark stands in ms; 0: the work failed, another may try at once
-- Returns  1 if the caller held the lease, else 0
-- Cost     O(1)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if tonumber(ARGV[2]) > 0 then
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
end
return 1
