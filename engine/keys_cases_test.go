package engine

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestKeyCases(t *testing.T) {
	testCases(t, map[string]string{
		"del exists type": `
			MSET a 1 b 2 c 3
			DEL
			DEL a b none a
			EXISTS a b c c none
			EXISTS
			UNLINK c none
			TYPE c
			SET s 1
			RPUSH l 1
			TYPE s
			TYPE l
			TYPE none
			TYPE
			TOUCH s l none
			TOUCH
			DBSIZE
			DBSIZE x
			RANDOMKEY
			FLUSHDB
			RANDOMKEY
			FLUSHDB ASYNC
			FLUSHDB SYNC
			FLUSHDB FOO
			FLUSHALL ASYNC SYNC
		`,
		"expire": `
			SET k v
			EXPIRE k 100
			TTL k
			EXPIRE k 200 NX
			EXPIRE k 200 XX
			EXPIRE k 100 GT
			EXPIRE k 300 GT
			EXPIRE k 400 LT
			EXPIRE k 200 LT
			EXPIRE k 200 NX XX
			EXPIRE k 200 NX GT
			EXPIRE k 200 GT LT
			EXPIRE k 250 XX GT
			EXPIRE k 200 FOO
			EXPIRE k
			EXPIRE k abc
			EXPIRE k 1.5
			EXPIRE k 9223372036854775807
			EXPIRE k -9223372036854775808
			EXPIRE k 9223372036854775
			PEXPIRE k 9223372036854775807
			PEXPIRE k 100000
			PERSIST k
			PERSIST k
			PERSIST none
			TTL k
			PTTL k
			EXPIRETIME k
			PEXPIRETIME k
			TTL none
			PTTL none
			EXPIRETIME none
			PEXPIRETIME none
			EXPIRE none 100
			EXPIRE none abc
			EXPIRE k 100 LT
			PERSIST k
			EXPIRE k 100 GT
			TTL k
			EXPIREAT k 9999999999
			EXPIRETIME k
			PEXPIREAT k 9999999999999
			PEXPIRETIME k
			EXPIRETIME k
			PEXPIREAT k 9999999999499
			EXPIRETIME k
			EXPIREAT k 9999999999 NX
			EXPIRE k 0
			EXISTS k
			SET k v
			EXPIRE k -1
			EXISTS k
			SET k v
			EXPIREAT k 1
			EXISTS k
			SET k v
			PEXPIREAT k 0
			EXISTS k
		`,
		"rename copy move": `
			SET a 1 EX 1000
			RENAME a b
			TTL b
			RENAME a b
			RENAME none none
			RENAME b b
			RENAMENX b b
			SET c 2
			RENAMENX b c
			RENAMENX b d
			RENAMENX none x
			GET d
			RENAME d c
			TTL c
			RENAME
			COPY c e
			TTL e
			COPY c e
			COPY c e REPLACE
			COPY c c
			COPY none x
			COPY c e FOO
			COPY c e DB
			COPY c e DB 99
			COPY c e DB -1
			COPY c e DB x
			COPY c e DB 1 REPLACE
			COPY c c DB 1
			RPUSH l 1 2 3
			COPY l m
			RPUSH m 4
			LRANGE l 0 -1
			LRANGE m 0 -1
			SELECT 1
			KEYS *
			TTL e
			SELECT 0
			MOVE c 1
			MOVE e 2
			EXISTS e
			MOVE none 1
			MOVE l 0
			MOVE l 99
			MOVE l x
			SELECT 2
			GET e
			TTL e
			SWAPDB 0 2
			GET e
			SWAPDB 0 99
			SWAPDB x 1
			SWAPDB 1 x
			SWAPDB 1
			KEYS *
			SELECT 0
			KEYS *
			SELECT 16
			SELECT -1
			SELECT abc
			SELECT
		`,
		"keys scan": `
			MSET one 1 two 2 three 3 four 4 h*llo 5 h?llo 6 "h[llo" 7
			KEYS *
			KEYS t*
			KEYS ?wo
			KEYS [ot]*
			KEYS [^ot]*
			KEYS [a-o]*
			KEYS [o-a]*
			KEYS "h\\*llo"
			KEYS "h\\?llo"
			KEYS "h[[]llo"
			KEYS "h[\\[]llo"
			KEYS "*o*"
			KEYS "**"
			KEYS ""
			KEYS "[abc"
			KEYS "one\\"
			KEYS
			SCAN 0 COUNT 1000
			SCAN 0 COUNT 1000 MATCH t*
			SCAN 0 MATCH t* COUNT 1000 TYPE string
			SCAN 0 COUNT 1000 TYPE list
			SCAN 0 COUNT 1000 TYPE nosuch
			SCAN abc
			SCAN 0 COUNT 0
			SCAN 0 COUNT abc
			SCAN 0 COUNT
			SCAN 0 FOO bar
			SCAN
			SCAN 0 TYPE
		`,
		"connection": `
			PING
			PING hello
			PING a b
			ECHO hello
			ECHO
			ECHO a b
			NOSUCHCOMMAND
			NOSUCHCOMMAND a b c
			"" x
			"a b" "c\r\nd"
			NOSUCH aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b
			SELECT 1
			CLIENT SETNAME me
			CLIENT GETNAME
			CLIENT SETNAME "a b"
			CLIENT SETNAME ""
			CLIENT GETNAME
			CLIENT NOSUCH
			CLIENT
			CLIENT ID x
			CLIENT KILL
			CLIENT KILL 1.2.3.4:5
			CLIENT KILL ID abc
			CLIENT KILL ID 0
			CLIENT KILL TYPE nosuch
			CLIENT KILL FOO bar
			CLIENT KILL ID 99999
			CLIENT KILL SKIPME maybe
			CLIENT KILL ADDR
			CLIENT KILL USER nobody
			CLIENT LIST FOO
			CLIENT LIST TYPE nosuch
			CLIENT LIST ID abc
			CLIENT LIST TYPE
			CLIENT PAUSE abc
			CLIENT PAUSE -1
			CLIENT PAUSE 1 FOO
			CLIENT UNPAUSE
			CLIENT UNBLOCK 9999
			CLIENT UNBLOCK abc
			CLIENT UNBLOCK 1 FOO
			CLIENT NO-EVICT on
			CLIENT NO-EVICT off
			CLIENT NO-EVICT maybe
			CLIENT REPLY maybe
			CLIENT REPLY on
			HELLO abc
			HELLO 1
			HELLO 4
			HELLO 3 FOO
			HELLO 3 SETNAME "a b"
			HELLO 3 AUTH nobody x
			AUTH x
			AUTH default x
			AUTH nobody x
			AUTH a b c
			AUTH
			RESET x
			SELECT 0
		`,
		"multi": `
			MULTI
			SET a 1
			INCR a
			INCR a b
			EXEC
			GET a
			MULTI
			MULTI
			DISCARD
			DISCARD
			EXEC
			MULTI
			EXEC
			MULTI
			SET a abc
			INCR a
			GET a
			RPUSH a x
			EXEC
			MULTI
			NOSUCH
			EXEC
			WATCH
			WATCH a
			MULTI
			WATCH b
			GET a
			EXEC
			WATCH a
			SET a 5
			MULTI
			GET a
			EXEC
			WATCH a
			SET a 6
			UNWATCH
			MULTI
			GET a
			EXEC
			WATCH none
			DEL none
			MULTI
			PING
			EXEC
			WATCH a
			FLUSHALL
			MULTI
			PING
			EXEC
			WATCH nothing
			FLUSHALL
			MULTI
			PING
			EXEC
			MULTI
			SELECT 3
			SET x 1
			EXEC
			GET x
			SELECT 0
			GET x
			MULTI
			SHUTDOWN
			EXEC
			EXEC x
			MULTI
			EXEC x
			PING
			DISCARD
			MULTI
			PING a b
			CLIENT NOSUCH
			EXEC
		`,
		"pubsub": `
			PUBLISH c m
			PUBLISH c
			SPUBLISH c m
			PUBSUB CHANNELS
			PUBSUB NUMSUB a b
			PUBSUB NUMSUB
			PUBSUB NUMPAT
			PUBSUB NUMPAT x
			PUBSUB SHARDCHANNELS
			PUBSUB SHARDNUMSUB a
			PUBSUB NOSUCH
			PUBSUB
			SUBSCRIBE
			UNSUBSCRIBE
			UNSUBSCRIBE a
			PUNSUBSCRIBE
			SUNSUBSCRIBE a
			SUBSCRIBE a
			PSUBSCRIBE p*
			SSUBSCRIBE s
			PUBSUB CHANNELS
			PING
			PING x
			GET k
			SUBSCRIBE a
			PUNSUBSCRIBE
			UNSUBSCRIBE
			PING
			SUNSUBSCRIBE
			PING
			SUBSCRIBE z
			RESET
		`,
		"server": `
			TIME x
			LASTSAVE
			ROLE
			ROLE x
			WAIT 0 0
			WAIT 0 10
			WAIT 1 1
			WAIT x 1
			WAIT 1 -1
			WAIT 1
			CONFIG GET maxmemory-policy
			CONFIG GET MAXMEMORY-polic?
			CONFIG GET nosuch
			CONFIG GET
			CONFIG SET nosuch 1
			CONFIG SET maxmemory
			CONFIG SET maxmemory 100mb
			CONFIG GET maxmemory
			CONFIG SET maxmemory 1gb
			CONFIG GET maxmemory
			CONFIG SET maxmemory 1z
			CONFIG SET maxmemory 0
			CONFIG SET maxmemory 0 maxmemory 1
			CONFIG SET databases 3
			CONFIG SET maxclients abc
			CONFIG SET slowlog-max-len 64 slowlog-log-slower-than 5000
			CONFIG GET slowlog-max-len slowlog-log-slower-than
			CONFIG SET slowlog-max-len 128 slowlog-log-slower-than 10000
			CONFIG SET notify-keyspace-events KEA
			CONFIG GET notify-keyspace-events
			CONFIG SET notify-keyspace-events Kgx
			CONFIG GET notify-keyspace-events
			CONFIG SET notify-keyspace-events ""
			CONFIG GET notify-keyspace-events
			CONFIG SET notify-keyspace-events q
			CONFIG RESETSTAT
			CONFIG NOSUCH
			SLOWLOG RESET
			SLOWLOG LEN
			SLOWLOG GET
			SLOWLOG GET abc
			SLOWLOG GET -2
			SLOWLOG NOSUCH
			LATENCY RESET
			LATENCY LATEST
			LATENCY HISTORY nosuch
			LATENCY NOSUCH
			MEMORY USAGE nosuch
			MEMORY USAGE
			MEMORY USAGE x SAMPLES
			MEMORY USAGE x FOO 1
			MEMORY NOSUCH
			SHUTDOWN FOO
			SHUTDOWN ABORT
			COMMAND GETKEYS GET a
			COMMAND GETKEYS MSET a 1 b 2
			COMMAND GETKEYS NOSUCH
			COMMAND GETKEYS PING
			COMMAND GETKEYS GET
			COMMAND GETKEYS OBJECT ENCODING a
			COMMAND INFO nosuch
			COMMAND DOCS nosuch
			COMMAND NOSUCH
			COMMAND LIST FILTERBY MODULE nosuch
			COMMAND LIST FILTERBY FOO bar
			DEBUG OBJECT nosuch
			DEBUG SLEEP 0
			SET k v
			DEBUG DIGEST-VALUE k none
		`,
	})
}

// farAway is a time from now that no other is near: the two sides begin to count at different moments.
func farAway(r *rand.Rand) string { return strconv.Itoa(100_000_000 + 10_000*r.IntN(1_000_000)) }

func genKey(r *rand.Rand) []string {
	k := key(r)
	at := pick(r, "9999999999", "9999999998", "1", "-1", "abc")
	condition := maybe(r, 3, pick(r, "NX", "XX", "GT", "LT", "FOO"))
	switch r.IntN(19) {
	case 0:
		return cmdline(pick(r, "DEL", "UNLINK"), some(r, 2, key))
	case 1:
		return cmdline(pick(r, "EXISTS", "TOUCH"), some(r, 4, key))
	case 2:
		return cmdline("TYPE", k)
	case 3:
		return cmdline("EXPIREAT", k, at, condition)
	case 4:
		return cmdline("PEXPIREAT", k, at+"000", condition)
	case 5:
		return cmdline(pick(r, "EXPIRE", "PEXPIRE"), k, pick(r, farAway(r), farAway(r), "0", "-1", "abc"), condition)
	case 6:
		return cmdline(pick(r, "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"), k)
	case 7:
		return cmdline("PERSIST", k)
	case 8:
		return cmdline("RENAME", k, key(r))
	case 9:
		return cmdline("RENAMENX", k, key(r))
	case 10, 11:
		return cmdline("COPY", k, key(r), maybe(r, 2, "REPLACE"), maybe(r, 10, "DB", pick(r, "0", "1", "99")))
	case 12:
		return cmdline("MOVE", k, pick(r, "0", "1", "2"))
	case 13:
		return cmdline("KEYS", pick(r, "*", "k[0-3]", "k?", "none"))
	case 14:
		return cmdline("SCAN", "0", "COUNT", "1000", maybe(r, 3, "TYPE", pick(r, "string", "list", "hash", "zset")), maybe(r, 3, "MATCH", "k[2-5]"))
	case 15:
		return cmdline("OBJECT", "ENCODING", k)
	case 16:
		return cmdline("DBSIZE")
	case 17:
		return cmdline("SELECT", pick(r, "0", "0", "1"))
	}
	// RANDOMKEY is left out: it drops keys whose time is over by chance.
	return cmdline("SWAPDB", "0", pick(r, "1", "0"))
}
