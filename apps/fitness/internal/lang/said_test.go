package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// texts says which argument of a function is what a person reads.
var texts = map[string]int{
	"say": 4, "Refuse": 1, "Invalid": 1, "NewFieldError": 1, "Fail": 1, "BadRequest": 1, "bad": 0, "refuse": 1, "Word": 0,
}

// said gives the texts in the sources of this program and of what it shares with others, by where they stand. One that is put
// together from a variable and an end begins with the mark.
func said(t *testing.T, mark string) map[string]token.Position {
	t.Helper()
	files := token.NewFileSet()
	all := map[string]token.Position{}
	note := func(e ast.Expr) {
		head := ""
		if sum, ok := e.(*ast.BinaryExpr); ok {
			head, e = mark, sum.Y
		}
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			all[head+text] = files.Position(lit.Pos())
		}
	}
	for _, dir := range []string{"../train", "../studio", "../account", "../web", "../sqlstore", "../../../internal/domain", "../../../internal/httpjson", "../../../internal/api"} {
		sources, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
		if err != nil || len(sources) == 0 {
			t.Fatalf("%s has %d sources, %v", dir, len(sources), err)
		}
		for _, path := range sources {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					name := ""
					switch f := n.Fun.(type) {
					case *ast.Ident:
						name = f.Name
					case *ast.SelectorExpr:
						name = f.Sel.Name
					}
					if i, ok := texts[name]; ok && i < len(n.Args) {
						note(n.Args[i])
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Text" {
						note(n.Value)
					}
				case *ast.ValueSpec:
					if n.Names[0].Name == "format" {
						note(n.Values[0])
					}
				case *ast.FuncDecl:
					if result := n.Type.Results; result != nil && len(result.List) == 1 {
						if kind, ok := result.List[0].Type.(*ast.Ident); ok && kind.Name == "Word" {
							ast.Inspect(n.Body, func(n ast.Node) bool {
								if r, ok := n.(*ast.ReturnStmt); ok {
									note(r.Results[0])
								}
								return true
							})
						}
					}
				}
				return true
			})
		}
	}
	return all
}

// Every text that the program says to a person has its Vietnamese one, and no translation is of a text that nobody says.
func TestEveryMessageIsTranslated(t *testing.T) {
	t.Parallel()
	const mark = "*"
	all := said(t, mark)
	if len(all) < 50 {
		t.Fatalf("%d texts were found: the test looks at nothing", len(all))
	}
	for text, where := range all {
		end, open := strings.CutPrefix(text, mark)
		translated := false
		for english := range vietnamese {
			translated = translated || english == text || open && strings.HasSuffix(english, end)
		}
		if !translated {
			t.Errorf("%s: %q has no Vietnamese text", where, text)
		}
	}
	for english := range vietnamese {
		if _, ok := all[english]; ok {
			continue
		}
		spoken := false
		for text := range all {
			end, open := strings.CutPrefix(text, mark)
			spoken = spoken || open && strings.HasSuffix(english, end)
		}
		if !spoken {
			t.Errorf("nobody says %q", english)
		}
	}
}
