-- Puts an entry into a list of addresses, or takes one out, and tells all nodes.
-- KEYS[1]  list, hash: prefix to JSON that begins with its kind
-- KEYS[2]  until, zset: prefixes that end, by the ms in which they do
-- KEYS[3]  version, string: grows with every change
-- KEYS[4]  audit, stream: what was done
-- ARGV[1]  what is done: put, ban (nothing is put in the place of an allow or of a ban that ends later), remove
-- ARGV[2]  prefix
-- ARGV[3]  JSON of the entry up to its times, "" to remove
-- ARGV[4]  how long it stands in ms, 0 for good
-- ARGV[5]  most entries    ARGV[6]  most records of the audit    ARGV[7]  channel
-- ARGV[8]  kind            ARGV[9]  reason                       ARGV[10] who did it
-- Returns  {status, version before, version, entry's JSON}; status 1 done, 0 nothing to do, -1 the list is full
-- Cost     O(log n) of n entries, and once for each of up to 100 that ended
local what, prefix = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ended = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
for _, p in ipairs(ended) do
  redis.call('HDEL', KEYS[1], p)
  redis.call('ZREM', KEYS[2], p)
end
local before = redis.call('GET', KEYS[3]) or '0'
local there = redis.call('HGET', KEYS[1], prefix)
local json = ''
if what == 'remove' then
  if not there then
    return {0, before, before, ''}
  end
  redis.call('HDEL', KEYS[1], prefix)
  redis.call('ZREM', KEYS[2], prefix)
else
  local ends = 0
  if ARGV[4] ~= '0' then
    ends = now + ARGV[4]
  end
  if what == 'ban' and there then
    local old = redis.call('ZSCORE', KEYS[2], prefix)
    local allowed = string.sub(there, 1, 15) == '{"kind":"allow"'
    if not old or tonumber(old) >= ends or allowed and tonumber(old) > now then -- one of many that ended may still be there
      return {0, before, before, there}
    end
  end
  if not there and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then
    return {-1, before, before, ''}
  end
  json = ARGV[3] .. string.format(',"at":%.0f,"until":%.0f}', now, ends)
  redis.call('HSET', KEYS[1], prefix, json)
  if ends > 0 then
    redis.call('ZADD', KEYS[2], string.format('%.0f', ends), prefix)
  else
    redis.call('ZREM', KEYS[2], prefix)
  end
end
-- The time is a floor: a version that was lost never comes again.
local version = string.format('%.0f', math.max(before + 1, clock[1] * 1000000 + clock[2]))
redis.call('SET', KEYS[3], version)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'action', what, 'prefix', prefix, 'kind', ARGV[8],
  'reason', ARGV[9], 'by', ARGV[10], 'ttl', ARGV[4])
redis.call('PUBLISH', ARGV[7], before .. ' ' .. version .. ' ' .. prefix .. ' ' .. json)
return {1, before, version, json}
