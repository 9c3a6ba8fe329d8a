package cache_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
)

func ExampleNew() {
	type Recipe struct {
		Name   string `json:"name"`
		Author string `json:"author"`
	}
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{}) // or URL: "redis://localhost:6379"
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	recipes, err := cache.New(rb, "recipe", cache.Options[Recipe]{
		TTL: time.Hour,
		Load: func(ctx context.Context, id string) (Recipe, error) {
			fmt.Println("loading", id) // from the database
			return Recipe{Name: "Goulash", Author: "anna"}, nil
		},
		Tags: func(id string, r Recipe) []string { return []string{"author:" + r.Author} },
	})
	if err != nil {
		panic(err)
	}
	r, err := recipes.Get(ctx, "42") // loads
	fmt.Println(r.Name, err)
	r, err = recipes.Get(ctx, "42") // does not
	fmt.Println(r.Name, err)
	err = recipes.InvalidateTags(ctx, "author:anna")
	fmt.Println("all of anna's are invalid:", err == nil)
	r, err = recipes.Get(ctx, "42") // loads again
	fmt.Println(r.Name, err)
	// Output:
	// loading 42
	// Goulash <nil>
	// Goulash <nil>
	// all of anna's are invalid: true
	// loading 42
	// Goulash <nil>
}

func ExampleCache_GetMany() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	prices, err := cache.New(rb, "price", cache.Options[int]{
		LoadMany: func(ctx context.Context, ids []string) (map[string]int, error) {
			fmt.Println("SELECT price FROM products WHERE id IN", ids)
			rows := map[string]int{"apple": 3, "pear": 4, "plum": 2}
			maps.DeleteFunc(rows, func(id string, _ int) bool { return !slices.Contains(ids, id) })
			return rows, nil
		},
	})
	if err != nil {
		panic(err)
	}
	for _, ids := range [][]string{{"apple", "stone"}, {"apple", "pear", "stone", "plum"}} {
		got, err := prices.GetMany(ctx, ids)
		fmt.Println(got, err)
	}
	// Output:
	// SELECT price FROM products WHERE id IN [apple stone]
	// map[apple:3] <nil>
	// SELECT price FROM products WHERE id IN [pear plum]
	// map[apple:3 pear:4 plum:2] <nil>
}

func ExampleCache_WriteThrough() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	database := map[string]string{"1": "soup"}
	names, err := cache.New(rb, "name", cache.Options[string]{
		Load: func(ctx context.Context, id string) (string, error) { return database[id], nil },
	})
	if err != nil {
		panic(err)
	}
	name, err := names.Get(ctx, "1")
	fmt.Println(name, err)
	// The database comes first; what is cached is what can be read there afterwards.
	name, err = names.WriteThrough(ctx, "1", func(ctx context.Context) error {
		database["1"] = "stew"
		return nil
	})
	fmt.Println(name, err)
	name, err = names.Get(ctx, "1")
	fmt.Println(name, err)
	// Output:
	// soup <nil>
	// stew <nil>
	// stew <nil>
}
