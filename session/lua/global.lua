-- Reads the epoch of all users, and makes one where there is none: one that was lost must not be as it was before the first.
-- KEYS[1]  epoch of all users, string
-- ARGV[1]  channel for near caches, "" where the server tracks
-- Returns  the epoch
-- Cost     O(1)
local epoch = redis.call('GET', KEYS[1])
if epoch then
  return epoch
end
local time = redis.call('TIME')
epoch = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
redis.call('SET', KEYS[1], epoch)
if ARGV[1] ~= '' then
  redis.call('PUBLISH', ARGV[1], KEYS[1])
end
return epoch
