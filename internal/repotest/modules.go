package repotest

import (
	"fmt"
	"path"
	"slices"
)

// checkModules holds go.work and the go.mod files together: the Makefile loops
// over the modules of go.work, so what is not in it is never tested; and what
// users import has no replace.
func checkModules(t *Tree) []Finding {
	work, err := t.read("go.work")
	if err != nil {
		return []Finding{{Path: "go.work", Text: err.Error()}}
	}
	var uses []string
	for _, d := range directives(work) {
		if d.verb == "use" {
			uses = append(uses, path.Clean(d.arg))
		}
	}
	var out []Finding
	for _, m := range t.modules {
		file := path.Join(m.dir, "go.mod")
		if !slices.Contains(uses, m.dir) {
			out = append(out, Finding{Path: file, Text: fmt.Sprintf("module %s is not in go.work, expected a use line for it", m.path)})
		}
		if want := path.Join(t.modules[0].path, m.dir); m.path != want {
			out = append(out, Finding{Path: file, Text: fmt.Sprintf("module path %s, expected %s as its folder says", m.path, want)})
		}
		if m.dir == "." && len(m.replaces) > 0 {
			out = append(out, Finding{Path: file, Text: fmt.Sprintf("replaces %s: users of the module would not get that, expected no replace", m.replaces[0])})
		}
		if m.dir != "." && !slices.Contains(m.replaces, t.modules[0].path) {
			out = append(out, Finding{Path: file, Text: fmt.Sprintf("no replace of %s, expected the one of this checkout", t.modules[0].path)})
		}
	}
	return out
}
