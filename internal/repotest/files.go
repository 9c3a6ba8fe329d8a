package repotest

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Longest files, in lines. Tables belong in testdata or in *_cases_test.go,
// which have no bound, as generated files have none.
const (
	maxLines     = 600
	maxTestLines = 800
)

func checkFileSize(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.goFiles {
		limit := maxLines
		if f.test {
			limit = maxTestLines
		}
		n := bytes.Count(f.src, []byte("\n"))
		if n > limit && !f.generated && !strings.HasSuffix(f.path, "_cases_test.go") {
			out = append(out, Finding{Path: f.path, Text: fmt.Sprintf("%d lines, expected at most %d", n, limit)})
		}
	}
	return out
}

// The markers are spelled in pieces, so that this file is none of its own
// findings.
var marker = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

// markerFiles are the kinds of text read for markers besides Go, by ending or
// by whole name.
var (
	markerExts  = []string{".md", ".lua", ".sh", ".yaml", ".yml", ".sql", ".html", ".css", ".js", ".json", ".conf"}
	markerNames = []string{"Makefile", "Dockerfile", "run", "go.mod", "go.work"}
)

func checkMarkers(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.goFiles {
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if m := marker.FindString(c.Text); m != "" {
					out = append(out, Finding{Path: f.path, Line: f.line(c.Pos()), Text: leftOver(m)})
				}
			}
		}
		for _, call := range calls(f) {
			if call.isFunc(f, "context", "TO"+"DO") {
				out = append(out, Finding{Path: f.path, Line: f.line(call.Pos()), Text: leftOver("context.TO"+"DO") + "; pass a context on"})
			}
		}
	}
	for _, p := range t.files {
		if inTestdata(p) || !slices.Contains(markerExts, path.Ext(p)) && !slices.Contains(markerNames, path.Base(p)) {
			continue
		}
		text, err := t.read(p)
		if err != nil {
			out = append(out, Finding{Path: p, Text: err.Error()})
			continue
		}
		n := 0
		for line := range strings.Lines(text) {
			n++
			if m := marker.FindString(line); m != "" {
				out = append(out, Finding{Path: p, Line: n, Text: leftOver(m)})
			}
		}
	}
	return out
}

func leftOver(m string) string { return fmt.Sprintf("left-over marker %s, expected finished work", m) }
