-- Adds members to a set that lives for a while after its last addition.
-- KEYS[1]   set
-- ARGV[1]   lifetime in ms from now on
-- ARGV[2..] members
-- Returns   number of members that were new
-- Cost      O(members)
local added = 0
for i = 2, #ARGV do
  added = added + redis.call('SADD', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return added
