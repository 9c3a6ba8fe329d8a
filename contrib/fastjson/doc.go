// Package fastjson is a codec for caches of package cache that decodes about twice as fast as the default, with
// github.com/goccy/go-json. Values are the same plain JSON under the same name, so a cache may take it up, or give it up, while
// others use the default on the same keys.
//
//	recipes, err := cache.New(rb, "recipe", cache.Options[Recipe]{Codec: fastjson.Codec[Recipe](), Load: repo.Recipe})
//
// It is not the default because its decoder relies on how the Go runtime lays out memory and because it accepts some texts
// that are no JSON: see docs/adr/0008. What encoding/json accepts it decodes alike, which the tests compare.
package fastjson
