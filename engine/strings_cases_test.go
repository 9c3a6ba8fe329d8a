package engine

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestStringCases(t *testing.T) {
	testCases(t, map[string]string{
		"get": `
			GET
			GET a b
			GET missing
			SET k v
			GET k
			get k
			SET bin "\x00\r\n\xff"
			GET bin
			RPUSH l 1
			GET l
			GETDEL l
			GETEX l
			GETSET l x
			STRLEN l
			APPEND l x
			SETRANGE l 0 x
			GETRANGE l 0 1
			INCR l
			INCRBYFLOAT l 1
			SET "" empty
			GET ""
		`,
		"set": `
			SET
			SET k
			SET k v NX
			SET k w NX
			GET k
			SET k w XX
			SET m w XX
			GET m
			SET k x NX XX
			SET k x GET
			SET k y NX GET
			SET m y NX GET
			SET m z XX GET
			SET k v EX 0
			SET k v EX -1
			SET k v EX abc
			SET k v EX
			SET k v EX 10 PX 10
			SET k v EX 10 EX 20
			SET k v EX 10 KEEPTTL
			SET k v KEEPTTL EX 10
			SET k v PX 100000
			PTTL k
			SET k v KEEPTTL
			PTTL k
			SET k v
			PTTL k
			SET k v EXAT 9999999999
			EXPIRETIME k
			SET k v PXAT 9999999999999
			PEXPIRETIME k
			SET k v EXAT 1
			GET k
			EXISTS k
			SET k v EX 9223372036854775807
			SET k v PX 9223372036854775807
			SET k v EX 9223372036854775
			SET k v foo
			SET k v NX foo
			SET k v GET GET
			RPUSH l a
			SET l v GET
			SET l v
			GET l
			SET l v PERSIST
		`,
		"setnx setex": `
			SETNX k v
			SETNX k w
			SETNX k
			SETEX k 10 v
			TTL k
			SETEX k 0 v
			SETEX k -5 v
			SETEX k x v
			SETEX k 10
			PSETEX k 100000 v
			PTTL k
			PSETEX k 0 v
			PSETEX k 9223372036854775807 v
			SETEX k 9223372036854775807 v
			GETSET k new
			TTL k
			GETSET none new
			GET none
			GETDEL k
			GETDEL k
			GETDEL
		`,
		"getex": `
			SET k v
			GETEX k
			TTL k
			GETEX k EX 100
			TTL k
			GETEX k PERSIST
			TTL k
			GETEX k PERSIST
			GETEX k PXAT 9999999999999
			PEXPIRETIME k
			GETEX k EX 0
			GETEX k EX 10 PX 10
			GETEX k EX 10 PERSIST
			GETEX k PERSIST EX 10
			GETEX k EX
			GETEX k NX
			GETEX k KEEPTTL
			GETEX none EX 10
			GETEX none EX 0
			GETEX k EXAT 1
			EXISTS k
		`,
		"mget mset": `
			MSET a 1 b 2 c 3
			MGET a b none c
			MGET
			MSET a
			MSET a 1 b
			MSET a 1 a 2
			GET a
			RPUSH l x
			MGET a l b
			MSETNX x 1 y 2
			MSETNX x 1 z 2
			MSETNX x
			MSETNX p 1 p 2
			EXISTS z p
			MSET l str
			TYPE l
			SET e v EX 100
			MSET e w
			TTL e
		`,
		"append ranges": `
			APPEND k hello
			APPEND k " world"
			GET k
			OBJECT ENCODING k
			STRLEN k
			STRLEN none
			GETRANGE k 0 -1
			GETRANGE k 0 4
			GETRANGE k -5 -1
			GETRANGE k -1 -5
			GETRANGE k 5 1
			GETRANGE k 0 100
			GETRANGE k -100 2
			GETRANGE k 100 200
			GETRANGE k -100 -50
			GETRANGE none 0 -1
			GETRANGE k a b
			GETRANGE k 0 9223372036854775807
			GETRANGE k -9223372036854775808 -1
			SUBSTR k 0 2
			SETRANGE k 6 redis
			GET k
			SETRANGE k -1 x
			SETRANGE k a x
			SETRANGE none 3 abc
			GET none
			SETRANGE empty 5 ""
			EXISTS empty
			SETRANGE k 3 ""
			SETRANGE k 536870912 x
			SETRANGE k 536870911 ab
			SETRANGE k 9223372036854775807 x
			APPEND empty ""
			EXISTS empty
			SET n 10
			APPEND n 5
			INCR n
			OBJECT ENCODING n
		`,
		"incr": `
			INCR n
			INCRBY n 10
			DECR n
			DECRBY n 3
			GET n
			INCRBY n -100
			INCRBY n abc
			INCRBY n 1.5
			INCRBY n ""
			INCRBY n 9223372036854775808
			DECRBY n -9223372036854775808
			DECRBY n abc
			SET n 9223372036854775807
			INCR n
			DECRBY n -1
			INCRBY n 0
			SET n -9223372036854775808
			DECR n
			INCRBY n -1
			SET s abc
			INCR s
			SET s " 1"
			INCR s
			SET s 01
			INCR s
			SET s -0
			INCR s
			SET s +1
			INCR s
			SET s 1.0
			INCR s
			SET s ""
			INCR s
			SET t 1 EX 1000
			INCR t
			TTL t
		`,
		"incrbyfloat": `
			INCRBYFLOAT f 0.1
			INCRBYFLOAT f 0.2
			GET f
			INCRBYFLOAT f -0.3
			SET f 10.50
			INCRBYFLOAT f 0.1
			INCRBYFLOAT f 5.0e3
			INCRBYFLOAT f -5e-1
			INCRBYFLOAT f abc
			INCRBYFLOAT f ""
			INCRBYFLOAT f " 1"
			INCRBYFLOAT f 1 2
			INCRBYFLOAT f inf
			INCRBYFLOAT f -inf
			INCRBYFLOAT f nan
			SET f 3.0
			INCRBYFLOAT f 0
			SET f 1e400
			INCRBYFLOAT f 1
			SET f 0x10
			INCRBYFLOAT f 1
			SET f 3
			INCRBYFLOAT f 1.00000000000000000001
			INCRBYFLOAT f 123456789012345678
			INCRBYFLOAT f 0.00000000000000001
			INCRBYFLOAT f 1_0
			INCRBYFLOAT f 1e20
			SET f -1e-30012
			INCRBYFLOAT f 1
			SET f 1e-4940
			INCRBYFLOAT f 1
			SET f 0e-99999
			INCRBYFLOAT f 1
			SET f -0.1
			INCRBYFLOAT f 0.1
			SET f -1
			INCRBYFLOAT f 1
			SET f abc
			INCRBYFLOAT f 1
			SET f "1 "
			INCRBYFLOAT f 1
			SET f 100 EX 1000
			INCRBYFLOAT f 0.5
			TTL f
			OBJECT ENCODING f
		`,
		"lcs": `
			MSET a ohmytext b mynewtext c "" d xyz
			LCS a b
			LCS a b LEN
			LCS a b IDX
			LCS a b IDX MINMATCHLEN 4
			LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
			LCS a b IDX MINMATCHLEN -4 WITHMATCHLEN
			LCS a b IDX LEN
			LCS a b MINMATCHLEN
			LCS a b MINMATCHLEN x
			LCS a b FOO
			LCS a c
			LCS a none IDX
			LCS none none LEN
			LCS a d IDX WITHMATCHLEN
			LCS a a IDX
			RPUSH l x
			LCS a l
			LCS l l
			LCS a
		`,
		"encodings": `
			SET s 123
			OBJECT ENCODING s
			SET s abc
			OBJECT ENCODING s
			SET s 12345678901234567890
			OBJECT ENCODING s
			SET s "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			OBJECT ENCODING s
			SET s "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			OBJECT ENCODING s
			SET s 0123
			OBJECT ENCODING s
			SET s ""
			OBJECT ENCODING s
			SETRANGE s 0 12
			OBJECT ENCODING s
			SET s 5
			OBJECT REFCOUNT s
			OBJECT FREQ s
			OBJECT IDLETIME s
			OBJECT ENCODING none
			OBJECT REFCOUNT none
			OBJECT FOO s
			OBJECT
			OBJECT ENCODING
		`,
	})
}

func genString(r *rand.Rand) []string {
	k := key(r)
	switch r.IntN(22) {
	case 0:
		return cmdline("GET", k)
	case 1, 2, 3:
		return cmdline("SET", k, value(r), maybe(r, 5, pick(r, "NX", "XX")), maybe(r, 5, "GET"), maybe(r, 6, lifetimeOption(r)...), maybe(r, 10, "KEEPTTL"))
	case 4:
		return cmdline("SETNX", k, value(r))
	case 5:
		return cmdline(pick(r, "SETEX", "PSETEX"), k, pick(r, "100000", "200000", "0", "-1", "abc"), value(r))
	case 6:
		return cmdline("GETSET", k, value(r))
	case 7:
		return cmdline("GETDEL", k)
	case 8:
		return cmdline("GETEX", k, maybe(r, 2, lifetimeOption(r)...), maybe(r, 4, "PERSIST"))
	case 9:
		return cmdline("MGET", some(r, 4, key))
	case 10:
		return cmdline(pick(r, "MSET", "MSETNX"), k, value(r), maybe(r, 2, key(r), value(r)), maybe(r, 20, "odd"))
	case 11, 12:
		return cmdline("APPEND", k, value(r))
	case 13:
		return cmdline("STRLEN", k)
	case 14:
		return cmdline(pick(r, "GETRANGE", "SUBSTR"), k, number(r), number(r))
	case 15:
		return cmdline("SETRANGE", k, strconv.Itoa(r.IntN(40)-1), value(r))
	case 16, 17:
		return cmdline(pick(r, "INCR", "DECR"), k)
	case 18:
		return cmdline(pick(r, "INCRBY", "DECRBY"), k, number(r))
	case 19, 20:
		return cmdline("INCRBYFLOAT", k, float(r))
	}
	return cmdline("LCS", k, key(r), maybe(r, 3, "LEN"), maybe(r, 3, "IDX"), maybe(r, 3, "MINMATCHLEN", number(r)), maybe(r, 3, "WITHMATCHLEN"))
}

// lifetimeOption never ends near now: both sides must see the same.
func lifetimeOption(r *rand.Rand) []string {
	switch r.IntN(6) {
	case 0:
		return []string{"EX", pick(r, "100000", "200000", "0", "-5", "x")}
	case 1:
		return []string{"PX", pick(r, "100000000", "200000000", "0", "9223372036854775807")}
	case 2:
		return []string{"EXAT", pick(r, "9999999999", "9999999998", "1", "-1")}
	}
	return []string{"PXAT", pick(r, "9999999999999", "9999999999998", "1000", "0")}
}
