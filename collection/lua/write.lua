-- Writes fields of a record.
-- KEYS[1]   record, hash
-- ARGV[1]   "replace" for a whole record, "update" for fields of one that is there, "upsert" for fields in any case
-- ARGV[2]   lifetime in ms of a record that is made or replaced, 0 for none
-- ARGV[3..] field, value, field, value...
-- Returns   1 written, 0 there is no record to update
-- Cost      O(fields)
local there = redis.call('HLEN', KEYS[1]) > 0 -- an error for another type: nothing foreign is ever replaced
if ARGV[1] == 'update' and not there then
  return 0
end
if ARGV[1] == 'replace' and there then
  redis.call('UNLINK', KEYS[1])
  there = false
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if not there and ARGV[2] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
