-- Registers the layout of a brick's stored data and tells which readers the stored data allows.
-- KEYS[1]  <ns>~layout, hash: brick -> "written:reader"
-- ARGV[1]  brick
-- ARGV[2]  layout version that the caller writes
-- ARGV[3]  lowest reader that this layout allows
-- Returns  the lowest reader that the stored data allows; the caller is refused where it is above its own version
-- Cost     O(1)
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local written, reader = 0, 0
if stored then
  local w, r = string.match(stored, '^(%d+):(%d+)$')
  written, reader = tonumber(w or 0), tonumber(r or 0)
end
if reader > tonumber(ARGV[2]) then
  return reader
end
if tonumber(ARGV[2]) > written then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. ARGV[3])
end
return reader
