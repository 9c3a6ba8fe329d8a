package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// document is what the tests read of the description.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties           map[string]json.RawMessage `json:"properties"`
			Required             []string                   `json:"required"`
			AdditionalProperties *json.RawMessage           `json:"additionalProperties"`
		} `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	OperationID string `json:"operationId"`
	Security    []any  `json:"security"`
	Parameters  []struct {
		Ref  string `json:"$ref"`
		Name string `json:"name"`
	} `json:"parameters"`
	Responses map[string]json.RawMessage `json:"responses"`
}

func described(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// doors are the writes of those who are not logged in.
var doors = []string{"/api/auth/register", "/api/auth/login", "/api/auth/logout", "/api/auth/password/forgot", "/api/auth/password/reset"}

// The description has every route and no other.
func TestDescriptionHasTheRoutes(t *testing.T) {
	t.Parallel()
	d := described(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	var want, got []string
	for _, r := range (&handler{}).routes() {
		want = append(want, r.method+" "+r.path)
		if limited := r.access == door || r.access == letter; limited != (slices.Contains(doors, r.path) && r.path != "/api/auth/logout") {
			t.Errorf("%s %s: is limited as one of the doors: %t", r.method, r.path, limited)
		}
	}
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, text := range operations {
			var o operation
			if err := json.Unmarshal(text, &o); err != nil {
				t.Fatal(err)
			}
			method = strings.ToUpper(method)
			got = append(got, method+" "+path)
			if ids[o.OperationID] || o.OperationID == "" {
				t.Errorf("%s %s: operationId %q is empty or there twice", method, path, o.OperationID)
			}
			ids[o.OperationID] = true
			door := slices.Contains(doors, path)
			if _, has := o.Responses["401"]; has != (len(o.Security) > 0) && path != "/api/auth/login" {
				t.Errorf("%s %s: security and 401 do not go together", method, path)
			}
			if method != http.MethodGet && len(o.Security) == 0 && !door || door && len(o.Security) > 0 {
				t.Errorf("%s %s: a write that everybody may do, or a door that is shut", method, path)
			}
			for _, name := range []string{"id", "item"} {
				named := slices.ContainsFunc(o.Parameters, func(p struct {
					Ref  string `json:"$ref"`
					Name string `json:"name"`
				}) bool {
					return p.Name == name || strings.EqualFold(p.Ref, "#/components/parameters/"+name) || name == "id" && strings.HasSuffix(p.Ref, "/recipeId")
				})
				if named != strings.Contains(path, "{"+name+"}") {
					t.Errorf("%s %s: parameter %s is described: %t", method, path, name, named)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
}

// Every schema has the members that the Go type has.
func TestDescriptionHasTheMembers(t *testing.T) {
	t.Parallel()
	d := described(t)
	for name, value := range map[string]any{
		"Recipe": shop.Recipe{}, "PopularRecipe": catalog.PopularRecipe{}, "RecipeDraft": shop.RecipeDraft{}, "RecipePatch": shop.RecipePatch{},
		"Ingredient": shop.Ingredient{}, "RecipeStats": shop.RecipeStats{}, "RatingSummary": shop.RatingSummary{}, "User": shop.User{}, "UserPatch": shop.UserPatch{},
		"Activity": catalog.Activity{}, "Stock": catalog.Stock{}, "InventoryItem": shop.InventoryItem{}, "PlannedMeal": shop.PlannedMeal{}, "MealPlan": shop.MealPlan{},
		"Registration": account.Registration{}, "Login": loginBody{}, "Device": Device{},
		"ShoppingItem": shop.ShoppingItem{}, "ShoppingList": shop.ShoppingList{},
	} {
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
	// Every reference leads somewhere.
	for _, part := range strings.Split(string(openAPI), `"#/`)[1:] {
		path, _, _ := strings.Cut(part, `"`)
		var at any
		if err := json.Unmarshal(openAPI, &at); err != nil {
			t.Fatal(err)
		}
		for step := range strings.SplitSeq(path, "/") {
			node, ok := at.(map[string]any)
			if !ok || node[step] == nil {
				t.Fatalf("#/%s leads nowhere", path)
			}
			at = node[step]
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
