-- Asks for the right to load a missing or ageing entry: the lease.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash: t token of the holder, p expiry of V when it was granted, w 1 if somebody waits
-- ARGV[1]  token of the caller
-- ARGV[2]  duration of the lease in ms
-- ARGV[3]  "miss": an entry found is returned; "refresh": only one that was written since the caller looked;
--          "replace": what lies there is no entry, nothing is returned
-- ARGV[4]  refresh: remaining ms of the entry that the caller saw
-- Returns  {0} granted; {1, value, remaining ms or -1} found; {2, remaining ms of the lease} held by another
-- Cost     O(1)
local ttl = redis.call('PTTL', KEYS[1])
if ttl ~= -2 and ARGV[3] ~= 'replace' and (ARGV[3] == 'miss' or ttl == -1 or ttl > tonumber(ARGV[4])) then
  local v = redis.pcall('GET', KEYS[1])
  if type(v) == 'string' then
    return {1, v, ttl}
  end
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'w', '1')
  return {2, redis.call('PTTL', KEYS[2])}
end
redis.call('HSET', KEYS[2], 't', ARGV[1], 'p', string.format('%.0f', redis.call('PEXPIRETIME', KEYS[1])))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {0}
