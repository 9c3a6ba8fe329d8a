-- Ends all sessions of all users: gives the service a new epoch.
-- KEYS[1]  epoch of all users, string
-- ARGV[1]  channel for near caches, "" where the server tracks
-- Returns  the new epoch
-- Cost     O(1)
local time = redis.call('TIME')
-- The time, so that an epoch that was lost is never given out twice.
local epoch = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(redis.call('GET', KEYS[1]) or 0) + 1)
redis.call('SET', KEYS[1], string.format('%.0f', epoch))
if ARGV[1] ~= '' then
  redis.call('PUBLISH', ARGV[1], KEYS[1])
end
return string.format('%.0f', epoch)
