package engine

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestBitmapCases(t *testing.T) {
	testCases(t, map[string]string{
		"bits": `
			SETBIT b 7 1
			GET b
			SETBIT b 7 1
			SETBIT b 7 0
			SETBIT b 100 0
			STRLEN b
			SETBIT b 0 1
			GETBIT b 0
			GETBIT b 1
			GETBIT b 1000000
			GETBIT none 5
			GETBIT b -1
			GETBIT b x
			GETBIT b
			GETBIT b #1
			SETBIT b -1 1
			SETBIT b x 1
			SETBIT b 1 2
			SETBIT b 1 -1
			SETBIT b 1 x
			SETBIT b 1
			SETBIT b 4294967296 1
			SETBIT b 9223372036854775807 1
			GETBIT b 4294967295
			SETBIT n 0 0
			STRLEN n
			SET i 12
			SETBIT i 7 1
			GET i
			OBJECT ENCODING i
			SET j 12
			SETBIT j 7 0
			OBJECT ENCODING j
			GETBIT j 2
			BITCOUNT j
			RPUSH l 1
			SETBIT l 0 1
			GETBIT l 0
			BITCOUNT l
			BITPOS l 1
			BITOP AND d l
			BITOP AND d none l
			BITFIELD l GET u8 0
			BITFIELD l SET u8 0 1
			BITFIELD_RO l GET u8 0
			BITOP NOT l b
			TYPE l
			APPEND b xyz
			INCR i
			SET t x EX 1000
			SETBIT t 1 1
			TTL t
			COMMAND GETKEYS BITOP AND d a b
		`,
		"count": `
			SET k foobar
			BITCOUNT k
			BITCOUNT k 0 0
			BITCOUNT k 1 1
			BITCOUNT k 0 -1
			BITCOUNT k -2 -1
			BITCOUNT k -1 -2
			BITCOUNT k -100 -50
			BITCOUNT k 100 200
			BITCOUNT k 3 1
			BITCOUNT k 5 30 BIT
			BITCOUNT k 5 30 BYTE
			BITCOUNT k -30 -5 bit
			BITCOUNT k 0 0 BIT
			BITCOUNT k 1 1 BIT
			BITCOUNT k 7 8 BIT
			BITCOUNT k 8 7 BIT
			BITCOUNT k 0 -9223372036854775808
			BITCOUNT k 9223372036854775807 9223372036854775807 BIT
			BITCOUNT k 0 1 FOO
			BITCOUNT k 0
			BITCOUNT k 0 x
			BITCOUNT k x 0
			BITCOUNT k 0 1 BIT 2
			BITCOUNT k -1 -2 FOO
			BITCOUNT none
			BITCOUNT none 0
			BITCOUNT none x y FOO
			BITCOUNT
			SET e ""
			BITCOUNT e
			BITCOUNT e 0 -1
			BITCOUNT e 0 -1 BIT
		`,
		"pos": `
			SET k "\xff\xf0\x00"
			BITPOS k 0
			BITPOS k 1
			BITPOS k 1 2
			BITPOS k 0 0 0
			BITPOS k 0 0 -1
			BITPOS k 1 1
			BITPOS k 1 -1
			BITPOS k 0 -1
			BITPOS k 0 2 1
			BITPOS k 1 7 15 BIT
			BITPOS k 0 7 15 BIT
			BITPOS k 0 0 11 BIT
			BITPOS k 0 0 12 BIT
			BITPOS k 1 12 -1 BIT
			BITPOS k 1 3 3 BIT
			BITPOS k 0 -8 -1 BIT
			BITPOS k 0 100 200 BIT
			BITPOS k 0 5 2 BIT
			BITPOS k 0 0 2 BYTE
			BITPOS k 2
			BITPOS k x
			BITPOS k 0 x
			BITPOS k 0 0 x
			BITPOS k 0 0 1 FOO
			BITPOS k 0 x 1 FOO
			BITPOS k 0 0 x FOO
			BITPOS k 0 0 1 BIT x
			BITPOS k
			BITPOS none 0
			BITPOS none 1
			BITPOS none 0 x
			BITPOS none 2
			SET a "\xff\xff\xff"
			BITPOS a 0
			BITPOS a 0 0
			BITPOS a 0 1
			BITPOS a 0 3
			BITPOS a 0 0 -1
			BITPOS a 0 5 7
			BITPOS a 0 0 5 BIT
			SET z "\x00\x00"
			BITPOS z 1
			BITPOS z 1 0 -1
			SET e ""
			BITPOS e 0
			BITPOS e 1
			BITPOS e 0 0
			BITPOS e 0 0 -1
			BITPOS e 0 0 -1 BIT
			SET long "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
			BITPOS long 1
			BITPOS long 1 3
			BITPOS long 1 5 -1 BIT
			BITPOS long 1 -1
		`,
		"op": `
			SET a "\xf0\x0f\xff abcdefghijk"
			SET b "\x0f\xff"
			SET c ""
			BITOP AND d a b
			GET d
			OBJECT ENCODING d
			BITOP OR d a b
			GET d
			BITOP XOR d a b
			GET d
			BITOP NOT d a
			GET d
			BITOP and d a none
			GET d
			BITOP OR d a a a
			GET d
			BITOP XOR d a a
			GET d
			BITOP OR d a
			GET d
			EXPIRE d 100
			BITOP AND d b none a
			TTL d
			BITOP OR d c none
			EXISTS d
			BITOP OR d c none
			BITOP NOT d none
			BITOP NOT d a b
			BITOP NOT d
			BITOP FOO d a
			BITOP AND d
			BITOP
			BITOP XOR a a b
			GET a
			SET n 123
			BITOP OR n n
			OBJECT ENCODING n
		`,
		"field": `
			BITFIELD f
			EXISTS f
			BITFIELD f GET u8 0
			EXISTS f
			BITFIELD f SET u8 0 255
			BITFIELD f GET u8 0 GET i8 0 GET u4 4 GET i4 #1 GET u16 0
			BITFIELD f INCRBY u8 0 1
			BITFIELD f SET i8 #1 -1 INCRBY i8 #1 1 GET i8 #1
			BITFIELD f SET u8 0 256
			BITFIELD f SET u8 0 -1
			BITFIELD f SET i8 0 128
			BITFIELD f SET i8 0 -129
			BITFIELD f SET i64 0 9223372036854775807
			BITFIELD f INCRBY i64 0 1
			BITFIELD f INCRBY i64 0 -1
			BITFIELD f INCRBY i64 0 -9223372036854775808
			BITFIELD f OVERFLOW SAT INCRBY i64 0 9223372036854775807 INCRBY i64 0 9223372036854775807
			BITFIELD f OVERFLOW SAT SET i64 0 -1 INCRBY i64 0 -9223372036854775808 INCRBY i64 0 -9223372036854775808
			BITFIELD f SET u63 1 9223372036854775807 INCRBY u63 1 1
			BITFIELD f OVERFLOW SAT INCRBY u63 1 9223372036854775807 INCRBY u63 1 9223372036854775807
			BITFIELD f OVERFLOW SAT INCRBY u8 0 300 INCRBY u8 0 -1000 SET u8 0 300 SET u8 0 -5 GET u8 0
			BITFIELD f OVERFLOW SAT INCRBY i8 0 300 INCRBY i8 0 -1000 SET i8 0 300 GET i8 0 SET i8 0 -500 GET i8 0
			BITFIELD f OVERFLOW FAIL INCRBY u8 0 300 SET u8 0 300 SET u8 0 7 GET u8 0
			BITFIELD f OVERFLOW wrap INCRBY u8 0 300 OVERFLOW fail INCRBY u8 0 300
			BITFIELD f SET u1 0 1 SET i1 1 1 GET i1 1 SET i1 2 -1 INCRBY u1 0 1
			BITFIELD f OVERFLOW SAT INCRBY i1 0 1 INCRBY i1 0 -1 INCRBY i1 0 -1
			BITFIELD f SET u5 123 7 GET u5 123
			STRLEN f
			GET f
			BITFIELD x OVERFLOW FAIL SET u8 0 300
			EXISTS x
			GET x
			BITFIELD f OVERFLOW SAT SET i52 0 -9223372036854775808 SET i8 60 -9223372036854775808 SET i63 80 -9223372036854775807
			BITFIELD f OVERFLOW SAT SET u52 0 -9223372036854775808 SET i64 80 -9223372036854775808 SET i8 60 9223372036854775807
			GET f
			BITFIELD f GET u64 0
			BITFIELD f GET i65 0
			BITFIELD f GET u0 0
			BITFIELD f GET i0 0
			BITFIELD f GET x8 0
			BITFIELD f GET u 0
			BITFIELD f GET "" 0
			BITFIELD f GET ui8 0
			BITFIELD f GET u8 -1
			BITFIELD f GET u8 #-1
			BITFIELD f GET u8 #
			BITFIELD f GET u8 x
			BITFIELD f GET u8 4294967296
			BITFIELD f GET u8 #536870911
			BITFIELD f GET u8 #536870912
			BITFIELD f GET u8
			BITFIELD f SET u8 0
			BITFIELD f SET u8 0 x
			BITFIELD f INCRBY u8 0
			BITFIELD f INCRBY u8 0 1.5
			BITFIELD f OVERFLOW
			BITFIELD f OVERFLOW FOO
			BITFIELD f FOO u8 0
			BITFIELD f GET u8 0 FOO
			BITFIELD
			BITFIELD_RO f GET u8 0 GET i5 3
			BITFIELD_RO f SET u8 0 1
			BITFIELD_RO f OVERFLOW SAT GET u8 0
			BITFIELD_RO f
			BITFIELD_RO none GET u8 0
			BITFIELD_RO
			SET n 10
			BITFIELD n GET u8 0
			OBJECT ENCODING n
			BITFIELD n INCRBY u8 0 0
			OBJECT ENCODING n
			GET n
		`,
	})
}

func TestBitmapEvents(t *testing.T) {
	testEvents(t, `
		SETBIT w 5 0
		SETBIT w 5 0
		SETBIT w 5 1
		SETBIT w 5 1
		SETBIT w 50 0
		GETBIT none 1
		GETBIT w 1
		BITCOUNT none
		BITPOS none 1
		BITFIELD w GET u8 0
		BITFIELD none GET u8 0
		BITFIELD w SET u8 0 5
		BITFIELD w SET u8 0 5
		BITFIELD w SET u8 100 0
		BITFIELD w INCRBY u8 0 0
		BITFIELD w INCRBY u8 0 3 SET u8 0 1
		BITFIELD w OVERFLOW FAIL SET u8 0 300
		BITFIELD w OVERFLOW FAIL SET u8 1000 300
		BITFIELD new OVERFLOW FAIL SET u8 10 300
		BITFIELD newer SET u8 10 0
		BITOP AND w w none
		BITOP OR w none none2
		BITOP OR w none none2
		BITOP NOT w new
	`)
}

func genBitmap(r *rand.Rand) []string {
	k := key(r)
	offset := func() string { return strconv.Itoa(r.IntN(120)) }
	index := func() string { return pick(r, number(r), strconv.Itoa(r.IntN(100)-50)) }
	unit := func() []string { return maybe(r, 2, pick(r, "BIT", "BYTE", "BIT", "BYTE", "FOO")) }
	typ := func() string { return pick(r, "i", "u") + strconv.Itoa(r.IntN(66)) }
	switch r.IntN(16) {
	case 0, 1, 2:
		return cmdline("SETBIT", k, offset(), pick(r, "0", "1", "1", "1", "2"))
	case 3:
		return cmdline("GETBIT", k, offset())
	case 4, 5:
		return cmdline("BITCOUNT", k, maybe(r, 2, index(), index()), unit())
	case 6, 7:
		return cmdline("BITPOS", k, pick(r, "0", "1", "0", "1", "2"), index(), maybe(r, 2, index()), unit())
	case 8:
		return cmdline("BITPOS", k, pick(r, "0", "1"))
	case 9, 10:
		return cmdline("BITOP", pick(r, "AND", "OR", "XOR"), k, some(r, 3, key))
	case 11:
		return cmdline("BITOP", "NOT", k, key(r))
	case 12:
		return cmdline(pick(r, "BITFIELD", "BITFIELD_RO"), k, "GET", typ(), offset(), maybe(r, 2, "GET", typ(), "#"+strconv.Itoa(r.IntN(5))))
	}
	at := pick(r, offset(), "#"+strconv.Itoa(r.IntN(5)))
	return cmdline("BITFIELD", k, maybe(r, 2, "OVERFLOW", pick(r, "WRAP", "SAT", "FAIL")), pick(r, "SET", "INCRBY"), typ(), at, pick(r, number(r), strconv.Itoa(r.IntN(600)-300)),
		maybe(r, 3, "OVERFLOW", pick(r, "WRAP", "SAT", "FAIL")), maybe(r, 2, "INCRBY", typ(), offset(), strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)), maybe(r, 3, "GET", typ(), at))
}
