package repotest

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// layers is the order of the main module's packages, lowest first. A package
// imports from lower layers alone; its own sub-packages count as itself, and
// only the packages under internal/ may import each other. What one brick
// needs of another in its layer it takes as a small interface of its own.
var layers = [][]string{
	{"internal"},
	{"engine"},
	{"."},
	{"cache", "session", "ratelimit", "lock", "collection", "leaderboard", "analytics", "topic"},
	{"httpcache", "token", "guard", "queue", "realtime"},
	{"monitor", "backup"},
	{"dashboard", "internal/cli", "internal/keyspage"},
	{"cmd/redbrick"},
}

// rootLayer is the layer of package redbrick.
const rootLayer = 2

// engineHosts are the packages above package redbrick that start an engine themselves.
var engineHosts = []string{"internal/cli"}

// testingPackages serve tests: they may import the root and everything below
// it, and only tests and each other import them. In nested modules the packages
// whose name ends in "test" are of this kind.
var testingPackages = []string{"redistest", "internal/redisproc", "internal/pgproc", "internal/childproc", "internal/testenv", "internal/testreport", "internal/repotest"}

// layerOf gives the layer and the package of the table that dir belongs to;
// the longest match wins, so that internal/cli is not just internal.
func layerOf(dir string) (layer int, owner string) {
	layer = -1
	for i, names := range layers {
		for _, name := range names {
			if (dir == name || name != "." && under(dir, name)) && len(name) > len(owner) {
				layer, owner = i, name
			}
		}
	}
	return layer, owner
}

func isTesting(dir string) bool {
	return slices.ContainsFunc(testingPackages, func(p string) bool { return under(dir, p) }) ||
		strings.Contains(dir, "/") && strings.HasSuffix(dir, "test")
}

// loans are the internal packages that nested modules may import, each with its reason.
var loans = map[string]string{
	"internal/accumulate": "counters flushed in batches: a mechanism that bricks and applications share",
}

func checkImports(t *Tree) []Finding {
	var out []Finding
	root := &t.modules[0]
	for _, f := range t.goFiles {
		for _, im := range f.ast.Imports {
			ip, _ := strconv.Unquote(im.Path.Value)
			dir, ours := t.ownDir(ip)
			if !ours {
				continue
			}
			var why string
			switch {
			case isTesting(dir) && !f.test && !isTesting(f.dir):
				why = "only tests import it"
			case isTesting(dir) && f.module != root:
				// tests of the applications start servers and report as ours do
			case f.module != root:
				if loans[dir] == "" && under(dir, "internal") || strings.Contains(dir, "/internal") && t.moduleOf(dir+"/x") != f.module {
					why = "a nested module imports public packages alone"
				}
			case t.moduleOf(dir+"/x") != root:
				why = "the main module imports no nested module"
			default:
				why = refuse(f.dir, dir, f.test)
			}
			if why != "" {
				out = append(out, Finding{Path: f.path, Line: f.line(im.Pos()), Text: fmt.Sprintf("imports %s: %s", ip, why)})
			}
		}
	}
	return append(out, unplaced(t)...)
}

// refuse says why a package of the main module in folder from may not import
// the one in folder to; "" allows it.
func refuse(from, to string, test bool) string {
	switch {
	case from == to || isTesting(to) && (test || isTesting(from)):
		return ""
	case isTesting(to):
		return "only tests import it"
	}
	fromLayer, fromOwner := layerOf(from)
	toLayer, toOwner := layerOf(to)
	if isTesting(from) {
		fromLayer, fromOwner = rootLayer, "."
	}
	switch {
	case fromLayer < 0 || toLayer < 0:
		return "" // reported by unplaced
	case test && toLayer <= rootLayer:
		return "" // a test of any layer needs a client
	case under(to, "engine") && fromLayer > rootLayer && !slices.Contains(engineHosts, fromOwner):
		return "a brick reaches the engine through the client alone, as it reaches any server"
	case toLayer < fromLayer, toOwner == fromOwner:
		return ""
	case toLayer == fromLayer:
		return fmt.Sprintf("same layer as %s, expected an interface of its own", from)
	}
	return fmt.Sprintf("a higher layer than %s, imports go down only", from)
}

// unplaced finds packages of the main module that the table does not know.
func unplaced(t *Tree) []Finding {
	var out []Finding
	seen := map[string]bool{}
	for _, f := range t.goFiles {
		if layer, _ := layerOf(f.dir); layer < 0 && f.module == &t.modules[0] && !isTesting(f.dir) && !seen[f.dir] {
			seen[f.dir] = true
			out = append(out, Finding{Path: f.dir, Text: "package in no layer, expected it in the table of internal/repotest/imports.go"})
		}
	}
	return out
}

// ownDir gives the folder of an import path that belongs to one of the tree's
// modules.
func (t *Tree) ownDir(ip string) (string, bool) {
	root := t.modules[0].path
	if ip == root {
		return ".", true
	}
	return strings.CutPrefix(ip, root+"/")
}

// dependencies are the modules that the main module may use, each with what it
// is there for.
var dependencies = map[string]string{
	"github.com/redis/rueidis":            "the Redis client",
	"github.com/maypok86/otter/v2":        "the near cache",
	"github.com/yuin/gopher-lua":          "scripts in the embedded engine, and reading them in repotest",
	"github.com/klauspost/compress":       "zstd and gzip",
	"github.com/go-json-experiment/json":  "the default codec",
	"github.com/lxzan/gws":                "WebSocket",
	"github.com/prometheus/client_golang": "metrics",
	"golang.org/x/crypto":                 "argon2id and friends",
}

// testDependencies are for tests and the test kit.
var testDependencies = map[string]string{
	"go.uber.org/goleak":       "leak checks",
	"github.com/google/go-cmp": "comparisons",
	"testing":                  "pulls test flags into programs",
}

func checkDependencies(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.goFiles {
		if f.module != &t.modules[0] {
			continue
		}
		for _, im := range f.ast.Imports {
			if why := t.refuseDependency(f, im); why != "" {
				out = append(out, Finding{Path: f.path, Line: f.line(im.Pos()), Text: fmt.Sprintf("imports %s: %s", im.Path.Value, why)})
			}
		}
	}
	return out
}

func (t *Tree) refuseDependency(f *goFile, im *ast.ImportSpec) string {
	ip, _ := strconv.Unquote(im.Path.Value)
	if _, ours := t.ownDir(ip); ours {
		return ""
	}
	in := func(table map[string]string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(table)), func(m string) bool { return under(ip, m) })
	}
	first, _, _ := strings.Cut(ip, "/")
	switch {
	case in(testDependencies):
		if !f.test && !isTesting(f.dir) {
			return "only tests use it"
		}
	case strings.Contains(first, ".") && !in(dependencies):
		return "not among the dependencies of the main module; put it into apps or contrib, or argue for it in internal/repotest/imports.go"
	}
	return ""
}
