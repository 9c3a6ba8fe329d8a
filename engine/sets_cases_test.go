package engine

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// numbers writes those from one to another in a row.
func numbers(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, " %d", i)
	}
	return b.String()
}

func TestSetCases(t *testing.T) {
	testCases(t, map[string]string{
		"add remove": `
			SADD s a b c a
			SADD s a
			SADD s
			SADD
			SCARD s
			SCARD none
			SCARD
			SMEMBERS s
			SMEMBERS none
			SMEMBERS
			SISMEMBER s a
			SISMEMBER s z
			SISMEMBER none a
			SISMEMBER s
			SMISMEMBER s a z b
			SMISMEMBER none a b
			SMISMEMBER s
			SREM s a z a
			SREM s
			SREM none a
			SREM s b c
			EXISTS s
			SADD bin "\x00\xff\r\n" "" "\x00"
			SISMEMBER bin ""
			SISMEMBER bin "\x00\xff\r\n"
			SMEMBERS bin
			TYPE bin
			COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1
			COMMAND GETKEYS SUNIONSTORE d a b
			COPY bin bin2
			SMEMBERS bin2
			DEBUG DIGEST-VALUE bin
		`,
		"wrong type": `
			SET k v
			SADD s a
			SADD k a
			SREM k a
			SISMEMBER k a
			SMISMEMBER k a
			SCARD k
			SMEMBERS k
			SPOP k
			SPOP k 1
			SPOP k x
			SRANDMEMBER k
			SRANDMEMBER k 1
			SMOVE k s a
			SMOVE s k a
			SMOVE none k a
			SINTER k
			SINTER s k
			SINTER none k
			SUNION s k
			SUNION none k
			SDIFF s k
			SDIFF none k
			SINTERSTORE d s k
			SUNIONSTORE d s k
			SDIFFSTORE d k s
			SINTERCARD 2 s k
			SSCAN k 0
			SSCAN k x
			HSET s a 1
			GET s
			LPUSH s 1
			SINTERSTORE k s s
			TYPE k
		`,
		"encoding": `
			SADD s 1 2 3
			OBJECT ENCODING s
			SADD s 01
			OBJECT ENCODING s
			SREM s 01
			OBJECT ENCODING s
			SADD i -9223372036854775808 9223372036854775807 0 32768 -32769 2147483648
			OBJECT ENCODING i
			SMEMBERS i
			SADD i 9223372036854775808
			OBJECT ENCODING i
			SMEMBERS i
			SADD j a 1
			OBJECT ENCODING j
			SADD n` + numbers(1, 512) + `
			OBJECT ENCODING n
			SADD n 512
			OBJECT ENCODING n
			SADD n 513
			OBJECT ENCODING n
			SCARD n
			SREM n` + numbers(3, 513) + `
			SMEMBERS n
			OBJECT ENCODING n
			CONFIG SET set-max-intset-entries 2
			SADD m 1 2
			OBJECT ENCODING m
			SADD m 3
			OBJECT ENCODING m
			SUNIONSTORE d n m
			OBJECT ENCODING d
			CONFIG SET set-max-intset-entries 512
			SUNIONSTORE d n m
			OBJECT ENCODING d
			SINTERSTORE d s s
			OBJECT ENCODING d
			SDIFFSTORE d j n
			OBJECT ENCODING d
			COPY m m2
			OBJECT ENCODING m2
			SADD w a` + numbers(1, 200) + `
			SADD w b
			SREM w` + numbers(5, 300) + `
			SMEMBERS w
			SADD long ` + strings.Repeat("x", 100) + ` a ` + strings.Repeat("x", 100) + `
			SCARD long
			SADD short a b c
			SADD short ` + strings.Repeat("x", 100) + `
			SMEMBERS short
		`,
		"combine": `
			SADD a 1 2 3 4
			SADD b 3 4 5
			SADD c x 4
			SINTER a b
			SINTER a b c
			SINTER a
			SINTER a none
			SINTER a a
			SINTER
			SUNION a b c none
			SUNION none
			SUNION
			SDIFF a b
			SDIFF a b c
			SDIFF a none b
			SDIFF none a
			SDIFF a a
			SDIFF a b a
			SDIFF a
			SDIFF
			SINTERSTORE d a b
			SMEMBERS d
			EXPIRE d 100
			SUNIONSTORE d a b c
			TTL d
			SMEMBERS d
			SDIFFSTORE d a b
			SMEMBERS d
			SINTERSTORE d a none
			EXISTS d
			SINTERSTORE d a none
			SDIFFSTORE d none
			SUNIONSTORE d none none2
			SUNIONSTORE a a b
			SMEMBERS a
			SDIFFSTORE a a b
			SMEMBERS a
			SINTERSTORE a
			SUNIONSTORE a
			SDIFFSTORE a
			RPUSH l 1
			SUNIONSTORE l a
			TYPE l
			SINTERCARD 1 a
			SINTERCARD 2 b c
			SINTERCARD 2 b b LIMIT 2
			SINTERCARD 2 b b LIMIT 0
			SINTERCARD 1 b LIMIT 10 LIMIT 1
			SINTERCARD 2 b none LIMIT 1
			SINTERCARD 0 b
			SINTERCARD -1 b
			SINTERCARD x b
			SINTERCARD 3 b c
			SINTERCARD 1 b c
			SINTERCARD 1 b LIMIT
			SINTERCARD 1 b LIMIT -1
			SINTERCARD 1 b LIMIT x
			SINTERCARD 1 b FOO 1
			SINTERCARD 1
			SADD big` + numbers(1, 600) + `
			SADD other` + numbers(500, 700) + `
			SDIFF big other
			SDIFF big a b c other none big2
			SINTER big other
			SINTERCARD 2 big other LIMIT 7
			SUNIONSTORE u big other c
			SCARD u
		`,
		"move": `
			SADD a 1 2
			SMOVE a b 1
			SMOVE a b 1
			SMOVE a b x
			SMOVE none b 1
			SMOVE a a 2
			SMOVE a a 9
			SMOVE a b 2
			EXISTS a
			SMEMBERS b
			SADD c x 1
			SMOVE b c 1
			SMOVE c b x
			OBJECT ENCODING b
			SMOVE a b
		`,
		"pop": `
			SPOP none
			SPOP none 1
			SPOP none 0
			SADD s a
			SPOP s 0
			SPOP s -1
			SPOP s x
			SPOP s 1 2
			SPOP s
			EXISTS s
			SADD s a
			SPOP s 1
			EXISTS s
			SADD s a b c
			SPOP s 100
			EXISTS s
			SADD s` + numbers(1, 1000) + `
			SPOP s 1000
			EXISTS s
			SPOP
			SRANDMEMBER none
			SRANDMEMBER none 3
			SRANDMEMBER none -3
			SADD r a
			SRANDMEMBER r
			SRANDMEMBER r 0
			SRANDMEMBER r 5
			SRANDMEMBER r -3
			SRANDMEMBER r x
			SRANDMEMBER r 1 2
			SRANDMEMBER r -9223372036854775808
			SRANDMEMBER none -9223372036854775807
			SRANDMEMBER
			SADD r b c d
			SRANDMEMBER r 2
			SRANDMEMBER r 4
			SRANDMEMBER r 10
			SRANDMEMBER r -10
		`,
		"scan": `
			SSCAN none 0
			SSCAN none x
			SSCAN none 0 FOO
			SADD s 1 2 3 33
			SSCAN s 0
			SSCAN s 0 COUNT 1
			SSCAN s 3 COUNT 1
			SSCAN s 0 MATCH 3*
			SSCAN s 0 COUNT 0
			SSCAN s 0 COUNT
			SSCAN s 0 TYPE set
			SSCAN s
			SADD w a b ab
			SSCAN w 0 COUNT 1000
			SSCAN w 0 COUNT 1000 MATCH a*
		`,
		"sort": `
			SADD s 3 1 2 10
			SORT s
			SORT s DESC LIMIT 0 2
			SORT s ALPHA
			SORT s BY nosort STORE d
			LRANGE d 0 -1
			SET w1 3
			SET w2 2
			SET w3 1
			SORT s BY w* GET # GET w*
			SADD t b a
			SORT t
			SORT t ALPHA STORE t
			LRANGE t 0 -1
			SORT none STORE t
			EXISTS t
		`,
	})
}

func TestSetEvents(t *testing.T) {
	testEvents(t, `
		SADD w a
		SADD w a
		SADD w b 1
		SREM w z
		SREM w a b
		SMOVE w v 1
		SMOVE v w 1
		SMOVE v w 1
		SMOVE w w 1
		SADD x 1 2
		SMOVE x w 1
		SINTER w none x
		SINTERSTORE w w none
		SINTERSTORE w w none
		SUNIONSTORE w x none
		SDIFFSTORE w x none
		SDIFFSTORE w none x
		SINTERSTORE w x x
		SINTERCARD 2 none x
		SPOP none
		SPOP w
		SADD w 1 2 3
		SPOP w 3
		SADD w 1 2 3
		SPOP w 0
		SPOP w 1
		SRANDMEMBER w
		SISMEMBER none 1
		SMEMBERS none
		SSCAN none 0
		SADD y b a
		SORT y ALPHA STORE w
		SORT none STORE w
	`)
}

func genSet(r *rand.Rand) []string {
	k := key(r)
	member := func(r *rand.Rand) string {
		switch r.IntN(10) {
		case 0:
			return value(r)
		case 1, 2:
			return pick(r, "a", "b", "c", "d")
		case 3:
			return strconv.Itoa(1 << r.IntN(60))
		}
		return strconv.Itoa(r.IntN(30))
	}
	count := func() string { return strconv.Itoa(r.IntN(40) - 20) }
	switch r.IntN(20) {
	case 0, 1, 2, 3, 4:
		return cmdline("SADD", k, some(r, 6, member))
	case 5, 6:
		return cmdline("SREM", k, some(r, 6, member))
	case 7:
		return cmdline("SISMEMBER", k, member(r))
	case 8:
		return cmdline("SMISMEMBER", k, some(r, 4, member))
	case 9:
		return cmdline(pick(r, "SCARD", "SMEMBERS"), k)
	case 10:
		// Random members of a set that keeps some would leave the two sides apart.
		return cmdline("SPOP", k, pick(r, "1000", "0", "-1", "x"))
	case 11:
		return cmdline("SRANDMEMBER", k, maybe(r, 2, count()))
	case 12, 13:
		return cmdline("SMOVE", k, key(r), member(r))
	case 14:
		return cmdline(pick(r, "SINTER", "SUNION", "SDIFF"), some(r, 3, key))
	case 15, 16:
		return cmdline(pick(r, "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), k, some(r, 3, key))
	case 17:
		return cmdline("SINTERCARD", pick(r, "1", "2", "2", "x"), some(r, 2, key), maybe(r, 3, "LIMIT", count()))
	case 18:
		return cmdline("SSCAN", k, "0", "COUNT", "1000", maybe(r, 3, "MATCH", "1*"))
	}
	return cmdline("CONFIG", "SET", "set-max-intset-entries", pick(r, "3", "512"))
}
