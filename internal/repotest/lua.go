package repotest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// maxLuaLines bounds a script: a longer one holds the server too long and the
// reader longer.
const maxLuaLines = 80

// headerWords are the lines a script's leading comment must have, besides its
// first line, which says what the script is for.
var headerWords = []string{"KEYS", "ARGV", "Returns", "Cost"}

// luaForbidden are libraries that not every engine has, or has alike.
var luaForbidden = []string{"cmsgpack", "struct", "bit"}

func checkLua(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.files {
		if path.Ext(p) != ".lua" || inTestdata(p) {
			continue
		}
		text, err := t.read(p)
		if err != nil {
			out = append(out, Finding{Path: p, Text: err.Error()})
			continue
		}
		if path.Base(path.Dir(p)) != "lua" {
			out = append(out, Finding{Path: p, Text: "script outside a lua folder, expected <package>/lua/<name>.lua"})
		}
		if n := strings.Count(text, "\n"); n > maxLuaLines {
			out = append(out, Finding{Path: p, Text: fmt.Sprintf("%d lines, expected at most %d", n, maxLuaLines)})
		}
		out = append(out, checkLuaHeader(p, text)...)
		out = append(out, checkLuaBody(p, text)...)
	}
	return out
}

func checkLuaHeader(p, text string) []Finding {
	var header []string
	for line := range strings.Lines(text) {
		c, ok := strings.CutPrefix(strings.TrimSpace(line), "--")
		if !ok {
			break
		}
		header = append(header, strings.TrimSpace(c))
	}
	begins := func(line, word string) bool {
		return len(line) >= len(word) && strings.EqualFold(line[:len(word)], word)
	}
	var out []Finding
	purpose := len(header) > 0 && header[0] != "" &&
		!slices.ContainsFunc(headerWords, func(w string) bool { return begins(header[0], w) })
	if !purpose {
		out = append(out, Finding{Path: p, Line: 1, Text: "header does not begin with the purpose, expected one line that says what the script does"})
	}
	for _, w := range headerWords {
		if !slices.ContainsFunc(header, func(line string) bool { return begins(line, w) }) {
			out = append(out, Finding{Path: p, Line: 1, Text: fmt.Sprintf("header has no %s line, expected `-- %s ...` (with units; \"none\" where there is none)", w, w)})
		}
	}
	return out
}

func checkLuaBody(p, text string) []Finding {
	chunk, err := parse.Parse(strings.NewReader(text), p)
	if err != nil {
		return []Finding{{Path: p, Text: fmt.Sprintf("does not parse as Lua 5.1: %v", err)}}
	}
	s := newLuaScript(chunk)
	var out []Finding
	found := func(n ast.PositionHolder, format string, args ...any) {
		out = append(out, Finding{Path: p, Line: n.Line(), Text: fmt.Sprintf(format, args...)})
	}
	for _, id := range s.idents {
		if slices.Contains(luaForbidden, id.Value) {
			found(id, "library %s, expected plain Lua: not every engine has it", id.Value)
		}
	}
	for _, g := range s.gotos {
		found(g, "goto %s: this parser has it, Redis does not; expected Lua 5.1", g.Label)
	}
	for _, c := range s.calls {
		name, args, ok := redisCommand(c)
		if !ok {
			continue
		}
		if slices.Contains([]string{"KEYS", "FLUSHALL", "FLUSHDB"}, name) {
			found(c, "%s in a script, expected no command that touches every key", name)
		}
		for _, key := range keyArgs(name, args) {
			if why := s.badKey(key); why != "" {
				found(c, "key of %s %s, expected one of KEYS as it is", name, why)
			}
		}
	}
	return out
}

// redisCommand reads a call of redis.call or redis.pcall: the command's name
// in upper case ("" where it is not a literal) and the arguments after it.
func redisCommand(c *ast.FuncCallExpr) (name string, args []ast.Expr, ok bool) {
	get, isAttr := c.Func.(*ast.AttrGetExpr)
	if !isAttr || len(c.Args) == 0 {
		return "", nil, false
	}
	lib, _ := get.Object.(*ast.IdentExpr)
	fn, _ := get.Key.(*ast.StringExpr)
	if lib == nil || fn == nil || lib.Value != "redis" || fn.Value != "call" && fn.Value != "pcall" {
		return "", nil, false
	}
	if lit, isLit := c.Args[0].(*ast.StringExpr); isLit {
		name = strings.ToUpper(lit.Value)
	}
	return name, c.Args[1:], true
}

// Where the keys of a command stand among its arguments; the rest have one key
// and it is the first.
var (
	keyless    = []string{"TIME", "PUBLISH", "SPUBLISH", "PING", "ECHO", "SCRIPT", "INFO", "KEYS", "FLUSHALL", "FLUSHDB", "ACL"}
	subcommand = []string{"OBJECT", "MEMORY", "XGROUP", "XINFO", "BITOP", "DEBUG"}
	twoKeys    = []string{"RENAME", "RENAMENX", "COPY", "SMOVE", "LMOVE", "RPOPLPUSH", "LCS", "ZRANGESTORE", "GEOSEARCHSTORE"}
	allKeys    = []string{"MGET", "DEL", "UNLINK", "EXISTS", "TOUCH", "SINTER", "SUNION", "SDIFF", "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE", "PFCOUNT", "PFMERGE"}
	afterWord  = []string{"XREAD", "XREADGROUP"}
)

func keyArgs(name string, args []ast.Expr) []ast.Expr {
	first := func(n int) []ast.Expr { return args[:min(n, len(args))] }
	switch {
	case slices.Contains(keyless, name):
		return nil
	case slices.Contains(subcommand, name):
		return args[min(1, len(args)):min(2, len(args))]
	case slices.Contains(twoKeys, name):
		return first(2)
	case slices.Contains(allKeys, name):
		return args
	case slices.Contains(afterWord, name):
		i := slices.IndexFunc(args, func(e ast.Expr) bool {
			s, ok := e.(*ast.StringExpr)
			return ok && strings.EqualFold(s.Value, "STREAMS")
		})
		return args[i+1 : min(i+2, len(args))]
	case name == "MSET":
		return everySecond(args)
	}
	return first(1)
}

func everySecond(args []ast.Expr) []ast.Expr {
	var out []ast.Expr
	for i := 0; i < len(args); i += 2 {
		out = append(out, args[i])
	}
	return out
}
