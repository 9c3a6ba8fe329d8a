package engine

import (
	"strings"
	"testing"
)

// Numbers of bytes come with units, other numbers without, each within its bounds.
func TestConfigNumbers(t *testing.T) {
	values := []string{
		"4kb", "4KB", "01kb", "kb", `""`, "1k", "3m", "3Mb", "1g", "2gB", "7b", "-1", "0", "17", "+5", "abc", `" 1"`, "1.5kb", "1kbb", `"4 kb"`,
		"99999999999999999gb", strings.Repeat("0", 127) + "b", strings.Repeat("0", 128) + "b",
	}
	groups := map[string]string{}
	for name, standard := range map[string]string{
		"maxmemory": "0", "hash-max-listpack-value": "64", "hash-max-ziplist-value": "64", "zset-max-listpack-value": "64", "zset-max-ziplist-value": "64",
		"hll-sparse-max-bytes": "3000", "stream-node-max-bytes": "4096", "auto-aof-rewrite-min-size": "64mb", "repl-backlog-size": "1mb",
		"hash-max-listpack-entries": "512", "hash-max-ziplist-entries": "512", "zset-max-listpack-entries": "128", "zset-max-ziplist-entries": "128",
		"set-max-intset-entries": "512", "stream-node-max-entries": "100", "list-max-listpack-size": "-2", "list-max-ziplist-size": "-2",
	} {
		mine := values
		if name != "maxmemory" { // there the engine takes half of what 64 bits hold
			mine = append([]string{"99999999999999999999", "9223372036854775808"}, values...)
		}
		var lines []string
		for _, v := range mine {
			lines = append(lines, "CONFIG SET "+name+" "+v, "CONFIG GET "+name)
		}
		groups[name] = strings.Join(append(lines, "CONFIG SET "+name+" "+standard), "\n")
	}
	testCases(t, groups)
}

// What the engine keeps without using it has the type it has in Redis.
func TestConfigOfParametersThatAreKept(t *testing.T) {
	groups := map[string]string{}
	for name, p := range inert {
		if p.set == nil { // the servers that tests start have been given another one, or none may be set
			continue
		}
		var lines []string
		for _, v := range []string{"0", "1", "7", "-1", "11", "101", "+5", "abc", `""`, "YES", "no", "yes", "Notice", "verbose", "nothing", "99999999999999", "1kb"} {
			if name == "activedefrag" && strings.EqualFold(v, "yes") { // a matter of how the server was built
				continue
			}
			lines = append(lines, "CONFIG SET "+name+" "+v, "CONFIG GET "+name)
		}
		groups[name] = strings.Join(append(lines, "CONFIG SET "+name+" "+p.standard), "\n")
	}
	testCases(t, groups)
}
