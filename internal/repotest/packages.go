package repotest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// checkPackageDoc wants one package comment that begins as godoc expects, and
// in doc.go where users read it.
func checkPackageDoc(t *Tree) []Finding {
	var out []Finding
	dirs, files := t.packages()
	for _, dir := range dirs {
		var src, documented []*goFile
		for _, f := range files[dir] {
			if f.test {
				continue
			}
			src = append(src, f)
			if f.ast.Doc != nil {
				documented = append(documented, f)
			}
		}
		switch {
		case len(src) == 0: // tests alone: nothing to document
		case len(documented) == 0:
			out = append(out, Finding{Path: dir, Text: fmt.Sprintf("package %s has no package comment, expected one in doc.go", src[0].pkg)})
		case len(documented) > 1:
			out = append(out, Finding{Path: documented[1].path, Text: fmt.Sprintf("second package comment of %s, the first is in %s; expected one", dir, documented[0].path)})
		default:
			out = append(out, checkOneDoc(documented[0])...)
		}
	}
	return out
}

func checkOneDoc(f *goFile) []Finding {
	var out []Finding
	want := "Package " + f.pkg + " "
	if text := f.ast.Doc.Text(); f.pkg != "main" && !strings.HasPrefix(text, want) {
		first, _, _ := strings.Cut(text, "\n")
		out = append(out, Finding{Path: f.path, Line: f.line(f.ast.Doc.Pos()),
			Text: fmt.Sprintf("package comment begins %q, expected %q", first, want)})
	}
	public := f.pkg != "main" && !slices.Contains(strings.Split(f.dir, "/"), "internal")
	if public && path.Base(f.path) != "doc.go" {
		out = append(out, Finding{Path: f.path, Text: "package comment of a public package outside doc.go, expected it there"})
	}
	return out
}

// grabBags are package names that say nothing about what is inside.
var grabBags = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib"}

func checkPackageName(t *Tree) []Finding {
	var out []Finding
	dirs, files := t.packages()
	for _, dir := range dirs {
		for _, name := range []string{path.Base(dir), strings.TrimSuffix(files[dir][0].pkg, "_test")} {
			if slices.Contains(grabBags, name) {
				out = append(out, Finding{Path: dir, Text: fmt.Sprintf("package name %q, expected one that names its job", name)})
				break
			}
		}
	}
	return out
}

// maxExported is the number of exported top-level names a package may have.
const maxExported = 60

func checkExportedNames(t *Tree) []Finding {
	var out []Finding
	dirs, files := t.packages()
	for _, dir := range dirs {
		n := 0
		for _, f := range files[dir] {
			if !f.test && !f.generated && f.pkg != "main" {
				n += exportedNames(f.ast)
			}
		}
		if n > maxExported {
			out = append(out, Finding{Path: dir, Text: fmt.Sprintf("%d exported top-level names, expected at most %d", n, maxExported)})
		}
	}
	return out
}

// exportedNames counts types, functions, variables and constants; methods
// belong to their type.
func exportedNames(f *ast.File) int {
	n := 0
	count := func(id *ast.Ident) {
		if id.IsExported() {
			n++
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				count(d.Name)
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					count(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						count(id)
					}
				}
			}
		}
	}
	return n
}
