package engine

import "testing"

var memoryCases = map[string]string{
	"no memory left": `
		SET k v
		RPUSH l a b
		CONFIG SET maxmemory 1
		CONFIG GET maxmemory-policy
		SET k w
		SET new w
		GET k
		APPEND k x
		INCR n
		LPUSH l x
		LPOP l
		LMOVE l l LEFT RIGHT
		EXPIRE k 100
		PERSIST k
		RENAME k m
		COPY m k
		MSET a 1 b 2
		GETSET m x
		GETEX m EX 100
		GETDEL m
		SORT l
		SORT l STORE d
		HSET h f v
		SADD s a
		ZADD z 1 a
		XADD x * f v
		PFADD hll a
		SETBIT b 1 1
		PUBLISH c m
		MULTI
		GET k
		EXEC
		MULTI
		DISCARD
		EVAL "return redis.call('SET', KEYS[1], 'v')" 1 k
		EVAL "return redis.pcall('SET', KEYS[1], 'v')" 1 k
		EVAL "return redis.call('GET', KEYS[1])" 1 k
		EVAL "redis.call('DEL', 'l') return redis.call('SET', KEYS[1], 'v')" 1 k
		NOSUCH
		GET
		SET k
		DEL k l
		CONFIG SET maxmemory 0
		SET k v
		MULTI
		SET k w
		CONFIG SET maxmemory 1
		EXEC
		CONFIG SET maxmemory 0
		DBSIZE`,
	"keys go": `
		MSET a 1 b 2 c 3
		SET d 4 EX 1000
		CONFIG SET maxmemory-policy volatile-ttl
		CONFIG SET maxmemory 1
		GET d
		EXISTS a b c d
		SET e 1
		CONFIG SET maxmemory-policy allkeys-random
		GET a
		DBSIZE
		SET e 1
		CONFIG SET maxmemory 0 maxmemory-policy noeviction
		SET f 1
		CONFIG SET maxmemory-samples 0
		CONFIG SET maxmemory-samples 65
		CONFIG SET maxmemory -1
		CONFIG SET maxmemory 1x`,
}

func TestMemoryCases(t *testing.T) { testCases(t, memoryCases) }
