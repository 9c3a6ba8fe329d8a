package luabox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// sortedNames gives the keys of a map in order, so that every state is made alike.
func sortedNames[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// fixed are the globals that every state has and no script can change.
var fixed = set("KEYS ARGV assert bit cjson cmsgpack collectgarbage coroutine error getmetatable ipairs load loadstring math next pairs pcall " +
	"rawequal rawget rawset redis select setmetatable string struct table tonumber tostring type unpack xpcall")

// byName are the globals through which a script comes to all others.
var byName = set("_G load loadstring")

// members are the fields of libraries that are as fixed.
var members = map[string]map[string]bool{
	"redis": set(unusedCall + " call pcall error_reply status_reply log sha1hex setresp set_repl replicate_commands acl_check_cmd " +
		"LOG_DEBUG LOG_VERBOSE LOG_NOTICE LOG_WARNING"),
	"string":   set("byte char find format gmatch gsub len lower match rep reverse sub upper"),
	"table":    set("concat insert remove sort getn maxn"),
	"math":     set("abs ceil floor max min fmod pow sqrt random huge pi modf log exp"),
	"cjson":    set("encode decode null"),
	"cmsgpack": set("pack unpack"),
	"struct":   set("pack unpack size"),
	"bit":      set("band bor bxor bnot lshift rshift arshift tobit tohex rol ror bswap"),
}
