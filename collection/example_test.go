package collection_test

import (
	"context"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
)

// open gives the examples the embedded engine.
func open() (*redbrick.Client, context.Context) {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	check(err)
	return rb, ctx
}

func check(errs ...error) {
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
}

func ExampleTagIndex() {
	rb, ctx := open()
	defer rb.Close()
	tags, err := collection.NewTagIndex(rb, "tag:<name>", collection.TagIndexOptions{Order: collection.NumericDescending})
	check(err)
	check(
		tags.Replace(ctx, "1", []string{"italian", "quick"}),
		tags.Replace(ctx, "2", []string{"italian"}),
		tags.Replace(ctx, "10", []string{"italian", "quick", "vegan"}),
		tags.Replace(ctx, "10", []string{"italian", "quick"}),
	)
	page, err := tags.Query(ctx, []string{"italian", "quick"}, 1, 10)
	check(err)
	fmt.Println(page.Items, page.Total, tags.Key("italian"))
	// Output: [10 1] 2 tag:italian
}

func ExamplePair() {
	rb, ctx := open()
	defer rb.Close()
	favorites, err := collection.NewPair(rb, "user:<id>:favorites", "recipe:<id>:favorited_by", collection.PairOptions{})
	check(err)
	first, err := favorites.Link(ctx, "1", "7")
	check(err)
	second, err := favorites.Link(ctx, "1", "7")
	check(err)
	admirers, err := favorites.OfB(ctx, "7", 1, 10)
	check(err)
	fmt.Println(first, second, admirers.Items)
	// Output: true false [1]
}

func ExampleFeed() {
	rb, ctx := open()
	defer rb.Close()
	recent, err := collection.NewFeed(rb, "user:<id>:recent_recipes", collection.FeedOptions{Cap: 3, Unique: true})
	check(err)
	_, err = recent.Push(ctx, "1", "7", "8", "9", "10", "8")
	check(err)
	page, err := recent.Page(ctx, "1", 1, 10)
	check(err)
	fmt.Println(page.Items)
	// Output: [8 10 9]
}

func ExampleSet() {
	rb, ctx := open()
	defer rb.Close()
	seen, err := collection.NewSet(rb, "seen:<campaign>", collection.SetOptions{})
	check(err)
	added, err := seen.Add(ctx, "spring", "ann", "bob", "ann")
	check(err)
	has, err := seen.Has(ctx, "spring", "ann")
	check(err)
	fmt.Println(added, has)
	// Output: 2 true
}

func ExampleBoundedCounter() {
	rb, ctx := open()
	defer rb.Close()
	stock, err := collection.NewBoundedCounter(rb, "inventory:<item>:stock", collection.BoundedOptions{})
	check(err)
	check(stock.Set(ctx, "egg", 10))
	first, err := stock.Take(ctx, "egg", 6)
	check(err)
	second, err := stock.Take(ctx, "egg", 6)
	check(err)
	fmt.Println(first.OK, first.Value)
	fmt.Println(second.OK, second.Value)
	// Output:
	// true 4
	// false 4
}

func ExampleCounter() {
	rb, ctx := open()
	defer rb.Close()
	visits, err := collection.NewCounter(rb, "visits:<page>", collection.CounterOptions{})
	check(err)
	for range 3 {
		_, err := visits.Incr(ctx, "home")
		check(err)
	}
	n, err := visits.Get(ctx, "home")
	check(err)
	fmt.Println(n)
	// Output: 3
}

func ExampleRecord() {
	rb, ctx := open()
	defer rb.Close()
	type Stats struct {
		Views int64    `json:"views"`
		Likes int64    `json:"likes"`
		Best  []string `json:"best"`
	}
	stats, err := collection.NewRecord[Stats](rb, "recipe:<id>:stats", collection.RecordOptions{})
	check(err)
	check(stats.Set(ctx, "7", Stats{Views: 1, Best: []string{"taste"}}))
	views, _, err := stats.Incr(ctx, "7", "views", 2)
	check(err)
	part, _, err := stats.Get(ctx, "7", "views")
	check(err)
	_, found, err := stats.Incr(ctx, "8", "views", 1) // there is no such record, and none is made
	check(err)
	fmt.Println(views, part, found)
	// Output: 3 {3 0 []} false
}

// Commands on keys of several collections go in one pipeline of the client: Key gives the keys.
func Example_pipeline() {
	rb, ctx := open()
	defer rb.Close()
	type Stats struct {
		Views int64 `json:"views"`
	}
	stats, err := collection.NewRecord[Stats](rb, "recipe:<id>:stats", collection.RecordOptions{})
	check(err)
	recent, err := collection.NewFeed(rb, "user:<id>:recent_recipes", collection.FeedOptions{})
	check(err)
	stock, err := collection.NewBoundedCounter(rb, "inventory:<item>:stock", collection.BoundedOptions{})
	check(err)
	check(stats.Set(ctx, "7", Stats{Views: 41}), stock.Set(ctx, "egg", 12))

	replies := rb.DoMulti(ctx,
		rb.B().Hincrby().Key(stats.Key("7")).Field("views").Increment(1).Build(),
		rb.B().Lpush().Key(recent.Key("1")).Element("7").Build(),
		rb.B().Get().Key(stock.Key("egg")).Build(),
		rb.B().Set().Key("greeting").Value("hello").ExSeconds(60).Build(),
	)
	views, err := replies[0].AsInt64()
	check(err)
	eggs, err := replies[2].AsInt64()
	check(err)
	page, err := recent.Page(ctx, "1", 1, 10)
	check(err, replies[1].Error(), replies[3].Error())
	fmt.Println(views, eggs, page.Items)
	// Output: 42 12 [7]
}
