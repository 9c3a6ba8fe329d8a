package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestZSetCases(t *testing.T) {
	testCases(t, map[string]string{
		"add": `
			ZADD
			ZADD z
			ZADD z 1
			ZADD z 1 a
			ZADD z 1 a 2
			ZADD z 2 b 1 c 0.5 d
			ZRANGE z 0 -1 WITHSCORES
			ZADD z NX 5 a 6 e
			ZADD z XX 5 a 6 f
			ZADD z CH 5 a 7 g 8 b
			ZADD z XX CH 9 a 9 nosuch
			ZADD z GT CH 1 a 10 b
			ZADD z LT CH 20 a 1 b
			ZADD z GT LT 1 a
			ZADD z NX GT 1 a
			ZADD z NX LT 1 a
			ZADD z NX XX 1 a
			ZADD z GT XX CH 100 a 1 nosuch
			ZADD z INCR 1 a
			ZADD z INCR 1 a 2 b
			ZADD z NX INCR 1 a
			ZADD z NX INCR 1 h
			ZADD z XX INCR 1 nosuch
			ZADD none XX INCR 1 nosuch
			ZADD none XX 1 nosuch
			ZADD z GT INCR -1 a
			ZADD z LT INCR -1 a
			ZADD z LT INCR 0 a
			ZADD z nx
			ZADD z nx 1
			ZADD z FOO 1 a
			ZADD z abc a
			ZADD z 1 a abc b
			ZADD z nan a
			ZADD z "" a
			ZADD z " 1" a
			ZADD z 1e400 a
			ZADD z 0x10 hex
			ZADD z inf i -inf j +inf k infinity l
			ZADD z -0 zero
			ZADD z INCR -0 newzero
			ZADD z INCR -inf i
			ZADD z INCR inf i
			ZINCRBY z -inf k
			ZADD z 1.1 "" 3.3333333333333335 "\x00\r\n" 1e17 x 123456789012345678 y 1e-7 w 1e21 v 0.1 u
			ZRANGE z 0 -1 WITHSCORES
			ZINCRBY z 1.5 a
			ZINCRBY z 0.1 a
			ZINCRBY z abc a
			ZINCRBY z 1
			ZINCRBY new 0.1 a
			ZINCRBY new 0.2 a
			ZSCORE new a
			ZSCORE new nosuch
			ZSCORE none a
			ZSCORE z
			ZMSCORE z a nosuch b
			ZMSCORE none a b
			ZMSCORE z
			ZCARD z
			ZCARD none
			ZCARD
			ZREM z a nosuch b b
			ZREM z
			ZREM none a
			ZREM new a
			EXISTS new
			SET s v
			ZADD s 1 a
			ZADD s XX 1 a
			ZADD s abc a
			ZINCRBY s 1 a
			ZREM s a
			ZCARD s
			ZSCORE s a
			ZMSCORE s a
			TYPE z
			OBJECT ENCODING z
			DEBUG DIGEST-VALUE z
		`,
		"rank": `
			ZADD z 1 a 2 b 2 c 3 d
			ZRANK z a
			ZRANK z c
			ZRANK z nosuch
			ZRANK none a
			ZREVRANK z a
			ZREVRANK z c
			ZREVRANK z nosuch
			ZREVRANK none a
			ZRANK z
			ZREVRANK z
			SET s v
			ZRANK s a
			ZREVRANK s a
		`,
		"range": `
			ZADD z 1 a 2 b 2 c 3 d inf e
			ZRANGE z 0 -1
			ZRANGE z 1 2
			ZRANGE z -2 -1 WITHSCORES
			ZRANGE z 3 1
			ZRANGE z -100 100
			ZRANGE z 0 -1 REV
			ZRANGE z 0 1 REV WITHSCORES
			ZRANGE z 0 -1 REV REV
			ZRANGE z 10 20
			ZRANGE z a b
			ZRANGE z 0
			ZRANGE z 0 -1 FOO
			ZRANGE z 0 -1 LIMIT 0 1
			ZRANGE z 0 -1 LIMIT 0 -1
			ZRANGE z 0 -1 LIMIT 0
			ZRANGE z 0 -1 LIMIT a 1
			ZRANGE z 2 3 BYSCORE
			ZRANGE z (2 3 BYSCORE
			ZRANGE z (2 (inf BYSCORE WITHSCORES
			ZRANGE z 3 2 BYSCORE
			ZRANGE z 3 2 BYSCORE REV
			ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2 WITHSCORES
			ZRANGE z -inf +inf BYSCORE LIMIT 1 2
			ZRANGE z -inf +inf BYSCORE LIMIT 1 -1
			ZRANGE z -inf +inf BYSCORE LIMIT -1 2
			ZRANGE z -inf +inf BYSCORE LIMIT 4 10
			ZRANGE z -inf +inf BYSCORE LIMIT 5 10
			ZRANGE z -inf +inf BYSCORE LIMIT 0 0
			ZRANGE z -inf +inf BYSCORE REV LIMIT 4 10
			ZRANGE z -inf +inf BYSCORE BYSCORE
			ZRANGE z -inf +inf BYSCORE BYLEX
			ZRANGE z a b BYSCORE
			ZRANGE z nan 1 BYSCORE
			ZRANGE z "" 1 BYSCORE
			ZRANGE z "(" 1 BYSCORE
			ZRANGE z " 1" 1e999 BYSCORE
			ZRANGE z "1 " 2 BYSCORE
			ZRANGE z 0x1 0x2 BYSCORE
			ZRANGE z 1 "2\x00x" BYSCORE
			ZRANGE z 1 1e BYSCORE
			ZRANGE z (2 2 BYSCORE
			ZRANGE z 2 2 BYSCORE
			ZRANGE z 4 5 BYSCORE
			ZRANGE z -5 0 BYSCORE
			ZRANGE none 0 -1
			ZRANGE none a b
			ZREVRANGE z 0 1
			ZREVRANGE z 0 -1 WITHSCORES
			ZREVRANGE z 0 -1 REV
			ZREVRANGE z 1
			ZRANGEBYSCORE z 1 2
			ZRANGEBYSCORE z 1 2 WITHSCORES LIMIT 1 1
			ZRANGEBYSCORE z 1 2 LIMIT 1
			ZRANGEBYSCORE z 1 2 BYSCORE
			ZRANGEBYSCORE z 1
			ZREVRANGEBYSCORE z 2 1 WITHSCORES
			ZREVRANGEBYSCORE z (2 1
			ZREVRANGEBYSCORE z 1 2
			ZREVRANGEBYSCORE z 2 1 LIMIT 1 2
			ZCOUNT z 1 2
			ZCOUNT z (1 (3
			ZCOUNT z -inf +inf
			ZCOUNT z 3 1
			ZCOUNT z a b
			ZCOUNT none a b
			ZCOUNT none 1 2
			ZCOUNT z 1
			SET s v
			ZRANGE s 0 -1
			ZRANGE s a b
			ZCOUNT s 1 2
			ZREVRANGE s 0 1
			ZRANGEBYSCORE s 1 2
		`,
		"lex": `
			ZADD z 0 a 0 b 0 c 0 d 0 "" 0 aa
			ZRANGE z - + BYLEX
			ZRANGE z [a [c BYLEX
			ZRANGE z (a (c BYLEX
			ZRANGE z + - BYLEX REV
			ZRANGE z + [b BYLEX REV LIMIT 1 1
			ZRANGE z - + BYLEX LIMIT 1 3
			ZRANGE z - + BYLEX WITHSCORES
			ZRANGE z a c BYLEX
			ZRANGE z "" + BYLEX
			ZRANGE z - "" BYLEX
			ZRANGE z + + BYLEX
			ZRANGE z - - BYLEX
			ZRANGE z -x + BYLEX
			ZRANGE z - +x BYLEX
			ZRANGE z "-\x00x" "+\x00x" BYLEX
			ZRANGE z 1 2 BYLEX
			ZRANGE z [ [ BYLEX
			ZRANGE z ( [b BYLEX
			ZRANGE z [c [a BYLEX
			ZRANGE z (a [a BYLEX
			ZRANGE z [zz + BYLEX
			ZRANGEBYLEX z - [c
			ZRANGEBYLEX z - (c LIMIT 1 2
			ZRANGEBYLEX z - (c LIMIT -1 2
			ZRANGEBYLEX z - (c WITHSCORES
			ZRANGEBYLEX z -
			ZREVRANGEBYLEX z [c -
			ZREVRANGEBYLEX z [c - LIMIT 1 1
			ZREVRANGEBYLEX z - [c
			ZLEXCOUNT z - +
			ZLEXCOUNT z [b (d
			ZLEXCOUNT z + -
			ZLEXCOUNT z b d
			ZLEXCOUNT none - +
			ZLEXCOUNT z -
			ZREMRANGEBYLEX z [aa [b
			ZRANGE z 0 -1
			ZADD m 5 a 4 b 3 c 2 d 1 e
			ZRANGE m [b [d BYLEX
			ZRANGE m [a [e BYLEX
			ZRANGE m [e [e BYLEX
			ZRANGE m [a [a BYLEX
			ZRANGE m - + BYLEX
			ZRANGE m + [c BYLEX REV
			ZRANGE m [d - BYLEX REV
			ZRANGE m [c - BYLEX REV LIMIT 1 2
			ZRANGE m - [c BYLEX LIMIT 2 2
			ZLEXCOUNT m [b [d
			ZLEXCOUNT m - [e
			ZREMRANGEBYLEX m [b [e
			ZRANGE m 0 -1
			SET s v
			ZRANGEBYLEX s - +
			ZREVRANGEBYLEX s + -
			ZLEXCOUNT s - +
			ZREMRANGEBYLEX s - +
			ZREMRANGEBYLEX s a b
		`,
		"remove ranges": `
			ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
			ZREMRANGEBYRANK z 0 0
			ZREMRANGEBYRANK z -1 -1
			ZREMRANGEBYRANK z 10 20
			ZREMRANGEBYRANK z 3 1
			ZREMRANGEBYRANK z a 1
			ZREMRANGEBYRANK none 0 1
			ZREMRANGEBYRANK z 0
			ZREMRANGEBYSCORE z 2 (3
			ZREMRANGEBYSCORE z 100 200
			ZREMRANGEBYSCORE z 5 1
			ZREMRANGEBYSCORE z a b
			ZREMRANGEBYSCORE none a b
			ZREMRANGEBYSCORE none 1 2
			ZRANGE z 0 -1
			ZREMRANGEBYSCORE z -inf +inf
			EXISTS z
			ZADD z 1 a
			ZREMRANGEBYRANK z 0 -1
			EXISTS z
			ZADD z 1 a
			ZREMRANGEBYLEX z - +
			EXISTS z
			SET s v
			ZREMRANGEBYRANK s 0 1
			ZREMRANGEBYSCORE s 0 1
		`,
		"range store": `
			ZADD z 1 a 2 b 3 c 4 d
			ZRANGESTORE dst z 0 -1
			ZRANGE dst 0 -1 WITHSCORES
			ZRANGESTORE dst z 0 1 REV
			ZRANGE dst 0 -1 WITHSCORES
			ZRANGESTORE dst z (1 3 BYSCORE
			ZRANGESTORE dst z 3 1 BYSCORE REV LIMIT 0 2
			ZRANGE dst 0 -1 WITHSCORES
			ZRANGESTORE dst z - + BYLEX LIMIT 1 1
			ZRANGESTORE z z 1 2
			ZRANGE z 0 -1 WITHSCORES
			ZRANGESTORE dst z 0 -1 WITHSCORES
			ZRANGESTORE dst z 0
			ZRANGESTORE dst z a b
			EXPIRE dst 100
			ZRANGESTORE dst z 0 -1
			TTL dst
			ZRANGESTORE dst z 10 20
			EXISTS dst
			ZRANGESTORE dst none 0 -1
			ZRANGESTORE z none 0 -1
			EXISTS z
			SET s v
			ZRANGESTORE dst s 0 -1
			ZADD z 1 a
			ZRANGESTORE s z 0 -1
			TYPE s
		`,
		"pop": `
			ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
			ZPOPMIN z
			ZPOPMAX z
			ZPOPMIN z 1
			ZPOPMAX z 2
			ZPOPMIN z 0
			ZPOPMIN z -1
			ZPOPMIN z abc
			ZPOPMIN z 1 2
			ZPOPMIN
			ZPOPMIN z 100
			EXISTS z
			ZPOPMIN z
			ZPOPMAX z 3
			ZPOPMAX none
			SET s v
			ZPOPMIN s
			ZPOPMIN s 0
			ZPOPMAX s 1
			ZPOPMAX s abc
			ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
			ZMPOP 1 z MIN
			ZMPOP 2 none z MAX COUNT 2
			ZMPOP 1 z MIN COUNT 100
			EXISTS z
			ZMPOP 1 z MIN
			ZMPOP 1 z FOO
			ZMPOP 0 z MIN
			ZMPOP -1 z MIN
			ZMPOP abc z MIN
			ZMPOP 3 z MIN
			ZMPOP 2 z MIN COUNT 1
			ZMPOP 1 z MIN COUNT 0
			ZMPOP 1 z MIN COUNT abc
			ZMPOP 1 z MIN COUNT
			ZMPOP 1 z MIN FOO 1
			ZMPOP 1 z MIN COUNT 1 COUNT 2
			ZMPOP 1 z MIN COUNT abc COUNT 2
			ZMPOP 1 z
			ZMPOP 1 s MIN
			ZMPOP 2 none s MIN
			BZPOPMIN none 0.01
			BZPOPMAX none none2 0.01
			ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
			BZPOPMIN z 0
			BZPOPMAX none z 0
			BZPOPMIN z abc
			BZPOPMIN z -1
			BZPOPMIN z
			BZPOPMIN s 0
			BZPOPMIN none s 0
			BZMPOP 0 1 z MIN
			BZMPOP 0 2 none z MAX COUNT 2
			BZMPOP 0.01 1 none MIN
			BZMPOP abc 1 z FOO
			BZMPOP abc 1 z MIN
			BZMPOP abc abc z MIN
			BZMPOP -1 1 z MIN
			BZMPOP 0 1 s MIN
			BZMPOP 0 1 z
			BLMPOP abc 1 l FOO
			BLMPOP abc 1 l LEFT
			LMPOP 1 l LEFT COUNT abc FOO
			MULTI
			BZPOPMIN none 0
			BZPOPMAX z 0
			BZMPOP 0 1 none MIN
			EXEC
			COMMAND GETKEYS ZMPOP 2 a b MIN
			COMMAND GETKEYS BZMPOP 0 2 a b MIN
			COMMAND GETKEYS BZPOPMIN a b 0
		`,
		"combine": `
			ZADD a 1 x 2 y 3 z
			ZADD b 10 y 20 z 30 w
			ZADD c 100 z 200 v
			ZUNION 2 a b
			ZUNION 2 a b WITHSCORES
			ZUNION 3 a b c WEIGHTS 1 2 0.5 WITHSCORES
			ZUNION 2 a b AGGREGATE MIN WITHSCORES
			ZUNION 2 a b AGGREGATE MAX WEIGHTS -1 1 WITHSCORES
			ZUNION 2 a b AGGREGATE SUM AGGREGATE MIN WITHSCORES WITHSCORES
			ZUNION 2 a none WITHSCORES
			ZUNION 1 none
			ZUNION 0 a
			ZUNION -1 a
			ZUNION abc a
			ZUNION 3 a b
			ZUNION 2 a b WEIGHTS 1
			ZUNION 2 a b WEIGHTS 1 abc
			ZUNION 2 a b WEIGHTS 1 2 3
			ZUNION 2 a b AGGREGATE FOO
			ZUNION 2 a b AGGREGATE
			ZUNION 2 a b FOO
			ZUNION 2 a a WITHSCORES
			ZUNION 1
			ZINTER 2 a b WITHSCORES
			ZINTER 3 a b c WITHSCORES
			ZINTER 2 a a WEIGHTS 2 3 WITHSCORES
			ZINTER 2 a b AGGREGATE MAX WITHSCORES
			ZINTER 2 a b WEIGHTS inf 0 WITHSCORES
			ZINTER 2 a none
			ZINTER 2 a b LIMIT 1
			ZDIFF 2 a b WITHSCORES
			ZDIFF 3 a b c
			ZDIFF 2 a none
			ZDIFF 2 none a
			ZDIFF 2 a a
			ZDIFF 2 a b WEIGHTS 1 2
			ZDIFF 2 a b AGGREGATE MIN
			ZDIFF 1 a WITHSCORES
			ZINTERCARD 2 a b
			ZINTERCARD 2 a b LIMIT 1
			ZINTERCARD 2 a b LIMIT 0
			ZINTERCARD 2 a b LIMIT -1
			ZINTERCARD 2 a b LIMIT abc
			ZINTERCARD 2 a b LIMIT
			ZINTERCARD 2 a b WITHSCORES
			ZINTERCARD 0 a
			ZINTERCARD 2 a none
			ZUNIONSTORE dst 2 a b
			ZRANGE dst 0 -1 WITHSCORES
			ZUNIONSTORE dst 2 a b WEIGHTS 2 3 AGGREGATE MAX
			ZRANGE dst 0 -1 WITHSCORES
			ZUNIONSTORE dst 2 a b WITHSCORES
			ZUNIONSTORE dst 0 a
			ZUNIONSTORE dst 2 a
			ZUNIONSTORE a 2 a b
			ZRANGE a 0 -1 WITHSCORES
			ZINTERSTORE dst 2 a b
			ZRANGE dst 0 -1 WITHSCORES
			ZINTERSTORE dst 2 a none
			EXISTS dst
			ZDIFFSTORE dst 2 a b
			ZRANGE dst 0 -1 WITHSCORES
			ZDIFFSTORE dst 2 a a
			EXISTS dst
			ZADD i inf x -inf y
			ZADD j -inf x inf y
			ZUNION 2 i j WITHSCORES
			ZUNION 2 i j WEIGHTS 0 1 WITHSCORES
			ZINTER 2 i j WEIGHTS 1 0 AGGREGATE MIN WITHSCORES
			ZINTER 2 i j WEIGHTS 1 0 AGGREGATE MAX WITHSCORES
			ZUNION 1 i WEIGHTS nan
			SET s v
			ZUNION 2 a s
			ZUNION 2 s a FOO
			ZUNIONSTORE dst 2 a s
			ZUNIONSTORE s 1 a
			TYPE s
			COMMAND GETKEYS ZUNIONSTORE dst 2 a b
			COMMAND GETKEYS ZUNION 2 a b
			COMMAND GETKEYS ZINTERCARD 2 a b LIMIT 1
			COMMAND GETKEYS ZRANGESTORE a b 0 1
		`,
		"combine with sets": `
			ZADD z 5 1 6 b 7 c
			SADD ints 1 2 3
			SADD words a b c 1
			ZUNION 2 z ints WITHSCORES
			ZUNION 3 z ints words WEIGHTS 1 2 3 WITHSCORES
			ZUNION 2 ints words AGGREGATE MAX WITHSCORES
			ZINTER 2 z words WITHSCORES
			ZINTER 3 z words ints WEIGHTS 1 10 100 WITHSCORES
			ZINTERCARD 2 words z LIMIT 2
			ZDIFF 2 words z WITHSCORES
			ZDIFF 2 z ints WITHSCORES
			ZUNIONSTORE dst 3 ints words none
			ZRANGE dst 0 -1 WITHSCORES
			ZUNIONSTORE ints 1 ints WEIGHTS 0.5
			ZRANGE ints 0 -1 WITHSCORES
			TYPE ints
			ZADD words 1 a
			ZRANGE words 0 -1
			ZMPOP 2 words z MIN
		`,
		"random scan": `
			ZADD z 1 a 2 b 3 c
			ZRANDMEMBER z
			ZRANDMEMBER none
			ZRANDMEMBER z 2
			ZRANDMEMBER z 10 WITHSCORES
			ZRANDMEMBER z -5
			ZRANDMEMBER z -5 WITHSCORES
			ZRANDMEMBER z 1 WITHSCORES
			ZRANDMEMBER z 2 WITHSCORES
			ZRANDMEMBER z 0
			ZRANDMEMBER none 1
			ZRANDMEMBER z abc
			ZRANDMEMBER z -9223372036854775808
			ZRANDMEMBER z 9223372036854775807 WITHSCORES
			ZRANDMEMBER z 1 FOO
			ZRANDMEMBER z 1 WITHSCORES FOO
			ZRANDMEMBER
			ZSCAN z 0
			ZSCAN z 0 MATCH a*
			ZSCAN z 0 COUNT 1
			ZSCAN z 0 COUNT 0
			ZSCAN z 0 COUNT abc
			ZSCAN z abc
			ZSCAN z 0 FOO
			ZSCAN z 0 TYPE zset
			ZSCAN none 0
			ZSCAN none abc
			ZSCAN none 0 FOO
			ZSCAN z
			ZSCAN z 5
			ZADD f 0.1 a 1e17 b -inf c 3.5 d 1e-7 e
			ZSCAN f 0
			SORT f ALPHA
			ZSCAN f 0 COUNT 100
			SET s v
			ZRANDMEMBER s
			ZRANDMEMBER s 1
			ZSCAN s 0
			ZSCAN s abc
		`,
		"sort": `
			ZADD z 3 1 2 2 1 3 0 10
			SORT z
			SORT z DESC
			SORT z BY nosort
			SORT z BY nosort DESC
			SORT z BY nosort LIMIT 1 2
			SORT z BY nosort DESC LIMIT 1 2
			SORT z BY nosort GET #
			SORT z ALPHA
			SORT z BY nosort STORE l
			LRANGE l 0 -1
			OBJECT ENCODING z
			ZADD y 1 a
			OBJECT ENCODING y
			SORT_RO y ALPHA
			OBJECT ENCODING y
			ZADD x 1 a
			SORT x
			OBJECT ENCODING x
		`,
		"encoding": encodingCases(),
		"copy rename": `
			ZADD z 1 a 2 b
			COPY z y
			ZADD y 3 c
			ZRANGE z 0 -1
			RENAME y x
			ZRANGE x 0 -1 WITHSCORES
			EXPIRE x 100
			ZADD x 4 d
			TTL x
			ZADD x 5 e
			PERSIST x
			OBJECT REFCOUNT x
			MULTI
			ZADD x 1 a
			ZRANGE x 0 -1
			ZPOPMIN x
			EXEC
		`,
	})
}

// encodingCases go over both thresholds.
func encodingCases() string {
	var b strings.Builder
	for i := range 128 {
		fmt.Fprintf(&b, "ZADD z %d m%d\n", i*7%13, i)
	}
	b.WriteString("OBJECT ENCODING z\nZADD z 1 m5\nOBJECT ENCODING z\nZRANGESTORE copy z 0 -1\nOBJECT ENCODING copy\nZADD z 1 more\nOBJECT ENCODING z\n")
	b.WriteString("ZRANGE z 0 -1 WITHSCORES\nZRANGE z 20 70 REV\nZRANK z more\nZREVRANK z m7\nZCOUNT z 3 (8\nZRANGE z (3 7 BYSCORE LIMIT 5 20\nZRANGE z 7 3 BYSCORE REV LIMIT 5 20\n")
	b.WriteString("ZREMRANGEBYRANK z 10 20\nZREMRANGEBYSCORE z 3 5\nZPOPMIN z 5\nZPOPMAX z 5\nZRANGE z 0 -1\nCOPY z dup\nOBJECT ENCODING dup\nOBJECT ENCODING z\nZSCAN z 0 COUNT 1000\n")
	b.WriteString("ZUNIONSTORE u 2 z copy\nOBJECT ENCODING u\nZRANGE u 0 -1 WITHSCORES\nZINTERSTORE u 2 z copy\nOBJECT ENCODING u\nZRANGESTORE u z 0 -1\nOBJECT ENCODING u\n")
	for i := range 200 {
		fmt.Fprintf(&b, "ZADD lex 0 m%d\n", i*i)
	}
	b.WriteString("ZRANGE lex [m2 (m5 BYLEX\nZRANGE lex (m5 - BYLEX REV LIMIT 3 10\nZLEXCOUNT lex [m1 +\nZREMRANGEBYLEX lex [m3 [m4\nZRANGE lex - + BYLEX LIMIT 10 20\nZCARD lex\n")
	for _, n := range []int{64, 65} {
		long := strings.Repeat("x", n)
		fmt.Fprintf(&b, "ZADD l%d 1 a\nZADD l%d 1 %s\nOBJECT ENCODING l%d\nZRANGE l%d 0 -1\nZADD first%d 1 %s\nOBJECT ENCODING first%d\n", n, n, long, n, n, n, long, n)
		fmt.Fprintf(&b, "ZREM l%d %s\nOBJECT ENCODING l%d\nZUNIONSTORE u 1 l%d\nOBJECT ENCODING u\n", n, long, n, n)
	}
	return b.String()
}

func genZSet(r *rand.Rand) []string {
	scored := maybe(r, 2, "WITHSCORES")
	switch r.IntN(20) {
	case 0, 1, 2, 3, 4:
		pairs := some(r, 4, func(r *rand.Rand) string { return "" })
		var members []string
		for range pairs {
			members = append(members, float(r), value(r))
		}
		return cmdline("ZADD", key(r), maybe(r, 6, pick(r, "NX", "XX")), maybe(r, 6, pick(r, "GT", "LT")), maybe(r, 4, "CH"), maybe(r, 8, "INCR"), members)
	case 5:
		return cmdline("ZINCRBY", key(r), float(r), value(r))
	case 6:
		return cmdline("ZREM", key(r), some(r, 3, value))
	case 7:
		return cmdline(pick(r, "ZSCORE", "ZRANK", "ZREVRANK"), key(r), value(r))
	case 8:
		return cmdline(pick(r, "ZCARD", "ZMSCORE"), key(r), maybe(r, 2, value(r), value(r)))
	case 9:
		return cmdline("ZRANGE", key(r), number(r), number(r), maybe(r, 3, "REV"), scored)
	case 10:
		return cmdline("ZRANGE", key(r), scoreEnd(r), scoreEnd(r), "BYSCORE", maybe(r, 3, "REV"), maybe(r, 3, "LIMIT", number(r), number(r)), scored)
	case 11:
		return genLex(r)
	case 12:
		return cmdline(pick(r, "ZCOUNT", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZREMRANGEBYSCORE"), key(r), scoreEnd(r), scoreEnd(r), maybe(r, 8, "LIMIT", number(r), number(r)))
	case 13:
		return genLex(r)
	case 14:
		return cmdline(pick(r, "ZREMRANGEBYRANK", "ZREVRANGE"), key(r), number(r), number(r))
	case 15:
		return cmdline("ZRANGESTORE", key(r), key(r), pick(r, scoreEnd(r), number(r)), pick(r, scoreEnd(r), number(r)), maybe(r, 2, "BYSCORE"), maybe(r, 4, "REV"), maybe(r, 4, "LIMIT", number(r), number(r)))
	case 16:
		return cmdline(pick(r, "ZPOPMIN", "ZPOPMAX"), key(r), maybe(r, 2, number(r)))
	case 17:
		return cmdline("ZMPOP", "2", key(r), key(r), pick(r, "MIN", "MAX"), maybe(r, 2, "COUNT", number(r)))
	case 18:
		return genCombine(r)
	}
	return pickLine(r, cmdline(pick(r, "BZPOPMIN", "BZPOPMAX"), key(r), key(r), "0.001"), cmdline("ZSCAN", key(r), "0", "COUNT", "1000", maybe(r, 2, "MATCH", "[a-f]*")),
		cmdline("ZRANDMEMBER", key(r), maybe(r, 2, "5", "WITHSCORES")))
}

// genLex works on keys of its own, in which all members have the same score: what ranges of bytes give otherwise is left
// open by Redis.
func genLex(r *rand.Rand) []string {
	key := "lex" + pick(r, "1", "2")
	limit := maybe(r, 3, "LIMIT", number(r), number(r))
	switch r.IntN(6) {
	case 0, 1, 2:
		return cmdline("ZADD", key, "0", value(r), maybe(r, 2, "0", value(r), "0", value(r)))
	case 3:
		return cmdline("ZRANGE", key, lexEnd(r), lexEnd(r), "BYLEX", maybe(r, 3, "REV"), limit)
	case 4:
		return cmdline("ZRANGESTORE", "lex1", key, lexEnd(r), lexEnd(r), "BYLEX", maybe(r, 3, "REV"), limit)
	}
	return cmdline(pick(r, "ZLEXCOUNT", "ZLEXCOUNT", "ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZREMRANGEBYLEX"), key, lexEnd(r), lexEnd(r), maybe(r, 8, "LIMIT", number(r), number(r)))
}

func genCombine(r *rand.Rand) []string {
	weight := func() string { return pick(r, "1", "2", "0.5", "1e10", "inf", "nan", "x") } // none that makes -0 of 0
	weights := maybe(r, 3, "WEIGHTS", weight(), weight())
	aggregate := maybe(r, 3, "AGGREGATE", pick(r, "SUM", "MIN", "MAX"))
	switch r.IntN(4) {
	case 0:
		return cmdline(pick(r, "ZUNION", "ZINTER", "ZDIFF"), "2", key(r), key(r), weights, aggregate, maybe(r, 2, "WITHSCORES"))
	case 1:
		return cmdline(pick(r, "ZUNIONSTORE", "ZINTERSTORE"), key(r), "2", key(r), key(r), weights, aggregate)
	case 2:
		return cmdline("ZDIFFSTORE", key(r), "3", key(r), key(r), key(r))
	}
	return cmdline("ZINTERCARD", "2", key(r), key(r), maybe(r, 2, "LIMIT", number(r)))
}

func pickLine(r *rand.Rand, lines ...[]string) []string { return lines[r.IntN(len(lines))] }

func scoreEnd(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return pick(r, "-inf", "+inf", "(inf", "(", "")
	}
	return pick(r, "", "(") + float(r)
}

func lexEnd(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return pick(r, "-", "+", "-", "+", "x", "", "+x")
	}
	return pick(r, "[", "(") + value(r)
}
