package repotest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

// freeLines is the longest Go snippet that may stand in a README or guide
// without a test behind it.
const freeLines = 3

// exampleMark names the Example that a snippet repeats:
//
//	<!-- example: cache/example_test.go ExampleNew -->
var exampleMark = regexp.MustCompile(`^<!-- example: (\S+) (Example\w*) -->$`)

// checkReadme compares every Go snippet of README files and guides with the
// body of the Example it names. White space is free, and so is everything from
// the Output comment on; longer snippets must name one.
func checkReadme(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.files {
		guide := under(p, "docs/guides") && path.Ext(p) == ".md"
		if path.Base(p) != "README.md" && !guide || inTestdata(p) {
			continue
		}
		text, err := t.read(p)
		if err != nil {
			out = append(out, Finding{Path: p, Text: err.Error()})
			continue
		}
		for _, s := range snippets(text) {
			if why := t.judgeSnippet(s); why != "" {
				out = append(out, Finding{Path: p, Line: s.line, Text: why})
			}
		}
	}
	return out
}

// snippet is one fenced block of Go, or a mark that no block follows.
type snippet struct {
	line       int // of the fence, from 1
	file, name string
	body       string
	missing    bool
}

func snippets(text string) []snippet {
	var out []snippet
	var mark []string
	inFence, isGo := false, false
	n := 0
	dangling := func() {
		if mark != nil {
			out = append(out, snippet{line: n, name: mark[2], missing: true})
			mark = nil
		}
	}
	for line := range strings.Lines(text) {
		n++
		trimmed := strings.TrimSpace(line)
		switch {
		case inFence && strings.HasPrefix(trimmed, "```"):
			inFence = false
		case inFence && isGo:
			out[len(out)-1].body += line
		case inFence, trimmed == "":
		case exampleMark.MatchString(trimmed):
			dangling()
			mark = exampleMark.FindStringSubmatch(trimmed)
		case strings.HasPrefix(trimmed, "```"):
			inFence, isGo = true, trimmed == "```go"
			if !isGo {
				dangling()
				continue
			}
			s := snippet{line: n}
			if mark != nil {
				s.file, s.name = mark[1], mark[2]
			}
			out, mark = append(out, s), nil
		default:
			dangling()
		}
	}
	dangling()
	return out
}

func (t *Tree) judgeSnippet(s snippet) string {
	switch {
	case s.missing:
		return fmt.Sprintf("example mark of %s without a Go block after it", s.name)
	case s.file == "" && strings.Count(s.body, "\n") <= freeLines:
		return ""
	case s.file == "":
		return fmt.Sprintf("Go snippet of %d lines, expected `<!-- example: path/example_test.go ExampleName -->` before it (free up to %d lines)",
			strings.Count(s.body, "\n"), freeLines)
	}
	for _, f := range t.goFiles {
		if f.path != s.file {
			continue
		}
		body, ok := f.funcBody(s.name)
		if !ok {
			return fmt.Sprintf("%s has no function %s", s.file, s.name)
		}
		if diff := firstDifference(s.body, body); diff != "" {
			return fmt.Sprintf("snippet differs from %s: %s", s.name, diff)
		}
		return ""
	}
	return fmt.Sprintf("example file %s is not there", s.file)
}

// funcBody gives the source between the braces of a function.
func (f *goFile) funcBody(name string) (string, bool) {
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name && fn.Body != nil {
			from, to := f.fset.Position(fn.Body.Lbrace).Offset+1, f.fset.Position(fn.Body.Rbrace).Offset
			return string(f.src[from:to]), true
		}
	}
	return "", false
}

var outputComment = regexp.MustCompile(`(?mi)^\s*// (unordered )?output:`)

// firstDifference compares two pieces of source word by word.
func firstDifference(got, want string) string {
	words := func(s string) []string {
		if at := outputComment.FindStringIndex(s); at != nil {
			s = s[:at[0]]
		}
		return strings.Fields(s)
	}
	g, w := words(got), words(want)
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("it ends where the example goes on with %q", w[i])
		case i >= len(w):
			return fmt.Sprintf("it goes on with %q where the example ends", g[i])
		case g[i] != w[i]:
			return fmt.Sprintf("%q where the example has %q", g[i], w[i])
		}
	}
	return ""
}
