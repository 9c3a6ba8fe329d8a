package repotest_test

import (
	"strings"
)

type ruleCase struct {
	rule, name string
	files      map[string]string // put over the sound repository
	want       string            // in the one finding
}

func one(p, text string) map[string]string { return map[string]string{p: text} }

// lua gives the sound script with one more line of body.
func lua(line string) map[string]string {
	return one("cache/lua/fill.lua", strings.Replace(soundLua, "return 1\n", line+"\nreturn 1\n", 1))
}

func inTest(line string) map[string]string {
	return one("cache/wait_test.go", testHead+"\t"+line+"\n}\n")
}

func inCache(imports string) map[string]string {
	return one("cache/more.go", "package cache\n\nimport _ \""+imports+"\"\n")
}

func cases() []ruleCase {
	todo := "TO" + "DO"
	return []ruleCase{
		{"package-doc", "none", one("doc.go", "package r\n"), "package r has no package comment"},
		{"package-doc", "two", one("cache/more.go", "// Package cache again.\npackage cache\n"), "second package comment"},
		{"package-doc", "wording", one("cache/doc.go", "// Here are values.\npackage cache\n"), `begins "Here are values."`},
		{"package-doc", "wrong file", map[string]string{
			"cache/doc.go": "package cache\n", "cache/more.go": cacheHead}, "outside doc.go"},
		{"package-doc", "program", one("apps/shop/main.go", "package main\n\nfunc main() {}\n"), "package main has no package comment"},

		{"package-name", "util", one("internal/util/doc.go", "// Package util is all sorts.\npackage util\n"), `"util"`},
		{"package-name", "by name", one("internal/tools/doc.go", "// Package helpers is all sorts.\npackage helpers\n"), `"helpers"`},

		{"exported-names", "61", one("cache/more.go", "package cache\n\nconst (\n"+manyNames(61)+")\n"), "61 exported"},

		{"file-size", "source", one("cache/more.go", "package cache\n"+strings.Repeat("\n", 600)), "601 lines"},
		{"file-size", "test", one("cache/more_test.go", "package cache\n"+strings.Repeat("\n", 800)), "801 lines"},

		{"markers", "Go comment", one("cache/more.go", "package cache\n\n// "+todo+": later\n"), "more.go:3"},
		{"markers", "context", one("cache/more.go", "package cache\n\nimport \"context\"\n\nvar ctx = context."+todo+"()\n"), "more.go:5"},
		{"markers", "page", one("docs/x.md", "a\n"+todo+"\n"), "docs/x.md:2"},
		{"markers", "Makefile", one("Makefile", "# "+"FIX"+"ME\n"), "Makefile:1"},

		{"imports", "upwards", inCache("example.org/r/queue"), "imports go down only"},
		{"imports", "sideways", inCache("example.org/r/session"), "same layer as cache"},
		{"imports", "internal to root", one("internal/near/more.go", "package near\n\nimport _ \"example.org/r\"\n"), "imports go down only"},
		{"imports", "root to brick", one("more.go", "package r\n\nimport _ \"example.org/r/cache\"\n"), "imports go down only"},
		{"imports", "brick to engine", inCache("example.org/r/engine"), "through the client alone"},
		{"imports", "kit in program", inCache("example.org/r/redistest"), "only tests import it"},
		{"imports", "kit to brick", one("redistest/more.go", "package redistest\n\nimport _ \"example.org/r/cache\"\n"), "imports go down only"},
		{"imports", "test sideways", one("cache/more_test.go", "package cache\n\nimport _ \"example.org/r/session\"\n"), "same layer as cache"},
		{"imports", "apps to internal", one("apps/shop/more.go", "package main\n\nimport _ \"example.org/r/internal/near\"\n"), "public packages alone"},
		{"imports", "apps to internal of a brick", one("apps/shop/more.go", "package main\n\nimport _ \"example.org/r/cache/internal/frame\"\n"), "public packages alone"},
		{"imports", "kit in application", one("apps/shop/more.go", "package main\n\nimport _ \"example.org/r/apps/internal/pgtest\"\n"), "only tests import it"},
		{"imports", "root to apps", inCache("example.org/r/apps/shop"), "no nested module"},
		{"imports", "unplaced", one("gizmo/doc.go", "// Package gizmo is new.\npackage gizmo\n"), "in no layer"},

		{"dependencies", "unknown", inCache("github.com/some/thing"), "not among the dependencies"},
		{"dependencies", "test only", inCache("testing"), "only tests use it"},

		{"modules", "not listed", one("bench/go.mod", "module example.org/r/bench\nreplace example.org/r => ../\n"), "is not in go.work"},
		{"modules", "root replace", one("go.mod", "module example.org/r\nreplace (\n\tgithub.com/a/b => ../b\n)\n"), "replaces github.com/a/b"},
		{"modules", "nested without", one("apps/go.mod", "module example.org/r/apps\n"), "no replace of example.org/r"},
		{"modules", "path", one("apps/go.mod", "module example.org/other\nreplace example.org/r => ../\n"), "expected example.org/r/apps"},

		{"sleep", "sleep", inTest("clock.Sleep(1)"), "time.Sleep"},
		{"sleep", "bare After", inTest("<-clock.After(1)"), "bare receive"},
		{"sleep", "kit", one("redistest/more.go", "package redistest\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n"), "redistest/more.go:5"},

		{"test-main", "none", one("internal/near/near_test.go", "package near\n\nfunc TestX(t *testing.T) {}\n"), "internal/near: tests without a leak check"},
		{"test-main", "no check in it", one("internal/near/near_test.go",
			"package near\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) { m.Run() }\n\nfunc TestX(t *testing.T) {}\n"), "tests without a leak check"},

		{"commands", "builder flush", inTest("_ = b.Flushall().Build()"), "FLUSHALL empties"},
		{"commands", "builder keys", inTest(`_ = b.Keys().Pattern("*").Build()`), "SCAN"},
		{"commands", "arbitrary", inTest(`_ = b.Arbitrary("flushdb")`), "FLUSHDB empties"},
		{"commands", "list", inTest(`_ = [][]string{{"KEYS", "*"}}`), "SCAN"},
		{"commands", "block for ever", inTest("_ = b.Xread().Count(1).Block(0).Streams()"), "without a bound"},
		{"commands", "timeout 0", inTest(`_ = b.Blpop().Key("k").Timeout(0)`), "without a bound"},
		{"commands", "block literal", inTest(`_ = b.Arbitrary("XREAD", "BLOCK", "0")`), "without a bound"},
		{"waiver", "no reason", one("cache/more.go", "package cache\n\n//repotest:allow commands\n"), "and a reason"},
		{"waiver", "other rule", one("cache/more.go", "package cache\n\n//repotest:allow sleep it is short\n"), "and a reason"},
		{"waiver", "beside nothing", one("cache/more.go", "package cache\n\n//repotest:allow commands a private server\n"), "remove it"},

		{"lua", "no purpose", one("cache/lua/fill.lua", strings.TrimPrefix(soundLua, "-- Stores a loaded value.\n")), "purpose"},
		{"lua", "no cost", one("cache/lua/fill.lua", strings.Replace(soundLua, "-- Cost O(1)", "-- Takes O(1)", 1)), "no Cost line"},
		{"lua", "long", lua(strings.Repeat("-- more\n", 80)), "expected at most 80"},
		{"lua", "place", one("cache/fill.lua", soundLua), "outside a lua folder"},
		{"lua", "syntax", lua("local = 1"), "does not parse"},
		{"lua", "library", lua("local x = cmsgpack.pack({1})"), "library cmsgpack"},
		{"lua", "goto", lua("goto out\n::out::"), "goto out"},
		{"lua", "ARGV key", lua("redis.call('GET', ARGV[1])"), "comes from ARGV"},
		{"lua", "built key", lua("redis.call('GET', KEYS[1] .. ':x')"), "put together"},
		{"lua", "literal key", lua("redis.pcall('GET', 'x')"), "is a literal"},
		{"lua", "through a local", lua("local a = ARGV[1]\nlocal b = a\nredis.call('DEL', KEYS[1], b)"), "comes from ARGV"},
		{"lua", "through a function", lua("store(ARGV[1], 1)"), "comes from ARGV"},
		{"lua", "through a table", lua("local t = {}\nt[1] = KEYS[1] .. '2'\nredis.call('UNLINK', unpack(t))"), "put together"},
		{"lua", "from a reply", lua("for _, m in ipairs(redis.call('SMEMBERS', KEYS[1])) do redis.call('UNLINK', m) end"), "comes from a reply"},
		{"lua", "stream key", lua("redis.call('XREADGROUP', 'GROUP', 'w', ARGV[1], 'STREAMS', ARGV[2], '>')"), "comes from ARGV"},
		{"lua", "object", lua("redis.call('OBJECT', 'ENCODING', ARGV[1])"), "comes from ARGV"},
		{"lua", "every second", lua("redis.call('MSET', KEYS[1], 1, ARGV[1], 2)"), "comes from ARGV"},
		{"lua", "whole server", lua("redis.call('FLUSHALL')"), "touches every key"},

		{"readme", "unmarked", one("README.md", "```go\na\nb\nc\nd\n```\n"), "snippet of 4 lines"},
		{"readme", "guide", one("docs/guides/move.md", "```go\na\nb\nc\nd\n```\n"), "docs/guides/move.md:1"},
		{"readme", "no file", one("README.md", exampleLine+"```go\na\n```\n"), "example file cache/example_test.go is not there"},
		{"readme", "no function", map[string]string{
			"README.md": exampleLine + "```go\na\n```\n", "cache/example_test.go": "package cache\n"}, "no function ExampleNew"},
		{"readme", "other text", map[string]string{
			"README.md": exampleLine + "```go\na()\n```\n", "cache/example_test.go": "package cache\n\nfunc ExampleNew() {\n\tb()\n}\n"}, `"a()" where the example has "b()"`},
		{"readme", "cut short", map[string]string{
			"README.md": exampleLine + "```go\na()\n```\n", "cache/example_test.go": "package cache\n\nfunc ExampleNew() {\n\ta()\n\tb()\n}\n"}, `goes on with "b()"`},
		{"readme", "mark without block", one("README.md", exampleLine+"text\n"), "without a Go block"},
	}
}

const exampleLine = "<!-- example: cache/example_test.go ExampleNew -->\n"

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\tN" + strings.Repeat("x", i) + " = 0\n")
	}
	return b.String()
}
