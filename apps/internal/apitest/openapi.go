package apitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/internal/api"
)

// document is what the tests read of a description.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Parameters map[string]parameter `json:"parameters"`
		Schemas    map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
			Required   []string                   `json:"required"`
		} `json:"schemas"`
	} `json:"components"`
}

type parameter struct {
	Ref  string `json:"$ref"`
	Name string `json:"name"`
	In   string `json:"in"`
}

type operation struct {
	OperationID string                     `json:"operationId"`
	Security    []any                      `json:"security"`
	Parameters  []parameter                `json:"parameters"`
	Responses   map[string]json.RawMessage `json:"responses"`
}

func parse(t *testing.T, description []byte) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(description, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var inPath = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

// Routes expects a description to have every route and no other. open are those writes that
// everybody may send, as "POST /path".
func Routes(t *testing.T, description []byte, routes []api.Route, open ...string) {
	t.Helper()
	d := parse(t, description)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q, want 3.1.0", d.OpenAPI)
	}
	var want, got []string
	for _, r := range routes {
		want = append(want, r.Method+" "+r.Path)
	}
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, text := range operations {
			var o operation
			if err := json.Unmarshal(text, &o); err != nil {
				t.Fatal(err)
			}
			name := strings.ToUpper(method) + " " + path
			got = append(got, name)
			if ids[o.OperationID] || o.OperationID == "" {
				t.Errorf("%s: operationId %q is empty or there twice", name, o.OperationID)
			}
			ids[o.OperationID] = true
			checkAccess(t, name, o, slices.Contains(open, name))
			d.checkParameters(t, name, path, o)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
	references(t, description)
}

func checkAccess(t *testing.T, name string, o operation, open bool) {
	t.Helper()
	_, refuses := o.Responses["401"]
	switch {
	case len(o.Security) > 0 && !refuses:
		t.Errorf("%s has security and no 401", name)
	case len(o.Security) == 0 && !open && (refuses || !strings.HasPrefix(name, http.MethodGet)):
		t.Errorf("%s: a write, or a 401, of a route that everybody may use", name)
	}
}

// checkParameters compares what the path has with what is described.
func (d document) checkParameters(t *testing.T, name, path string, o operation) {
	t.Helper()
	var want, got []string
	for _, m := range inPath.FindAllStringSubmatch(path, -1) {
		want = append(want, m[1])
	}
	for _, p := range o.Parameters {
		if p.Ref != "" {
			p = d.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
		}
		if p.In == "path" {
			got = append(got, p.Name)
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("%s describes the parameters %q, want %q", name, got, want)
	}
}

// references expects every reference of a description to lead somewhere.
func references(t *testing.T, description []byte) {
	t.Helper()
	var all any
	if err := json.Unmarshal(description, &all); err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(description), `"#/`)[1:] {
		path, _, _ := strings.Cut(part, `"`)
		at := all
		for step := range strings.SplitSeq(path, "/") {
			node, ok := at.(map[string]any)
			if !ok || node[step] == nil {
				t.Fatalf("#/%s leads nowhere", path)
			}
			at = node[step]
		}
	}
}

// Members expects each schema to have the members that its Go type has in JSON.
func Members(t *testing.T, description []byte, types map[string]any) {
	t.Helper()
	d := parse(t, description)
	for name, value := range types {
		schema, ok := d.Components.Schemas[name]
		if !ok {
			t.Errorf("no schema %s", name)
			continue
		}
		want := slices.Sorted(slices.Values(members(reflect.TypeOf(value))))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(schema.Properties))); diff != "" {
			t.Errorf("%s (-Go +described):\n%s", name, diff)
		}
		for _, r := range schema.Required {
			if !slices.Contains(want, r) {
				t.Errorf("%s requires %s, which it does not have", name, r)
			}
		}
	}
}

// members are the names that encoding/json gives to a struct's fields.
func members(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
