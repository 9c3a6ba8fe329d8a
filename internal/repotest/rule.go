package repotest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rule is one rule of the repository.
type Rule struct {
	Name   string // short, as test name
	Reason string // why the rule is there, in one sentence
	check  func(*Tree) []Finding
}

// Finding is one place where a rule is broken.
type Finding struct {
	Rule string
	Path string // slash-separated, relative to the root
	Line int    // from 1; 0 speaks of the whole file
	Text string // what was found and what was expected
}

// String gives the finding as path:line: text.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.Path, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Text)
}

// Rules lists every rule, in the order in which they are worth reading.
func Rules() []Rule {
	return []Rule{
		{"package-doc", "a package that cannot say what it is for in one comment has no clear job", checkPackageDoc},
		{"package-name", "a grab-bag package has no owner and grows for ever", checkPackageName},
		{"exported-names", "an interface of more than 60 names cannot be learned", checkExportedNames},
		{"file-size", "a file that does not fit in the head hides its mistakes", checkFileSize},
		{"markers", "work that is left over belongs in an issue, not in the sources", checkMarkers},
		{"imports", "layers that import downwards only can be read, tested and released alone", checkImports},
		{"dependencies", "every dependency of the main module is one its users get too", checkDependencies},
		{"modules", "a module that no list names is built and tested by nobody", checkModules},
		{"sleep", "a test that sleeps is slow on every machine and wrong on a busy one", checkSleep},
		{"test-main", "a goroutine that outlives its test is a leak that users will meet", checkTestMain},
		{"commands", "KEYS, FLUSH and unbounded blocking stop a server that others share", checkCommands},
		{"lua", "a script is an interface: its contract, its slot and its cost must be readable", checkLua},
		{"readme", "a snippet that no test runs is wrong sooner or later", checkReadme},
	}
}

// Check runs the rules over the tree and returns the findings by path and
// line, less those that a waiver in place admits, plus the waivers that admit
// nothing.
func Check(t *Tree, rules ...Rule) []Finding {
	waivers, out := t.waivers()
	for _, r := range rules {
		for _, f := range r.check(t) {
			f.Rule = r.Name
			if !waivers.admits(f) {
				out = append(out, f)
			}
		}
	}
	if slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == waivable }) {
		out = append(out, waivers.unused()...)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return out
}

// waivable is the one rule that code may waive in place: tests that empty a
// server of their own are what the rule is not about.
const waivable = "commands"

const waiverPrefix = "//repotest:allow"

type waiver struct {
	path string
	line int
	used bool
}

type waiverList []*waiver

// waivers collects the allow comments of all Go files; malformed ones are
// findings.
func (t *Tree) waivers() (waiverList, []Finding) {
	var list waiverList
	var bad []Finding
	for _, f := range t.goFiles {
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				rest, ok := strings.CutPrefix(c.Text, waiverPrefix)
				if !ok {
					continue
				}
				line := f.line(c.Pos())
				if w := strings.Fields(rest); len(w) < 2 || w[0] != waivable {
					bad = append(bad, Finding{"waiver", f.path, line,
						fmt.Sprintf("waiver %q: expected %q and a reason", c.Text, waiverPrefix+" "+waivable)})
					continue
				}
				list = append(list, &waiver{path: f.path, line: line})
			}
		}
	}
	return list, bad
}

func (l waiverList) admits(f Finding) bool {
	for _, w := range l {
		if f.Rule == waivable && w.path == f.Path && (w.line == f.Line || w.line == f.Line-1) {
			w.used = true
			return true
		}
	}
	return false
}

func (l waiverList) unused() []Finding {
	var out []Finding
	for _, w := range l {
		if !w.used {
			out = append(out, Finding{"waiver", w.path, w.line, "waiver beside no forbidden command: remove it"})
		}
	}
	return out
}
