package engine

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// disorderly are commands whose replies have no order, are drawn or hang on the moment: scripts run them and return
// something else.
var disorderly = map[string]bool{}

// called are the other generators.
var called []func(*rand.Rand) []string

func init() {
	for _, g := range generators {
		called = append(called, g.make)
	}
	for _, name := range strings.Fields("keys smembers sinter sunion sdiff hkeys hvals hgetall config scan sscan hscan zscan randomkey srandmember " +
		"hrandfield zrandmember spop lastsave time object ttl pttl expiretime pexpiretime httl hpttl hexpiretime hpexpiretime debug memory info client " +
		"lcs xread xinfo xpending xclaim xautoclaim xreadgroup select swapdb move flushall flushdb eval eval_ro script command latency slowlog") {
		disorderly[name] = true
	}
}

// genScript makes scripts that call the commands of the other generators.
func genScript(r *rand.Rand) []string {
	one, two := genCalled(r), genCalled(r)
	first := "ARGV[1]"
	for i := 2; i <= len(one); i++ {
		first += ",ARGV[" + strconv.Itoa(i) + "]"
	}
	second := "unpack(ARGV," + strconv.Itoa(len(one)+1) + ")"
	plain := !disorderly[strings.ToLower(one[0])] && !disorderly[strings.ToLower(two[0])]
	last := "return 1"
	if plain {
		last = pick(r, "return {a,b}", "return b", "return a", "return {type(a),type(b)}", "return {a,{b,{a}}}", "return type(a)=='table' and (a.err or a.ok or 't') or tostring(a)")
	}
	body := pick(r, "", "redis.setresp(3) ") + "local a=redis." + pick(r, "pcall", "pcall", "call") + "(" + first + ") local b=redis." + pick(r, "pcall", "pcall", "call") + "(" + second + ") " + last
	return cmdline(pick(r, "EVAL", "EVAL", "EVAL", "EVAL_RO"), body, "0", one, two)
}

// genCalled draws a command that may stand in a script.
func genCalled(r *rand.Rand) []string {
	for {
		if cmd := called[r.IntN(len(called))](r); len(cmd) > 0 && len(cmd) < 100 && cmd[0] != "EVAL" && cmd[0] != "EVAL_RO" {
			return cmd
		}
	}
}
