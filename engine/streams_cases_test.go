package engine

import (
	"strconv"
	"strings"
	"testing"
)

// normalStream makes replies about streams comparable: what counts from now differs by a moment, and the nodes of
// Redis's radix tree are its own.
func normalStream(args []string, r reply) reply {
	switch name := strings.ToLower(args[0]); name {
	case "xpending":
		for i := range r.parts {
			if p := r.parts[i].parts; len(p) == 4 {
				p[2] = roughly(p[2], 50_000_000)
			}
		}
	case "xinfo":
		r = normalInfo(r)
	}
	return r
}

// roughly tells numbers below a bound from those above.
func roughly(r reply, bound int64) reply {
	n, err := strconv.ParseInt(r.text, 10, 64)
	if err != nil || r.kind != ':' {
		return r
	}
	r.text = "small"
	if n > bound {
		r.text = "large"
	}
	return r
}

func normalInfo(r reply) reply {
	for i := range r.parts {
		switch {
		case i > 0 && r.parts[i-1].text == "radix-tree-nodes":
			r.parts[i].text = "some"
		case i > 0 && r.parts[i-1].text == "idle":
			r.parts[i] = roughly(r.parts[i], 50_000_000)
		case r.parts[i].kind == ':' && len(r.parts[i].text) == 13 && r.parts[i].text[0] == '1':
			r.parts[i].text = "about now"
		case r.parts[i].parts != nil:
			r.parts[i] = normalInfo(r.parts[i])
		}
	}
	return r
}

func TestStreamCases(t *testing.T) {
	testCases(t, map[string]string{
		"xadd": `
			XADD
			XADD s
			XADD s 1-1 a
			XADD s 1-1 a b c
			XADD s 0-0 a b
			XADD s 0 a b
			XADD s - a b
			XADD s + a b
			XADD s abc a b
			XADD s 1-abc a b
			XADD s 1-1-1 a b
			XADD s -1 a b
			XADD s 1- a b
			XADD s "" a b
			XADD s (1-1 a b
			EXISTS s
			XADD s 1-1 a b
			XADD s 1-1 a b
			XADD s 1-0 a b
			XADD s 1-* a c
			XADD s 0-* a c
			XADD s 1-* "" ""
			XADD s 1-18446744073709551614 x y
			XADD s 1-* x y
			XADD s 1-* x y
			XADD s 2 x y
			XADD s 2-* x y z 1
			XADD s 007-0010 x y
			XADD s 7-+11 x y
			XADD s "8-\t12" x y
			XADD s "8\x00-12" x y
			XADD s "8-13\x00rest" x y
			XADD s 8--05 x y
			XADD s 99999999999999-1 "b\x00in" "\xff\r\n"
			XADD s * a b
			XADD s * a b
			XADD s "*\x00junk" a b
			XADD s 18446744073709551616-1 a b
			XADD s 18446744073709551615-18446744073709551614 a b
			XADD s * a b
			XADD s * a b
			XADD s 18446744073709551615-* a b
			XRANGE s - +
			XLEN s
			XLEN none
			XLEN
			XLEN s s
			TYPE s
			OBJECT ENCODING s
			SET k v
			XADD k * a b
			XADD k 1-1 a b
			XLEN k
			XADD z 0-* a b
			XADD z 18446744073709551615-* a b
			XADD none NOMKSTREAM * a b
			XADD none nomkstream 1-1 a b
			EXISTS none
			XADD s NOMKSTREAM 5-5 a b
			XADD long 1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111 a b
		`,
		"xadd trim": `
			XADD s MAXLEN
			XADD s MAXLEN 1
			XADD s MAXLEN abc 1-1 a b
			XADD s MAXLEN -1 1-1 a b
			XADD s MAXLEN = 1-1 a b
			XADD s MAXLEN ~ 1-1 a b
			XADD s MAXLEN 2 MINID 1 1-1 a b
			XADD s MINID 1 MAXLEN 2 1-1 a b
			XADD s MAXLEN 1 MAXLEN 1 1-1 a b
			XADD s MINID abc 1-1 a b
			XADD s LIMIT 1 1-1 a b
			XADD s LIMIT 0 1-1 a b
			XADD s MAXLEN 2 LIMIT 1 1-1 a b
			XADD s MAXLEN = 2 LIMIT 0 1-1 a b
			XADD s MAXLEN ~ 2 LIMIT -1 1-1 a b
			XADD s MAXLEN ~ 2 LIMIT x 1-1 a b
			XADD s MAXLEN ~ 2 LIMIT 5 1-2 a b
			XADD s MAXLEN 2 1-3 a b
			XADD s MAXLEN 2 NOMKSTREAM 1-4 a b
			XADD s MAXLEN = 2 1-5 a b
			XRANGE s - +
			XADD s MINID 1-5 1-6 a b
			XADD s MINID ~ 1-6 1-7 a b
			XADD s MINID = - 1-8 a b
			XRANGE s - +
			XADD s MINID + 1-9 a b
			XRANGE s - +
			XINFO STREAM s
			XADD s MAXLEN 0 1-10 a b
			XLEN s
			EXISTS s
			XINFO STREAM s
			XADD s 1-10 a b
			XADD s 1-11 a b
			XINFO STREAM s
		`,
		"xrange": `
			XADD s 1-1 a b
			XADD s 1-2 a c
			XADD s 2-1 d e f g
			XADD s 3-1 a x
			XRANGE s
			XRANGE s -
			XRANGE s - +
			XRANGE s + -
			XRANGE s 1 1
			XRANGE s 1-2 2
			XRANGE s 2 +
			XRANGE s (1-1 +
			XRANGE s (1 (3-1
			XRANGE s - (2-1
			XRANGE s ( +
			XRANGE s (- +
			XRANGE s - (+
			XRANGE s (18446744073709551615-18446744073709551615 +
			XRANGE s - (0-0
			XRANGE s - (0
			XRANGE s x +
			XRANGE s - x
			XRANGE s - + COUNT
			XRANGE s - + COUNT x
			XRANGE s - + COUNT 2
			XRANGE s - + COUNT 0
			XRANGE s - + COUNT -5
			XRANGE s - + COUNT 1 COUNT 3
			XRANGE s - + FOO 1
			XRANGE none - +
			XRANGE none - + COUNT 0
			XRANGE none x +
			XREVRANGE s + -
			XREVRANGE s - +
			XREVRANGE s + - COUNT 1
			XREVRANGE s (3-1 (1-1
			XREVRANGE s 1 1
			XREVRANGE s 2 -
			XREVRANGE none + -
			XREVRANGE s + - COUNT 0
			SET k v
			XRANGE k - +
			XREVRANGE k + -
		`,
		"xdel": `
			XDEL
			XDEL s
			XDEL s 1
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XDEL s x
			XDEL s 1-1 x
			XDEL s -
			XDEL s 1
			XDEL s 1-1 1-1 9-9
			XINFO STREAM s
			XDEL s 3-1
			XINFO STREAM s
			XRANGE s - +
			XREVRANGE s + -
			XDEL s 2-1
			XINFO STREAM s
			EXISTS s
			XLEN s
			XADD s 3-1 a b
			XADD s 4-1 a b
			XINFO STREAM s FULL
			SET k v
			XDEL k 1-1
			XDEL k x
		`,
		"xtrim": `
			XTRIM
			XTRIM s MAXLEN
			XTRIM s MAXLEN 1
			XTRIM s FOO 1
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XADD s 4-1 a b
			XTRIM s MAXLEN x
			XTRIM s MAXLEN -1
			XTRIM s LIMIT 1
			XTRIM s LIMIT 10 FOO
			XTRIM s LIMIT 0 LIMIT 0
			XTRIM s MAXLEN 3 LIMIT 1
			XTRIM s MAXLEN 3 LIMIT 0
			XTRIM s NOMKSTREAM MAXLEN 1
			XTRIM s * 1
			XTRIM s MAXLEN ~ 0 LIMIT 1
			XTRIM s MAXLEN 3
			XTRIM s MAXLEN 9
			XTRIM s MINID 3
			XINFO STREAM s
			XTRIM s MINID 3-1
			XTRIM s MINID x
			XTRIM s MAXLEN 1 MINID 3
			XTRIM s MAXLEN ~ 0
			XINFO STREAM s
			XTRIM s MAXLEN 0
			SET k v
			XTRIM k MAXLEN 0
			XTRIM k MAXLEN x
		`,
		"xsetid": `
			XSETID s
			XSETID s 1-1
			XADD s 5-5 a b
			XADD s 6-6 a b
			XSETID s 6-5
			XSETID s 6-6
			XSETID s x
			XSETID s -
			XSETID s $
			XSETID s 7
			XINFO STREAM s
			XSETID s 8-0 ENTRIESADDED
			XSETID s 8-0 ENTRIESADDED 1
			XSETID s 8-0 ENTRIESADDED -1
			XSETID s 8-0 ENTRIESADDED x
			XSETID s 8-0 MAXDELETEDID 9-0
			XSETID s 8-0 MAXDELETEDID x
			XSETID s 8-0 FOO 1
			XSETID s 8-0 ENTRIESADDED 10 MAXDELETEDID 4-4
			XINFO STREAM s
			XSETID s 4-3
			XSETID s 7-0 MAXDELETEDID 7-0 MAXDELETEDID 6-7
			XSETID s 6-6
			XINFO STREAM s
			XADD s * a b MAXLEN
			XSETID none 1-1
			SET k v
			XSETID k 1-1
			XTRIM s MAXLEN 0
			XSETID s 6-7 ENTRIESADDED 0
			XINFO STREAM s
			XSETID s 6-6
			XADD again 1-0 a b
			XADD again 9-0 a b
			XDEL again 9-0
			XSETID again 3-0
			XADD again 5-0 a b
			XADD again 9-0 c d
			XRANGE again 2 8
			XREVRANGE again 8 -
			XRANGE again 9-0 9-0
			XDEL again 5-0 9-0
			XRANGE again - +
			XGROUP CREATE again g 0
			XSETID again 30-0 ENTRIESADDED 9223372036854775807
			XADD again 31-0 a b
			XREADGROUP GROUP g c STREAMS again >
			XINFO GROUPS again
		`,
		"xread": `
			XREAD
			XREAD STREAMS s
			XREAD STREAMS s 0 1
			XREAD COUNT x STREAMS s 0
			XREAD COUNT 1 s 0
			XREAD BLOCK x STREAMS s 0
			XREAD BLOCK -1 STREAMS s 0
			XREAD BLOCK 1.5 STREAMS s 0
			XREAD FOO STREAMS s 0
			XREAD NOACK STREAMS s 0
			XREAD GROUP g c STREAMS s >
			XREAD STREAMS s >
			XREAD STREAMS s 0
			XREAD STREAMS s $
			XREAD STREAMS s -
			XREAD STREAMS s x
			XREAD STREAMS s t 0 0
			XREAD BLOCK 1 STREAMS s $
			XREAD BLOCK 1 STREAMS s t 0 0
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD t 3-1 c d
			XREAD STREAMS s t 0 0
			XREAD STREAMS s t 1-1 5
			XREAD STREAMS s t $ 0
			XREAD STREAMS s t $ $
			XREAD COUNT 1 STREAMS s t 0 0
			XREAD COUNT -1 STREAMS s 0
			XREAD COUNT 0 STREAMS s 0
			XREAD BLOCK 0 STREAMS s t 0 0
			XREAD BLOCK 0 COUNT 1 STREAMS s s 0 1
			XREAD STREAMS none s 0 0
			XREAD STREAMS s 18446744073709551615-18446744073709551615
			SET k v
			XREAD STREAMS s k 0 0
			XREAD BLOCK 1 STREAMS k 0
			XDEL s 2-1
			XREAD STREAMS s 1-1
			XREAD STREAMS s 1
			MULTI
			XREAD BLOCK 0 STREAMS none 0
			XREAD BLOCK 0 STREAMS s 0
			EXEC
			COMMAND GETKEYS XREAD COUNT 1 BLOCK 2 STREAMS a b 0 0
			COMMAND GETKEYS XREADGROUP GROUP streams streams NOACK STREAMS a b 0 0
			COMMAND GETKEYS XREAD STREAMS a b 0
			COMMAND GETKEYS XREAD FOO STREAMS a 0
			COMMAND GETKEYS XREAD streams a b c 0
			COMMAND GETKEYS XREAD COUNT 1 foo a b c 0
			COMMAND GETKEYS XREADGROUP GROUP g c a b streams
			COMMAND GETKEYS XREADGROUP GROUP g streams a b c
			COMMAND GETKEYS XREADGROUP STREAMS a b c d e f
			COMMAND GETKEYS XADD a * f v
			COMMAND GETKEYS XGROUP CREATE a g $
			COMMAND GETKEYS XINFO STREAM a
		`,
		"xgroup": `
			XGROUP
			XGROUP FOO
			XGROUP FOO s g
			XGROUP CREATE s g
			XGROUP CREATE s g $
			XGROUP CREATE s g $ FOO
			XGROUP CREATE s g $ MKSTREAM
			XGROUP CREATE s g $ MKSTREAM
			XGROUP CREATE s g 0
			XINFO STREAM s
			XINFO GROUPS s
			XGROUP CREATE s h x
			XGROUP CREATE s h -
			XGROUP CREATE s h 0 ENTRIESREAD
			XGROUP CREATE s h 0 ENTRIESREAD x
			XGROUP CREATE s h 0 ENTRIESREAD -2
			XGROUP CREATE s h 0 ENTRIESREAD -1
			XGROUP CREATE s i 5 ENTRIESREAD 7 MKSTREAM
			XGROUP CREATE s j 5 MKSTREAM MKSTREAM MKSTREAM MKSTREAM
			XGROUP CREATE s j 5 ENTRIESREAD 1 ENTRIESREAD 2
			XINFO GROUPS s
			XGROUP SETID s
			XGROUP SETID s none 0
			XGROUP SETID none g 0
			XGROUP SETID s g 5-5
			XGROUP SETID s g x
			XGROUP SETID s g -
			XGROUP SETID s g +
			XGROUP SETID s g $
			XGROUP SETID s g 0 ENTRIESREAD 5
			XGROUP SETID s g 0 ENTRIESREAD -5
			XGROUP SETID s g 0 MKSTREAM
			XGROUP SETID s g 0 FOO 1
			XGROUP SETID s g 0 ENTRIESREAD 1 ENTRIESREAD 2
			XINFO GROUPS s
			XGROUP CREATECONSUMER s g
			XGROUP CREATECONSUMER s none c
			XGROUP CREATECONSUMER none g c
			XGROUP CREATECONSUMER s g c
			XGROUP CREATECONSUMER s g c
			XGROUP CREATECONSUMER s g c d
			XINFO CONSUMERS s g
			XGROUP DELCONSUMER s g
			XGROUP DELCONSUMER s g d
			XGROUP DELCONSUMER s g c
			XGROUP DELCONSUMER s none c
			XINFO CONSUMERS s g
			XGROUP DESTROY s
			XGROUP DESTROY none g
			XGROUP DESTROY s none
			XGROUP DESTROY s h
			XGROUP DESTROY s h
			XGROUP DESTROY s "bin\x00ary"
			XGROUP SETID s "bin\x00ary" 0
			XGROUP CREATE s "bin\x00ary" 0
			XINFO GROUPS s
			SET k v
			XGROUP CREATE k g $
			XGROUP CREATE k g $ MKSTREAM
			XGROUP SETID k g $
			XGROUP DESTROY k g
			XGROUP CREATECONSUMER k g c
			XGROUP DELCONSUMER k g c
			XGROUP CREATE m g x MKSTREAM
			EXISTS m
		`,
		"xreadgroup": `
			XREADGROUP GROUP g c STREAMS s
			XREADGROUP GROUP g c STREAMS s >
			XREADGROUP COUNT 1 COUNT 1 STREAMS s >
			XREADGROUP GROUP g c STREAMS s t >
			XADD s 1-1 a b
			XADD s 2-1 a c
			XADD s 3-1 d e
			XREADGROUP GROUP g c STREAMS s >
			XGROUP CREATE s g 0
			XREADGROUP GROUP g c STREAMS s $
			XREADGROUP GROUP g c STREAMS s -
			XREADGROUP GROUP g c STREAMS s x
			XREADGROUP GROUP g c STREAMS s none > >
			XREADGROUP GROUP g c STREAMS s 0
			XINFO CONSUMERS s g
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP g c COUNT 1 STREAMS s 0
			XREADGROUP GROUP g d COUNT 5 STREAMS s >
			XREADGROUP GROUP g d STREAMS s >
			XREADGROUP GROUP g d BLOCK 1 STREAMS s >
			XREADGROUP GROUP g e BLOCK 1 STREAMS s >
			XINFO CONSUMERS s g
			XINFO GROUPS s
			XREADGROUP GROUP g d STREAMS s 2-1
			XREADGROUP GROUP g d COUNT 1 STREAMS s 0
			XREADGROUP GROUP g d STREAMS s 18446744073709551615-18446744073709551615
			XREADGROUP GROUP g d STREAMS s 18446744073709551615-18446744073709551614
			XDEL s 2-1
			XREADGROUP GROUP g d STREAMS s 0
			XPENDING s g - + 10
			XINFO STREAM s FULL
			XGROUP SETID s g 0
			XREADGROUP GROUP g f STREAMS s >
			XPENDING s g - + 10
			XINFO STREAM s FULL
			XGROUP CREATE s n 0
			XREADGROUP GROUP n c NOACK STREAMS s >
			XPENDING s n
			XREADGROUP GROUP n c STREAMS s 0
			XADD t 9-1 a b
			XGROUP CREATE t g $
			XADD t 9-2 a b
			XADD s 4-1 x y
			XREADGROUP GROUP g c STREAMS s t > >
			XREADGROUP GROUP g c STREAMS s t 0 0
			XREADGROUP GROUP g c STREAMS s t > 0
			XREADGROUP GROUP g c BLOCK 0 STREAMS s t > 0
			SET k v
			XREADGROUP GROUP g c STREAMS k >
			XREADGROUP GROUP g c STREAMS s k > >
			MULTI
			XREADGROUP GROUP g c BLOCK 0 STREAMS s >
			EXEC
		`,
		"xack": `
			XACK s g
			XACK s g 1-1
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XACK s g 1-1
			XACK s g x
			XGROUP CREATE s g 0
			XREADGROUP GROUP g c STREAMS s >
			XACK s g x
			XACK s g 1-1 x
			XACK s g 1-1
			XACK s g 1-1 2-1 2-1 9-9
			XACK s g 3
			XACK s g 3-1 3-1
			XPENDING s g
			XACK s none 1-1
			SET k v
			XACK k g 1-1
			XACK k g x
		`,
		"xpending": `
			XPENDING
			XPENDING s
			XPENDING s g
			XPENDING s g - +
			XPENDING s g - + 10
			XPENDING s g x + 10
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XPENDING s g
			XGROUP CREATE s g 0
			XPENDING s g
			XPENDING s g - + 10
			XREADGROUP GROUP g zeta COUNT 1 STREAMS s >
			XREADGROUP GROUP g alpha COUNT 1 STREAMS s >
			XREADGROUP GROUP g beta COUNT 1 STREAMS s >
			XGROUP CREATECONSUMER s g lazy
			XPENDING s g
			XPENDING s g - + 10
			XPENDING s g - + 0
			XPENDING s g - + -1
			XPENDING s g - + x
			XPENDING s g - + 2
			XPENDING s g 2 3 10
			XPENDING s g (1-1 (3-1 10
			XPENDING s g (18446744073709551615-18446744073709551615 + 10
			XPENDING s g - (0-0 10
			XPENDING s g x + 10
			XPENDING s g + - 10
			XPENDING s g - + 10 alpha
			XPENDING s g - + 10 none
			XPENDING s g - + 10 alpha beta
			XPENDING s g - + 10 alpha beta gamma
			XPENDING s g - + 10 alpha beta gamma delta
			XPENDING s g IDLE 0 - + 10
			XPENDING s g IDLE 60000000 - + 10
			XPENDING s g IDLE -5 - + 10 zeta
			XPENDING s g IDLE x - + 10
			XPENDING s g IDLE 0 - +
			XPENDING s g IDLE 0 -
			XCLAIM s g alpha 0 1-1 IDLE 100000000
			XPENDING s g IDLE 60000000 - + 10
			XPENDING s g IDLE 60000000 - + 1 alpha
			XPENDING s g IDLE 60000000 - + 1 beta
			XACK s g 1-1 2-1 3-1
			XPENDING s g
			SET k v
			XPENDING k g
			XPENDING k g - + 10
		`,
		"xclaim": `
			XCLAIM
			XCLAIM s g c 0
			XCLAIM s g c 0 1-1
			XCLAIM s g c x 1-1
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XADD s 4-1 a b
			XCLAIM s g c 0 1-1
			XGROUP CREATE s g 0
			XCLAIM s g c x 1-1
			XCLAIM s g c 0 x
			XCLAIM s g c 0 1-1 FOO
			XCLAIM s g c 0 1-1 IDLE
			XCLAIM s g c 0 1-1 IDLE x
			XCLAIM s g c 0 1-1 TIME x
			XCLAIM s g c 0 1-1 RETRYCOUNT x
			XCLAIM s g c 0 1-1 LASTID x
			XCLAIM s g c 0 1-1 FORCE 2-1
			XINFO CONSUMERS s g
			XCLAIM s g c 0 1-1
			XINFO CONSUMERS s g
			XCLAIM s g c 0 1-1 FORCE
			XPENDING s g - + 10
			XCLAIM s g c 0 9-9 FORCE
			XREADGROUP GROUP g c COUNT 3 STREAMS s >
			XPENDING s g - + 10
			XCLAIM s g d 50000000 1-1 2-1 3-1
			XCLAIM s g d -5 2-1
			XCLAIM s g d 0 1-1 2-1 JUSTID
			XCLAIM s g d 0 1-1 IDLE 100000000 RETRYCOUNT 7
			XPENDING s g - + 10
			XCLAIM s g e 60000000 1-1 2-1 JUSTID
			XPENDING s g - + 10
			XCLAIM s g e 0 1-1 TIME 1000
			XCLAIM s g e 0 2-1 TIME 99999999999999 RETRYCOUNT -3
			XCLAIM s g e 0 3-1 TIME -50
			XCLAIM s g e 0 3-1 IDLE -50
			XCLAIM s g e 0 3-1 RETRYCOUNT 0 justid force time 1000 lastid 3-1
			XPENDING s g - + 10
			XCLAIM s g e 0 LASTID 8-8
			XINFO GROUPS s
			XCLAIM s g e 0 LASTID 1-1
			XINFO STREAM s FULL
			XDEL s 2-1
			XCLAIM s g f 0 2-1
			XCLAIM s g f 0 2-1 1-1 1-1 JUSTID
			XPENDING s g - + 10
			XCLAIM none g c 0 1-1
			XCLAIM s none c 0 1-1
			SET k v
			XCLAIM k g c 0 1-1
			XCLAIM k g c x 1-1
		`,
		"xautoclaim": `
			DEBUG SET-ACTIVE-EXPIRE 0
			SET ended v PXAT 1000
			XAUTOCLAIM ended g c x 0
			DBSIZE
			SET ended v PXAT 1000
			XCLAIM ended g c x 0
			DBSIZE
			SET ended v PXAT 1000
			XPENDING ended g IDLE x - + 1
			DBSIZE
			XACK ended g x
			DBSIZE
			DEBUG SET-ACTIVE-EXPIRE 1
			FLUSHALL
			XAUTOCLAIM
			XAUTOCLAIM s g c 0
			XAUTOCLAIM s g c 0 0
			XAUTOCLAIM s g c x 0
			XAUTOCLAIM s g c 0 x
			XADD s 1-1 a b
			XADD s 2-1 a b
			XADD s 3-1 a b
			XADD s 4-1 a b
			XGROUP CREATE s g 0
			XAUTOCLAIM s g c 0 0
			XAUTOCLAIM s g c 0 0 COUNT
			XAUTOCLAIM s g c 0 0 COUNT 0
			XAUTOCLAIM s g c 0 0 COUNT x
			XAUTOCLAIM s g c 0 0 COUNT 9223372036854775807
			XAUTOCLAIM s g c 0 0 FOO
			XAUTOCLAIM s g c 0 (18446744073709551615-18446744073709551615
			XAUTOCLAIM s g c -1 -
			XAUTOCLAIM s g c 0 +
			XINFO CONSUMERS s g
			XREADGROUP GROUP g a STREAMS s >
			XAUTOCLAIM s g b 60000000 0
			XINFO CONSUMERS s g
			XAUTOCLAIM s g b 0 0 COUNT 1
			XAUTOCLAIM s g b 0 0 COUNT 2 JUSTID
			XPENDING s g - + 10
			XAUTOCLAIM s g c 0 (2-1 COUNT 1
			XDEL s 1-1 3-1
			XAUTOCLAIM s g d 0 0 COUNT 2
			XPENDING s g - + 10
			XAUTOCLAIM s g d 0 0 justid
			XPENDING s g - + 10
			XADD s 5-1 a b
			XADD s 6-1 a b
			XREADGROUP GROUP g a STREAMS s >
			XCLAIM s g a 0 4-1 IDLE 100000000
			XAUTOCLAIM s g e 60000000 0 COUNT 1
			XAUTOCLAIM s g e 60000000 4-1 COUNT 1
			XINFO STREAM s FULL
			XAUTOCLAIM none g c 0 0
			XAUTOCLAIM s none c 0 0
			SET k v
			XAUTOCLAIM k g c 0 0
			XAUTOCLAIM k g c x 0
		`,
		"xinfo": `
			XINFO
			XINFO FOO
			XINFO FOO s
			XINFO STREAM
			XINFO STREAM s
			XINFO GROUPS s
			XINFO CONSUMERS s g
			XINFO CONSUMERS s
			XINFO GROUPS s g
			XADD s 1-1 a b c d
			XADD s 2-1 a b
			XINFO STREAM s
			XINFO STREAM s FOO
			XINFO STREAM s FULL COUNT
			XINFO STREAM s FULL COUNT x
			XINFO STREAM s FULL FOO 1
			XINFO STREAM s FOO COUNT 1
			XINFO STREAM s FULL COUNT 1 2
			XINFO STREAM s full count 1
			XINFO STREAM s FULL COUNT -1
			XINFO STREAM s FULL COUNT 0
			XINFO GROUPS s
			XINFO CONSUMERS s g
			XGROUP CREATE s g 0
			XGROUP CREATE s a $
			XGROUP CREATE s b 1-1 ENTRIESREAD 1
			XINFO GROUPS s
			XREADGROUP GROUP g c2 COUNT 1 STREAMS s >
			XREADGROUP GROUP g c1 COUNT 1 STREAMS s >
			XINFO CONSUMERS s g
			XINFO STREAM s FULL
			XINFO STREAM s FULL COUNT 1
			SET k v
			XINFO STREAM k
			XINFO GROUPS k
			XINFO CONSUMERS k g
			COPY s copy
			XACK s g 1-1
			XGROUP DELCONSUMER s g c1
			XINFO STREAM copy FULL
			XINFO STREAM s FULL
		`,
		"lag": `
			XGROUP CREATE s g 0 MKSTREAM
			XINFO GROUPS s
			XADD s 1-0 a b
			XADD s 2-0 a b
			XADD s 3-0 a b
			XADD s 4-0 a b
			XADD s 5-0 a b
			XGROUP CREATE s h $
			XGROUP CREATE s i 1-0
			XGROUP CREATE s j 3-0
			XGROUP CREATE s k 9-0
			XINFO GROUPS s
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP i c COUNT 1 STREAMS s >
			XREADGROUP GROUP j c COUNT 1 STREAMS s >
			XREADGROUP GROUP k c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XDEL s 3-0
			XINFO GROUPS s
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP i c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP i c COUNT 1 STREAMS s >
			XREADGROUP GROUP j c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP i c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XADD s 6-0 a b
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XTRIM s MAXLEN 1
			XINFO GROUPS s
			XGROUP SETID s g 0 ENTRIESREAD 0
			XGROUP SETID s h 6-0 ENTRIESREAD 2
			XINFO GROUPS s
			XDEL s 6-0
			XINFO GROUPS s
			XINFO STREAM s
			XADD s 7-0 a b
			XADD s 8-0 a b
			XREADGROUP GROUP g c COUNT 1 STREAMS s >
			XREADGROUP GROUP h c COUNT 1 STREAMS s >
			XINFO GROUPS s
			XDEL s 7-0
			XINFO GROUPS s
			XSETID s 20-0 ENTRIESADDED 100 MAXDELETEDID 10-0
			XINFO GROUPS s
			XADD s 21-0 a b
			XREADGROUP GROUP g c STREAMS s >
			XREADGROUP GROUP h c STREAMS s >
			XINFO GROUPS s
		`,
		"other commands": `
			XADD s 1-1 a b
			GET s
			LPUSH s x
			SET s x NX
			SORT s
			GETSET s x
			DEBUG DIGEST-VALUE s
			EXPIRE s 1000
			XADD s 2-1 a b
			TTL s
			RENAME s t
			XRANGE t - +
			SCAN 0 TYPE stream
			COPY t u
			XADD u 3-1 a b
			XLEN t
			MOVE t 1
			OBJECT REFCOUNT u
			SET u plain
			XLEN u
		`,
		"blocks": blockLines(),
	})
}

// blockLines fills streams up to and over the bounds of blocks, and trims them block by block.
func blockLines() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	for _, c := range []struct{ name, bytes, entries, field, value string }{
		{"byEntries", "4096", "10", "f", "v"},
		{"byBytes", "200", "0", "f", "0123456789"},
		{"numbers", "150", "0", "100", "-123456"},
		{"long", "4096", "0", "f", strings.Repeat("x", 500)},
		{"default", "4096", "100", "field", "value"},
		{"tiny", "1", "100", "f", "v"},
	} {
		line("CONFIG SET stream-node-max-bytes", c.bytes, "stream-node-max-entries", c.entries)
		for i := range 230 {
			n := strconv.Itoa(i)
			switch {
			case i%7 == 3:
				line("XADD", c.name, strconv.Itoa(1000+i*i*40)+"-"+n, c.field, c.value, "more", n)
			case i%11 == 5:
				line("XADD", c.name, strconv.Itoa(1000+i*i*40)+"-"+n, "other", c.value+n)
			default:
				line("XADD", c.name, strconv.Itoa(1000+i*i*40)+"-"+n, c.field, c.value)
			}
			if i%13 == 6 {
				line("XDEL", c.name, strconv.Itoa(1000+(i-2)*(i-2)*40)+"-"+strconv.Itoa(i-2))
			}
			if i%20 == 0 {
				line("XINFO STREAM", c.name)
			}
		}
		line("XTRIM", c.name, "MAXLEN ~ 200")
		line("XTRIM", c.name, "MAXLEN ~ 100 LIMIT 30")
		line("XINFO STREAM", c.name)
		line("XTRIM", c.name, "MAXLEN 90")
		line("XTRIM", c.name, "MAXLEN 83")
		line("XREVRANGE", c.name, "+ - COUNT 60")
		line("XRANGE", c.name, "900000 1000000")
		line("XREVRANGE", c.name, "1000000 900000")
		line("XTRIM", c.name, "MINID ~ 1500000")
		line("XINFO STREAM", c.name)
		line("XTRIM", c.name, "MINID 1600000-0")
		line("XINFO STREAM", c.name)
		line("XRANGE", c.name, "- +")
		line("XADD", c.name, "MAXLEN ~ 5 9999999-* f v")
		line("XADD", c.name, "MINID ~ 9999999 LIMIT 0 99999999-* f v")
		line("XINFO STREAM", c.name)
	}
	line("CONFIG SET stream-node-max-bytes 4096 stream-node-max-entries 100")
	return b.String()
}
