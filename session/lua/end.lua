-- Ends one session.
-- KEYS[1]  session, hash; m in it is h, a, t, e, g, z, o, i and u of docs/design/session.md, a line each
-- KEYS[2]  public ids of the user, zset
-- ARGV[1]  public id
-- ARGV[2]  user id, "" for a visitor
-- ARGV[3]  hash of the secret that the request came with, "" where the user's id is what counts
-- ARGV[4]  channel for near caches, "" where the server tracks
-- Returns  {1, "<route>.<public id>" of the session it came from, or ""} ended; {0} there is no such session (any more); {2} the
--          id is an old one
-- Cost     O(log sessions), and O(fields) in the background
local s = {string.match(redis.call('HGET', KEYS[1], 'm') or '', '^' .. string.rep('([^\n]*)\n', 8) .. '(.*)$')}
if not s[1] then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return {0}
end
if s[9] ~= ARGV[2] then
  return {0}
end
if ARGV[3] ~= '' and ARGV[3] ~= s[1] then
  return {2}
end
redis.call('UNLINK', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[4], KEYS[2])
end
return {1, s[7]}
