package cli

import (
	"strings"
	"testing"
	"time"
)

func TestRulesAreReadWithAllTheirFields(t *testing.T) {
	t.Parallel()
	rules, err := readRules("rules.json", []byte(`[
	{"path": "/api/recipes", "ttl": "1m", "query": ["tag", "page"], "tags": ["recipes"], "varyBy": ["Accept-Language"], "shared": true,
	 "staleWhileRevalidate": "30s", "staleIfError": "1h", "maxBody": 1000, "noCompress": true, "invalidates": ["recipes"],
	 "limit": {"requests": 100, "window": "1m", "burst": 10}},
	{"path": "/static/*", "bypass": true}
]`))
	if err != nil || len(rules) != 2 {
		t.Fatalf("%+v, %v", rules, err)
	}
	first := rules[0].cached()
	if first.TTL != time.Minute || first.StaleWhileRevalidate != 30*time.Second || first.StaleIfError != time.Hour || !first.Shared || first.MaxBody != 1000 || !first.NoCompress ||
		strings.Join(first.Query, " ") != "tag page" || strings.Join(first.VaryBy, " ") != "Accept-Language" || strings.Join(first.Tags(nil), " ") != "recipes" || first.When != nil {
		t.Errorf("%+v", first)
	}
	if p := rules[0].policy(); p.Name != "proxy._2fapi_2frecipes" || p.Limit != 100 || p.Window != time.Minute || p.Burst != 10 {
		t.Errorf("%+v", p)
	}
	if second := rules[1].cached(); second.When == nil || second.When(nil) || second.Query != nil {
		t.Errorf("%+v", second)
	}
	if rules, err = readRules("rules.json", []byte("[]")); err != nil || len(rules) != 0 {
		t.Errorf("none: %v, %v", rules, err)
	}
}

// Every fault is told at once, with the line where it is.
func TestFaultsOfRulesNameTheirLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"no array", `{"path": "/"}`, []string{"r.json:1: ", "JSON array"}},
		{"nothing", ``, []string{"r.json:1: "}},
		{"no JSON", "[\n{\"path\": \"/\",\n \"ttl\": }\n]", []string{"r.json:3: ", "invalid character"}},
		{"no end", "[\n{\"path\": \"/\"}\n", []string{"r.json:3: ", "]"}},
		{"more than an array", "[]\n{}", []string{"r.json:", "nothing after"}},
		{"an unknown field", "[\n{\"path\": \"/\",\n\n\"tll\": \"1m\"}]", []string{"r.json:4: ", `"tll"`, "no field"}},
		{"a bad duration", "[\n{\"path\": \"/\",\n\"staleIfError\": \"soon\"}]", []string{"r.json:3: ", `"soon"`, `"90s"`}},
		{"a duration below zero", "[{\"path\": \"/\",\n\"ttl\": \"-1s\"}]", []string{"r.json:2: ", `"-1s"`}},
		{"a number for a duration", "[{\"path\": \"/\",\n\"ttl\": 60}]", []string{"r.json:2: ", "ttl is a number", "in quotes"}},
		{"a word for a list", "[{\"path\": \"/\",\n\n\"query\": \"a\"}]", []string{"r.json:3: ", "query is a string", "array of strings"}},
		{"no path", "[\n\n{\"ttl\": \"1m\"}]", []string{"r.json:3: ", `path is ""`}},
		{"a path without a slash", "[{\n\"path\": \"api\"}]", []string{"r.json:2: ", `"api"`, "slash"}},
		{"an asterisk in the middle", "[{\n\"path\": \"/a/*/b\"}]", []string{"r.json:2: ", `"/a/*/b"`, "at its end"}},
		{"a path twice", "[{\"path\": \"/a\"},\n{\"path\": \"/b\"},\n{\"path\": \"/a\"}]", []string{"r.json:3: ", `"/a"`, "line 1"}},
		{"what the cache refuses", "[{\"path\": \"/a\",\n\"varyBy\": [\"a b\"]}]", []string{"r.json:2: ", "VaryBy", `"a b"`}},
		{"a limit of nothing", "[{\"path\": \"/a\", \"limit\": {\n\"requests\": 0,\n\"window\": \"0s\"}}]", []string{"r.json:2: requests is 0", "r.json:3: window is 0s"}},
		{"several at once", "[{\"path\": \"a\"},\n{\"path\": \"b\"},\n{\"x\": 1}]", []string{"r.json:1: ", "r.json:2: ", "r.json:3: "}},
	} {
		_, err := readRules("r.json", []byte(c.text))
		if err == nil {
			t.Errorf("%s: no fault", c.name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: lacks %q:\n%v", c.name, w, err)
			}
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add(`[{"path": "/a", "ttl": "1m", "limit": {"requests": 1, "window": "1s"}}, {"path": "/b*"}]`)
	f.Add(`[{"path": "/a", "x": 1}]`)
	f.Add(`[{"path": 1}] x`)
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := readRules("r", []byte(text))
		if err == nil {
			for i := range rules {
				if check := rules[i].cached().Check(); check != nil || !strings.HasPrefix(rules[i].Path, "/") {
					t.Fatalf("%+v was accepted: %v", rules[i], check)
				}
			}
		} else if !strings.HasPrefix(err.Error(), "r:") {
			t.Fatalf("no line in %v", err)
		}
	})
}
