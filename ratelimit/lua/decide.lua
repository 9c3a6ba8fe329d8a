-- Decides about several limits at once: all of them admit the call, or none of them changes.
-- KEYS[i]   key of limit i
-- ARGV[1]   1 takes if all admit, 0 looks
-- ARGV[2..] six a limit: kind, shadow (1 never denies), n, most, p, q. Kinds:
--           bucket   n cost, most capacity, in ms; the key's expiry is the theoretical arrival time
--           fine     n cost, most capacity, in units; p wrap in us, q units a us, see fine.lua
--           fixed    n calls, most limit, p window in ms; a plain integer, other text is dropped, see fixed.lua
--           log      n calls, most limit, p window in us; a list with the time of each call
--           counter  n calls, most limit, p window in ms; "window current previous"
-- Returns   four a limit: wait (0 or less admits), level before, time until untouched, mark for refund.lua;
--           of a counter: 1 if denied, current, previous, time in ms
-- Cost      O(limits); of a log O(log(most) + n)
local t = redis.call('TIME')
local us = t[1] * 1000000 + t[2]
local ms = math.floor(us / 1000)
local reply, take, admitted = {}, {}, true
for i = 1, #KEYS do
  local a = 6 * i - 4
  local kind, n, most, p, q = ARGV[a], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
  local wait, level, reset, mark
  if kind == 'bucket' then
    level = math.max(redis.call('PEXPIRETIME', KEYS[i]) - ms, 0)
    wait, reset, mark = level + n - most, level, ms + level
    take[i] = function() redis.call('SET', KEYS[i], '1', 'PXAT', mark + n) end
  elseif kind == 'fine' then
    local now = us % p * q
    level = ((tonumber(redis.call('GET', KEYS[i])) or now) - now) % (p * q)
    level = level <= p * q / 2 and level or 0
    wait, reset, mark = level + n - most, level, (now + level) % (p * q)
    take[i] = function()
      redis.call('SET', KEYS[i], string.format('%.0f', (mark + n) % (p * q)), 'PXAT', ms + math.ceil((level + n) / q / 1000) + 1)
    end
  elseif kind == 'fixed' then
    local text = redis.call('GET', KEYS[i]) or '0'
    level = math.min(tonumber(string.match(text, '^[1-9]%d*$') or 0), 9007199254740991)
    mark = (level > 0 or text == '0') and redis.call('PEXPIRETIME', KEYS[i]) or -2
    if mark == -1 then
      redis.call('PEXPIREAT', KEYS[i], ms + p)
    end
    mark = mark < 0 and ms + p or mark
    reset = level > 0 and mark - ms + 1 or 0
    wait = level + n > most and reset or 0
    take[i] = function() redis.call('SET', KEYS[i], string.format('%.0f', level + n), 'PXAT', mark) end
  elseif kind == 'log' then
    local low, size = 0, redis.call('LLEN', KEYS[i])
    local high = size
    while low < high do
      local mid = math.floor((low + high) / 2)
      if redis.call('LINDEX', KEYS[i], mid) + p <= us then low = mid + 1 else high = mid end
    end
    level, wait, mark = size - low, 0, math.max(us, tonumber(redis.call('LINDEX', KEYS[i], -1) or 0))
    reset = level > 0 and mark + p - us or 0
    if level + n > most then
      wait = (redis.call('LINDEX', KEYS[i], low + level + n - most - 1) or us) + p - us
    end
    take[i] = function()
      redis.call('LTRIM', KEYS[i], low, -1)
      for _ = 1, n do redis.call('RPUSH', KEYS[i], string.format('%.0f', mark)) end
      redis.call('PEXPIREAT', KEYS[i], math.ceil((mark + p) / 1000) + 1)
    end
  else
    local at, current, last = string.match(redis.call('GET', KEYS[i]) or '', '^(%d+) (%d+) (%d+)$')
    local w = math.max(math.floor(ms / p), tonumber(at or 0))
    level, reset = at == string.format('%.0f', w) and tonumber(current) or 0, tonumber(at == string.format('%.0f', w) and last or 0)
    reset = tonumber(at or 0) == w - 1 and tonumber(current) or reset
    mark = math.max(ms, w * p)
    wait = reset * (p - mark + w * p) + (level + n) * p > most * p and 1 or 0
    take[i] = function() redis.call('SET', KEYS[i], string.format('%.0f %.0f %.0f', w, level + n, reset), 'PXAT', w * p + 2 * p) end
  end
  take[i] = wait <= 0 and take[i]
  admitted = admitted and (wait <= 0 or ARGV[a + 1] == '1')
  for _, v in ipairs({wait, level, reset, mark}) do reply[#reply + 1] = v end
end
for i = 1, admitted and ARGV[1] == '1' and #KEYS or 0 do
  if take[i] then take[i]() end
end
return reply
