package engine

import (
	"math/rand/v2"
	"testing"
)

func TestListCases(t *testing.T) {
	testCases(t, map[string]string{
		"push pop": `
			LPUSH
			LPUSH l
			LPUSH l a b c
			RPUSH l d "\x00\r\n" ""
			LRANGE l 0 -1
			LPUSHX l z
			RPUSHX l y
			LPUSHX none z
			RPUSHX none z
			LPUSHX l
			LLEN l
			LLEN none
			LLEN
			LPOP l
			RPOP l
			LPOP l 2
			RPOP l 2
			LPOP l 0
			RPOP l 100
			EXISTS l
			LPOP l
			LPOP l 1
			LPOP l 0
			RPOP l 0
			LPOP l -1
			LPOP l abc
			LPOP l 1 2
			LPOP
			SET s v
			LPUSH s a
			LPUSHX s a
			LPOP s
			LPOP s 1
			LLEN s
			LRANGE s 0 -1
			LRANGE s a b
			OBJECT ENCODING s
			RPUSH l a
			OBJECT ENCODING l
			TYPE l
		`,
		"range index set": `
			RPUSH l a b c d e
			LRANGE l 0 2
			LRANGE l -3 -1
			LRANGE l 2 1
			LRANGE l -100 100
			LRANGE l 5 10
			LRANGE l 0 -6
			LRANGE l x 1
			LRANGE l 0
			LRANGE none 0 -1
			LINDEX l 0
			LINDEX l -1
			LINDEX l 5
			LINDEX l -6
			LINDEX l abc
			LINDEX none abc
			LINDEX none 0
			LSET l 0 x
			LSET l -1 y
			LSET l 5 z
			LSET l -6 z
			LSET l abc z
			LSET none 0 z
			LSET l 0
			LRANGE l 0 -1
			LINSERT l BEFORE c q
			LINSERT l AFTER c r
			LINSERT l after nosuch r
			LINSERT l FOO c r
			LINSERT none BEFORE a b
			LINSERT l BEFORE x first
			LINSERT l AFTER y last
			LINSERT l BEFORE x
			LRANGE l 0 -1
			LTRIM l 1 -2
			LRANGE l 0 -1
			LTRIM l 0 2
			LTRIM l -2 100
			LRANGE l 0 -1
			LTRIM l a b
			LTRIM none 0 1
			LTRIM l 5 10
			EXISTS l
			SET s v
			LSET s 0 x
			LINSERT s BEFORE a b
			LTRIM s 0 1
			LINDEX s 0
			LREM s 0 a
			LPOS s a
		`,
		"rem pos": `
			RPUSH l a b a c a d a
			LREM l 2 a
			LRANGE l 0 -1
			RPUSH l a a
			LREM l -2 a
			LRANGE l 0 -1
			LREM l 0 nosuch
			LREM l x a
			LREM none 0 a
			LREM l 0 a
			LREM l -9223372036854775808 b
			LREM l 0 c
			LREM l 0 d
			EXISTS l
			RPUSH p a b c 1 2 3 c c
			LPOS p c
			LPOS p c RANK 2
			LPOS p c RANK -1
			LPOS p c RANK 4
			LPOS p c RANK 0
			LPOS p c RANK abc
			LPOS p c COUNT 0
			LPOS p c COUNT 2
			LPOS p c COUNT 2 RANK -1
			LPOS p c COUNT 2 RANK -9223372036854775808
			LPOS p c COUNT -1
			LPOS p c MAXLEN 2
			LPOS p c MAXLEN 3
			LPOS p c COUNT 0 MAXLEN 7
			LPOS p c COUNT 0 MAXLEN 1 RANK -1
			LPOS p c MAXLEN -1
			LPOS p c FOO 1
			LPOS p c RANK
			LPOS p nosuch
			LPOS p nosuch COUNT 1
			LPOS none c
			LPOS none c COUNT 1
			LPOS p
		`,
		"move": `
			RPUSH a 1 2 3
			RPOPLPUSH a b
			LMOVE a b LEFT RIGHT
			LMOVE a a LEFT RIGHT
			LMOVE a b RIGHT LEFT
			EXISTS a
			LRANGE b 0 -1
			LMOVE b b LEFT RIGHT
			LMOVE b b RIGHT RIGHT
			LRANGE b 0 -1
			LMOVE a b LEFT LEFT
			RPOPLPUSH a b
			LMOVE a b FOO LEFT
			LMOVE a b LEFT FOO
			LMOVE a b LEFT
			SET s v
			LMOVE s b LEFT LEFT
			LMOVE b s LEFT LEFT
			LMOVE none s LEFT LEFT
			LRANGE b 0 -1
			LMPOP 1 b LEFT
			LMPOP 2 none b RIGHT COUNT 10
			LMPOP 2 none b RIGHT
			LMPOP 0 b LEFT
			LMPOP -1 b LEFT
			LMPOP x b LEFT
			LMPOP 2 b LEFT
			LMPOP 1 b FOO
			LMPOP 1 b LEFT COUNT 0
			LMPOP 1 b LEFT COUNT x
			LMPOP 1 b LEFT COUNT
			LMPOP 1 b LEFT COUNT 1 COUNT 1
			LMPOP 1 b LEFT FOO 1
			LMPOP 1 s LEFT
			LMPOP 9223372036854775807 s LEFT
			LMPOP
			COMMAND GETKEYS LMPOP 2 a b LEFT
			COMMAND GETKEYS BLPOP a b 0
		`,
		"blocking": `
			RPUSH l a b c d e f
			BLPOP l 0
			BRPOP none l 0
			BLMOVE l m LEFT RIGHT 0
			BRPOPLPUSH l m 0
			BLMPOP 0 1 l LEFT
			BLMPOP 0 1 m LEFT COUNT 5
			BLPOP none 0.01
			BRPOP none 0.01
			BLMOVE none m LEFT RIGHT 0.01
			BRPOPLPUSH none m 0.01
			BLMPOP 0.01 1 none LEFT
			BLPOP l -1
			BLPOP l abc
			BLPOP l
			BLMOVE l m FOO LEFT 0
			BLMOVE l m LEFT FOO 0
			BLMOVE l m LEFT LEFT x
			BRPOPLPUSH l m -1
			BLMPOP x 1 l LEFT
			BLMPOP 0 0 l LEFT
			BLMPOP 0 1 l FOO
			SET s v
			BLPOP s 0
			BLPOP none s 0
			BLMOVE s m LEFT LEFT 0
			BLMOVE l s LEFT LEFT 0
			BLMPOP 0 1 s LEFT
			DEL l
			MULTI
			BLPOP l 0
			BRPOP l 0
			BLMOVE l m LEFT LEFT 0
			BRPOPLPUSH l m 0
			BLMPOP 0 1 l LEFT
			RPUSH l x
			BLPOP l 0
			EXEC
		`,
	})
}

func genList(r *rand.Rand) []string {
	k := key(r)
	end := pick(r, "L", "R")
	word := func() string { return pick(r, "LEFT", "RIGHT", "LEFT", "RIGHT", "left", "FOO") }
	switch r.IntN(20) {
	case 0, 1, 2, 3:
		return cmdline(end+"PUSH", k, some(r, 4, value))
	case 4:
		return cmdline(end+"PUSHX", k, some(r, 2, value))
	case 5, 6:
		return cmdline(end+"POP", k, maybe(r, 2, number(r)))
	case 7:
		return cmdline("LLEN", k)
	case 8:
		return cmdline("LRANGE", k, number(r), number(r))
	case 9:
		return cmdline("LINDEX", k, number(r))
	case 10:
		return cmdline("LSET", k, number(r), value(r))
	case 11:
		return cmdline("LINSERT", k, pick(r, "BEFORE", "AFTER"), value(r), value(r))
	case 12:
		return cmdline("LREM", k, number(r), value(r))
	case 13:
		return cmdline("LTRIM", k, number(r), number(r))
	case 14:
		return cmdline("LPOS", k, value(r), maybe(r, 2, "RANK", number(r)), maybe(r, 2, "COUNT", number(r)), maybe(r, 3, "MAXLEN", number(r)))
	case 15:
		return cmdline("LMOVE", k, key(r), word(), word())
	case 16:
		return cmdline("RPOPLPUSH", k, key(r))
	case 17:
		return cmdline("LMPOP", "2", k, key(r), word(), maybe(r, 2, "COUNT", number(r)))
	case 18:
		return cmdline("B"+end+"POP", k, key(r), "0.001")
	}
	return cmdline("BLMOVE", k, key(r), word(), word(), "0.001")
}
