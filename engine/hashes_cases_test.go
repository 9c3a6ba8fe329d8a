package engine

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestHashCases(t *testing.T) {
	testCases(t, map[string]string{
		"set": `
			HSET
			HSET h
			HSET h a
			HSET h a 1
			HSET h a 2 b
			HSET h a 2 b 3
			HSET h c 4 c 5 c 6
			HGETALL h
			HMSET h a
			HMSET h a 1 b
			HMSET h a 1 d 2
			HMSET
			HSETNX h a 9
			HSETNX h e 9
			HSETNX h e
			HSETNX other a 1
			HGET h a
			HGET h none
			HGET none a
			HGET h
			HMGET h a none b
			HMGET none a b
			HMGET h
			HLEN h
			HLEN none
			HLEN
			HKEYS h
			HVALS h
			HKEYS none
			HVALS none
			HGETALL none
			HGETALL
			HSTRLEN h a
			HSTRLEN h none
			HSTRLEN none a
			HSTRLEN h
			HEXISTS h a
			HEXISTS h none
			HEXISTS none a
			HDEL h a none a
			HDEL h
			HDEL none a
			HDEL h b c d e
			EXISTS h
			HSET bin "\x00\xff\r\n" "\x00" "" ""
			HGETALL bin
			HGET bin ""
			HEXISTS bin "\x00\xff\r\n"
			TYPE bin
			COMMAND GETKEYS HSET a b c
		`,
		"wrong type": `
			SET s v
			HSET s a 1
			HSET s a
			HMSET s a 1
			HSETNX s a 1
			HGET s a
			HMGET s a
			HGETALL s
			HKEYS s
			HVALS s
			HLEN s
			HSTRLEN s a
			HEXISTS s a
			HDEL s a
			HINCRBY s a 1
			HINCRBY s a x
			HINCRBYFLOAT s a 1
			HRANDFIELD s
			HRANDFIELD s 1
			HRANDFIELD s x
			HSCAN s 0
			HSCAN s x
			HSET h a 1
			GET h
			INCR h
			LPUSH h 1
			SORT h
			SETRANGE h 0 x
			MGET h s
		`,
		"incr": `
			HINCRBY h n 5
			HINCRBY h n -7
			HINCRBY h n abc
			HINCRBY h n 1.5
			HINCRBY h n ""
			HINCRBY h n
			HINCRBY h n 9223372036854775807
			HINCRBY h n 9223372036854775807
			HSET h n -9223372036854775808
			HINCRBY h n -1
			HINCRBY h n -9223372036854775808
			HSET h s abc
			HINCRBY h s 1
			HSET h s " 1"
			HINCRBY h s 1
			HSET h s 01
			HINCRBY h s 1
			HSET h s ""
			HINCRBY h s 1
			HINCRBYFLOAT h s 1
			HINCRBYFLOAT h f 0.1
			HINCRBYFLOAT h f 0.2
			HGET h f
			HINCRBYFLOAT h f -0.3
			HINCRBYFLOAT h f abc
			HINCRBYFLOAT h f inf
			HINCRBYFLOAT h f nan
			HINCRBYFLOAT h f ""
			HINCRBYFLOAT h f 1e20
			HINCRBYFLOAT h f
			HSET h f 1e3
			HINCRBYFLOAT h f 0
			HSET h f inf
			HINCRBYFLOAT h f 1
			HSET h f "1 "
			HINCRBYFLOAT h f 1
			HINCRBYFLOAT new f 3.0
			HINCRBY newer n 0
			HGETALL newer
			HINCRBYFLOAT newest n x
			EXISTS newest
			HINCRBY newest n x
			EXISTS newest
		`,
		"encoding": `
			HSET h a 1
			OBJECT ENCODING h
			HSET h b ` + strings.Repeat("x", 64) + `
			OBJECT ENCODING h
			HSET h b ` + strings.Repeat("x", 65) + `
			OBJECT ENCODING h
			HDEL h b
			OBJECT ENCODING h
			HSET f ` + strings.Repeat("x", 65) + ` 1
			OBJECT ENCODING f
			HSETNX g ` + strings.Repeat("x", 65) + ` 1
			OBJECT ENCODING g
			HINCRBY i ` + strings.Repeat("x", 65) + ` 1
			OBJECT ENCODING i
			CONFIG SET hash-max-listpack-entries 3
			HSET n a 1 b 2 c 3
			OBJECT ENCODING n
			HSET n a 4
			OBJECT ENCODING n
			HSET n d 4
			OBJECT ENCODING n
			HDEL n a b c
			OBJECT ENCODING n
			COPY n m
			OBJECT ENCODING m
			HGETALL m
			CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 4
			HSET p a 12345
			OBJECT ENCODING p
			CONFIG SET hash-max-listpack-value 64
		`,
		"random": `
			HRANDFIELD none
			HRANDFIELD none 3
			HRANDFIELD none -3 WITHVALUES
			HSET h a 1
			HRANDFIELD h
			HRANDFIELD h 0
			HRANDFIELD h 0 WITHVALUES
			HRANDFIELD h 1 WITHVALUES
			HRANDFIELD h 5 WITHVALUES
			HRANDFIELD h 5
			HRANDFIELD h -3 withvalues
			HRANDFIELD h -3
			HSET h b 1 c 3
			HRANDFIELD h 2
			HRANDFIELD h 10 WITHVALUES
			HRANDFIELD h 3 WITHVALUES
			HRANDFIELD h 2 FOO
			HRANDFIELD h 2 WITHVALUES x
			HRANDFIELD h x
			HRANDFIELD h 1.5
			HRANDFIELD h -9223372036854775808
			HRANDFIELD h 9223372036854775807
			HRANDFIELD h 9223372036854775807 WITHVALUES
			HRANDFIELD h -9223372036854775807 WITHVALUES
			HRANDFIELD h 9223372036854775808
			HRANDFIELD none -9223372036854775807
			HRANDFIELD none x FOO
			HRANDFIELD
		`,
		"scan": `
			HSCAN none 0
			HSCAN none x
			HSCAN none 0 FOO
			HSCAN none 0 COUNT x
			HSET h a 1 b 2 abc 3
			HSCAN h 0
			HSCAN h 5
			HSCAN h 0 COUNT 1
			HSCAN h 0 MATCH a*
			HSCAN h 0 MATCH a* COUNT 1
			HSCAN h 0 COUNT 0
			HSCAN h 0 COUNT x
			HSCAN h 0 MATCH
			HSCAN h 0 TYPE hash
			HSCAN h x
			HSCAN h
			HSCAN h 0 NOVALUES
			HSET big f ` + strings.Repeat("x", 100) + ` a 1 b 2
			HSCAN big 0 COUNT 1000
			HSCAN big 0 COUNT 1000 MATCH f
		`,
		"sort": `
			RPUSH l 1 2 3 4
			HSET h1 w 3 v a
			HSET h2 w 2 v b
			HSET h3 w 1
			SET h4 x
			SORT l BY h*->w GET # GET h*->v
			SORT l BY h*->none GET h*->w
			SORT l BY h*->w DESC GET h*->w
			SORT l BY h*->v ALPHA STORE dst
			LRANGE dst 0 -1
			SORT l BY h*-> GET h*->
			DEL l
			RPUSH l 1
			SORT l GET h*->v GET h*->none STORE dst
			LRANGE dst 0 -1
		`,
		"whole keys": `
			HSET a f 1 g 2
			COPY a b
			HSET a f 3
			HGETALL b
			RENAME a c
			HGETALL c
			MOVE c 1
			SELECT 1
			HGETALL c
			SELECT 0
			EXPIRE b 100
			HSET b x 1
			TTL b
			SET b x
			HSET b f 1
			DEL b
			HSET b f 1
			DEBUG DIGEST-VALUE b
		`,
	})
}

func TestHashEvents(t *testing.T) {
	testEvents(t, `
		HSET w a 1 b 2
		HSET w a 1
		HMSET w a 1
		HSETNX w a 1
		HSETNX w c 1
		HINCRBY w a 0
		HINCRBYFLOAT w a 0
		HGET w a
		HDEL w none
		HDEL w a b
		HDEL w c
		HDEL w c
		HGET w a
		HGETALL w
		HRANDFIELD w
		HSCAN w 0
		HINCRBY w a 1
		COPY w v
		RENAME v w
	`)
}

func genHash(r *rand.Rand) []string {
	k := key(r)
	field := func(r *rand.Rand) string { return pick(r, "f", "f", "g") + strconv.Itoa(r.IntN(6)) }
	pair := func(r *rand.Rand) string { return value(r) }
	switch r.IntN(18) {
	case 0, 1, 2:
		return cmdline(pick(r, "HSET", "HSET", "HMSET"), k, field(r), pair(r), maybe(r, 2, field(r), pair(r)), maybe(r, 30, "odd"))
	case 3:
		return cmdline("HSET", k, value(r), value(r))
	case 4:
		return cmdline("HSETNX", k, field(r), value(r))
	case 5:
		return cmdline("HGET", k, field(r))
	case 6:
		return cmdline("HMGET", k, some(r, 3, field))
	case 7:
		return cmdline(pick(r, "HGETALL", "HKEYS", "HLEN", "HVALS"), k)
	case 8:
		return cmdline(pick(r, "HSTRLEN", "HEXISTS"), k, field(r))
	case 9, 10:
		return cmdline("HDEL", k, some(r, 3, field))
	case 11, 12:
		return cmdline("HINCRBY", k, field(r), number(r))
	case 13:
		return cmdline("HINCRBYFLOAT", k, field(r), float(r))
	case 14:
		return cmdline("HSCAN", k, "0", "COUNT", "1000", maybe(r, 3, "MATCH", "f*"))
	case 15:
		return cmdline("HRANDFIELD", k, maybe(r, 2, strconv.Itoa(r.IntN(12)-6)))
	case 16:
		return cmdline("HRANDFIELD", k, strconv.Itoa(r.IntN(12)-6), "WITHVALUES")
	}
	return cmdline("CONFIG", "SET", pick(r, "hash-max-listpack-entries", "hash-max-listpack-value"), pick(r, "3", "64", "512"))
}
