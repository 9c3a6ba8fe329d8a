-- Takes away the token whose hash begins with an id.
-- KEYS[1]  tokens of a subject, hash
-- ARGV[1]  id: the beginning of the hash
-- Returns  how many were taken away, 0 or 1
-- Cost     O(tokens of the subject)
for _, hash in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(hash, 1, #ARGV[1]) == ARGV[1] then
    return redis.call('HDEL', KEYS[1], hash)
  end
end
return 0
