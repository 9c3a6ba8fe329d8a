-- Asks for the right to load a missing or ageing entry: the lease.
-- KEYS[1]  V, the entry, string
-- KEYS[2]  L, its lease, hash: t token of the holder, p stamp of V when it was granted, w 1 if somebody waits
-- ARGV[1]  token of the caller
-- ARGV[2]  duration of the lease in ms
-- ARGV[3]  "miss": an entry found is returned; "refresh": only one that was written since the caller looked;
--          "replace": what lies there is no entry, nothing is returned
-- ARGV[4]  refresh: remaining ms of the entry that the caller saw
-- Returns  {0} granted; {1, value, remaining ms or -1} found; {2, remaining ms of the lease} held by another
-- Cost     O(1); O(length of V) where V has no expiry and is no entry
local ttl = redis.call('PTTL', KEYS[1])
if ttl ~= -2 and ARGV[3] ~= 'replace' and (ARGV[3] == 'miss' or ttl == -1 or ttl > tonumber(ARGV[4])) then
  local v = redis.pcall('GET', KEYS[1])
  if type(v) == 'string' then
    return {1, v, ttl}
  end
end
-- What is no hash or has no expiry is no lease; it would hold everybody off for ever.
local left = redis.call('PTTL', KEYS[2])
if left > 0 and type(redis.pcall('HSET', KEYS[2], 'w', '1')) == 'number' then
  return {2, left}
end
if left ~= -2 then
  redis.call('DEL', KEYS[2])
end
-- The stamp of V is its expiry in ms, -2 if absent. Writes without expiry are told apart by what they wrote.
local stamp = string.format('%.0f', redis.call('PEXPIRETIME', KEYS[1]))
if stamp == '-1' then
  local v = redis.pcall('GET', KEYS[1])
  stamp = 'sha1 ' .. (type(v) == 'string' and redis.sha1hex(v) or '')
end
redis.call('HSET', KEYS[2], 't', ARGV[1], 'p', stamp)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {0}
