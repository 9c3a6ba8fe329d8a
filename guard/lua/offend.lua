-- Counts an offence of a subnet, and the subnets of a wider one that offended.
-- KEYS[1]  offences of the subnet, string
-- KEYS[2]  offenders of the wider subnet, zset: subnets by the ms of their last offence
-- ARGV[1]  subnet
-- ARGV[2]  how long an offence is remembered, in ms
-- ARGV[3]  most offenders that are told apart
-- Returns  {offences of the subnet, offenders of the wider one}
-- Cost     O(log n) of n offenders
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local n = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('ZADD', KEYS[2], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {n, redis.call('ZCARD', KEYS[2])}
