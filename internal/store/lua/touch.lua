-- Gives an entry another lifetime, from now on.
-- KEYS[1]  V, the entry, string
-- ARGV[1]  lifetime in ms
-- ARGV[2]  channel that announces written keys where the server does not track, or ""
-- Returns  1, or 0 where there is no value: nothing, "not found", or another type
-- Cost     O(1)
if redis.call('TYPE', KEYS[1]).ok ~= 'string' or redis.call('GETRANGE', KEYS[1], 0, 4) == 'null' then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], KEYS[1])
end
return 1
