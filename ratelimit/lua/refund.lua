-- Gives back what calls have taken, as if they had not been made; where that cannot be known, never more than that.
-- KEYS[i]   key of limit i
-- ARGV      five a limit: kind and n as decide.lua took them, mark it returned, p, q. Without mark ("") n is to be
--           what a bucket gets back, and q of a fixed window the most ms that may be left of it
-- Returns   number of limits that got something back
-- Cost      O(limits); of a log O(most)
local t = redis.call('TIME')
local us = t[1] * 1000000 + t[2]
local ms = math.floor(us / 1000)
local given = 0
-- The level of a bucket without the n that stood on top of base; all relative to now. Others have come since unless it is
-- base + n; then what the bucket refilled while only the n kept it from being full is not given back.
local function lower(level, n, base)
  if base and level ~= base + n then
    n = math.max(n - math.max(-base, 0), 0)
  end
  given = given + 1
  return math.max(level - n, 0)
end
for i = 1, #KEYS do
  local a = 5 * i - 4
  local kind, n, mark, p, q = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local text = kind ~= 'log' and redis.call('GET', KEYS[i])
  if kind == 'bucket' and text then
    local level = lower(math.max(redis.call('PEXPIRETIME', KEYS[i]) - ms, 0), n, mark and mark - ms)
    if level == 0 then
      redis.call('UNLINK', KEYS[i])
    else
      redis.call('PEXPIREAT', KEYS[i], ms + level)
    end
  elseif kind == 'fine' and tonumber(text) then
    local half, now = p * q / 2, us % p * q
    local level = (text - now + half) % (p * q) - half
    level = lower(math.max(level, 0), n, mark and (mark - now + half) % (p * q) - half)
    if level == 0 then
      redis.call('UNLINK', KEYS[i])
    else
      redis.call('SET', KEYS[i], string.format('%.0f', (now + level) % (p * q)), 'PX', math.ceil(level / q / 1000) + 1)
    end
  elseif kind == 'fixed' and string.match(text or '', '^[1-9]%d*$') then
    local ends = redis.call('PEXPIRETIME', KEYS[i])
    if ends > 0 and (mark and ends == mark or not mark and ends - ms <= q) then
      given = given + 1
      if redis.call('DECRBY', KEYS[i], n) <= 0 then
        redis.call('UNLINK', KEYS[i])
      end
    end
  elseif kind == 'log' then
    given = given + math.min(redis.call('LREM', KEYS[i], -n, ARGV[a + 2]), 1)
  elseif kind == 'counter' and text then
    local at, current, last = string.match(text, '^(%d+) (%d+) (%d+)$')
    local w = math.floor(mark / p)
    if at and at - w >= 0 and at - w <= 1 then
      given = given + 1
      current, last = math.max(current - (at - w == 0 and n or 0), 0), math.max(last - (at - w == 1 and n or 0), 0)
      if current + last == 0 then
        redis.call('UNLINK', KEYS[i])
      else
        redis.call('SET', KEYS[i], string.format('%.0f %.0f %.0f', at, current, last), 'KEEPTTL')
      end
    end
  end
end
return given
