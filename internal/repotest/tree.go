package repotest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Tree is a file tree read for checking: the names of all its files, its Go
// files parsed and its modules. Paths are slash-separated and relative to the
// root. The zero value is an empty tree.
type Tree struct {
	fsys    fs.FS
	files   []string  // every regular file, in lexical order
	goFiles []*goFile // parsed, without testdata
	modules []module  // the root module first
}

// goFile is one parsed Go source file.
type goFile struct {
	path      string
	dir       string // "." for the root
	pkg       string // package name as written, with _test where there is one
	test      bool
	generated bool
	src       []byte
	fset      *token.FileSet
	ast       *ast.File
	imports   map[string]string // local name to import path
	module    *module
}

// module is one go.mod.
type module struct {
	dir      string // "." for the root
	path     string
	replaces []string // the left-hand sides of its replace directives
}

// skipAnywhere are folders that are not part of the sources.
var skipAnywhere = []string{".git", "node_modules", "vendor"}

// skipAtRoot are the folders that .gitignore names: data of the applications
// and installed tools.
var skipAtRoot = []string{"data", "bin"}

// Load reads the tree under fsys. A Go file outside testdata that does not
// parse is an error, as is a tree without a go.mod at its root.
func Load(fsys fs.FS) (*Tree, error) {
	t := &Tree{fsys: fsys}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone since the folder was listed
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(skipAnywhere, d.Name()) || slices.Contains(skipAtRoot, p)):
			return fs.SkipDir
		case d.Type().IsRegular():
			t.files = append(t.files, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("repotest: read tree: %w", err)
	}
	if err := t.loadModules(); err != nil {
		return nil, err
	}
	for _, p := range t.files {
		if path.Ext(p) == ".go" && !inTestdata(p) {
			f, err := t.parse(p)
			if err != nil {
				return nil, err
			}
			t.goFiles = append(t.goFiles, f)
		}
	}
	return t, nil
}

func (t *Tree) loadModules() error {
	for _, p := range t.files {
		if path.Base(p) != "go.mod" || inTestdata(p) {
			continue
		}
		src, err := fs.ReadFile(t.fsys, p)
		if err != nil {
			return fmt.Errorf("repotest: %w", err)
		}
		m := module{dir: path.Dir(p)}
		for _, d := range directives(string(src)) {
			switch d.verb {
			case "module":
				m.path = d.arg
			case "replace":
				m.replaces = append(m.replaces, d.arg)
			}
		}
		if m.path == "" {
			return fmt.Errorf("repotest: %s: no module line, expected one", p)
		}
		t.modules = append(t.modules, m)
	}
	slices.SortFunc(t.modules, func(a, b module) int { return strings.Count(a.dir, "/") - strings.Count(b.dir, "/") })
	root := slices.IndexFunc(t.modules, func(m module) bool { return m.dir == "." })
	if root < 0 {
		return errors.New("repotest: no go.mod at the root of the tree, expected one")
	}
	t.modules[0], t.modules[root] = t.modules[root], t.modules[0]
	return nil
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func (t *Tree) parse(p string) (*goFile, error) {
	src, err := fs.ReadFile(t.fsys, p)
	if err != nil {
		return nil, fmt.Errorf("repotest: %w", err)
	}
	f := &goFile{
		path:      p,
		dir:       path.Dir(p),
		test:      strings.HasSuffix(p, "_test.go"),
		generated: generatedLine.Match(src),
		src:       src,
		fset:      token.NewFileSet(),
		imports:   map[string]string{},
		module:    t.moduleOf(p),
	}
	f.ast, err = parser.ParseFile(f.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("repotest: %w", err)
	}
	f.pkg = f.ast.Name.Name
	for _, im := range f.ast.Imports {
		ip, err := strconv.Unquote(im.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("repotest: %s: import %s: %w", p, im.Path.Value, err)
		}
		name := path.Base(ip)
		if im.Name != nil {
			name = im.Name.Name
		}
		f.imports[name] = ip
	}
	return f, nil
}

// moduleOf gives the nearest module above p.
func (t *Tree) moduleOf(p string) *module {
	best := &t.modules[0]
	for i := range t.modules {
		m := &t.modules[i]
		if strings.HasPrefix(p, m.dir+"/") && len(m.dir) > len(best.dir) {
			best = m
		}
	}
	return best
}

// packages groups the Go files by folder, in lexical order.
func (t *Tree) packages() (dirs []string, files map[string][]*goFile) {
	files = map[string][]*goFile{}
	for _, f := range t.goFiles {
		if files[f.dir] == nil {
			dirs = append(dirs, f.dir)
		}
		files[f.dir] = append(files[f.dir], f)
	}
	slices.Sort(dirs)
	return dirs, files
}

// read gives a file's text; a file that cannot be read is a finding of the
// rule that asked.
func (t *Tree) read(p string) (string, error) {
	b, err := fs.ReadFile(t.fsys, p)
	return string(b), err
}

// importPath is the path under which the file's package is imported.
func (f *goFile) importPath() string {
	if f.dir == f.module.dir {
		return f.module.path
	}
	return path.Join(f.module.path, strings.TrimPrefix(f.dir, f.module.dir+"/"))
}

func (f *goFile) line(p token.Pos) int { return f.fset.Position(p).Line }

func inTestdata(p string) bool { return slices.Contains(strings.Split(p, "/"), "testdata") }

// under tells whether p is the folder dir or lies below it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// directive is one line of a go.mod or go.work, blocks unrolled.
type directive struct{ verb, arg string }

// directives splits a go.mod or go.work text. Only the first word after the
// verb is kept: it is all the rules ask for.
func directives(src string) []directive {
	var out []directive
	block := ""
	for line := range strings.Lines(src) {
		line, _, _ = strings.Cut(line, "//")
		w := strings.Fields(line)
		switch {
		case len(w) == 0:
		case w[0] == ")":
			block = ""
		case block != "":
			out = append(out, directive{block, w[0]})
		case len(w) == 2 && w[1] == "(":
			block = w[0]
		case len(w) > 1:
			out = append(out, directive{w[0], strings.Trim(w[1], `"`)})
		}
	}
	return out
}
