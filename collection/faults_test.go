package collection_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/redistest"
)

// all is one of each, with every call that reaches Redis.
type all struct {
	index   *collection.TagIndex
	pair    *collection.Pair
	feed    *collection.Feed
	set     *collection.Set
	counter *collection.Counter
	bounded *collection.BoundedCounter
	record  *collection.Record[stats]
}

func openAll(t *testing.T, rb *redbrick.Client) all {
	t.Helper()
	return all{
		must(collection.NewTagIndex(rb, "tag:<name>", collection.TagIndexOptions{}))(t),
		must(collection.NewPair(rb, favorites, favoritedBy, collection.PairOptions{}))(t),
		must(collection.NewFeed(rb, "feed:<id>", collection.FeedOptions{}))(t),
		must(collection.NewSet(rb, "set:<id>", collection.SetOptions{}))(t),
		must(collection.NewCounter(rb, "counter:<id>", collection.CounterOptions{}))(t),
		must(collection.NewBoundedCounter(rb, "bounded:<id>", collection.BoundedOptions{}))(t),
		must(collection.NewRecord[stats](rb, "record:<id>", collection.RecordOptions{}))(t),
	}
}

// call is one call with the key it fails on and the type it asks for.
type call struct {
	key, expects string
	do           func(context.Context, string) error
}

func drop[V any](_ V, err error) error { return err }

func (a all) calls() map[string]call {
	type ctx = context.Context
	tag, fav, by := a.index.Key("x"), a.pair.KeyA("x"), a.pair.KeyB("x")
	feed, set, record := a.feed.Key("x"), a.set.Key("x"), a.record.Key("x")
	counter, bounded := a.counter.Key("x"), a.bounded.Key("x")
	return map[string]call{
		"index.Replace":   {tag, "set", func(c ctx, id string) error { return a.index.Replace(c, "1", []string{id}) }},
		"index.Query":     {tag, "set", func(c ctx, id string) error { return drop(a.index.Query(c, []string{id, "y"}, 1, 1)) }},
		"index.Count":     {tag, "set", func(c ctx, id string) error { return drop(a.index.Count(c, id)) }},
		"index.Repair":    {tag, "set", func(c ctx, id string) error { return drop(a.index.Repair(c, id)) }},
		"index.Tags":      {"", "", func(c ctx, id string) error { return drop(a.index.Tags(c, id)) }},
		"index.Remove":    {"", "", func(c ctx, id string) error { return a.index.Remove(c, id) }},
		"pair.Link":       {fav, "set", func(c ctx, id string) error { return drop(a.pair.Link(c, id, "1")) }},
		"pair.Link b":     {by, "set", func(c ctx, id string) error { return drop(a.pair.Link(c, "1", id)) }},
		"pair.Unlink":     {fav, "set", func(c ctx, id string) error { return drop(a.pair.Unlink(c, id, "1")) }},
		"pair.Linked":     {fav, "set", func(c ctx, id string) error { return drop(a.pair.Linked(c, id, "1")) }},
		"pair.OfA":        {fav, "set", func(c ctx, id string) error { return drop(a.pair.OfA(c, id, 1, 1)) }},
		"pair.OfB":        {by, "set", func(c ctx, id string) error { return drop(a.pair.OfB(c, id, 1, 1)) }},
		"pair.CountA":     {fav, "set", func(c ctx, id string) error { return drop(a.pair.CountA(c, id)) }},
		"pair.CountB":     {by, "set", func(c ctx, id string) error { return drop(a.pair.CountB(c, id)) }},
		"pair.ReplaceA":   {fav, "set", func(c ctx, id string) error { return a.pair.ReplaceA(c, id, []string{"1"}) }},
		"pair.RemoveA":    {fav, "set", func(c ctx, id string) error { return a.pair.RemoveA(c, id) }},
		"pair.RemoveB":    {by, "set", func(c ctx, id string) error { return a.pair.RemoveB(c, id) }},
		"pair.RepairB":    {by, "set", func(c ctx, id string) error { return drop(a.pair.RepairB(c, id)) }},
		"feed.Push":       {feed, "list", func(c ctx, id string) error { return drop(a.feed.Push(c, id, "v")) }},
		"feed.Page":       {feed, "list", func(c ctx, id string) error { return drop(a.feed.Page(c, id, 1, 1)) }},
		"feed.Len":        {feed, "list", func(c ctx, id string) error { return drop(a.feed.Len(c, id)) }},
		"feed.Remove":     {feed, "list", func(c ctx, id string) error { return drop(a.feed.Remove(c, id, "v")) }},
		"feed.Clear":      {"", "", func(c ctx, id string) error { return drop(a.feed.Clear(c, id)) }},
		"set.Add":         {set, "set", func(c ctx, id string) error { return drop(a.set.Add(c, id, "m")) }},
		"set.Remove":      {set, "set", func(c ctx, id string) error { return drop(a.set.Remove(c, id, "m")) }},
		"set.Has":         {set, "set", func(c ctx, id string) error { return drop(a.set.Has(c, id, "m")) }},
		"set.Members":     {set, "set", func(c ctx, id string) error { return drop(a.set.Members(c, id, 1, 1)) }},
		"set.Count":       {set, "set", func(c ctx, id string) error { return drop(a.set.Count(c, id)) }},
		"set.All":         {set, "set", a.walk},
		"set.Clear":       {"", "", func(c ctx, id string) error { return drop(a.set.Clear(c, id)) }},
		"counter.Incr":    {counter, "string", func(c ctx, id string) error { return drop(a.counter.Incr(c, id)) }},
		"counter.Get":     {counter, "string", func(c ctx, id string) error { return drop(a.counter.Get(c, id)) }},
		"counter.Reset":   {"", "", func(c ctx, id string) error { return drop(a.counter.Reset(c, id)) }},
		"bounded.Take":    {bounded, "string", func(c ctx, id string) error { return drop(a.bounded.Take(c, id, 1)) }},
		"bounded.Give":    {bounded, "string", func(c ctx, id string) error { return drop(a.bounded.Give(c, id, 1)) }},
		"bounded.Set":     {bounded, "string", func(c ctx, id string) error { return a.bounded.Set(c, id, 1) }},
		"bounded.GetMany": {bounded, "string", func(c ctx, id string) error { return drop(a.bounded.GetMany(c, id)) }},
		"bounded.Init":    {"", "", func(c ctx, id string) error { return drop(a.bounded.Init(c, id, 1)) }},
		"bounded.Delete":  {"", "", func(c ctx, id string) error { return drop(a.bounded.Delete(c, id)) }},
		"record.GetMany":  {record, "hash", func(c ctx, id string) error { return drop(a.record.GetMany(c, []string{id})) }},
		"record.Set":      {record, "hash", func(c ctx, id string) error { return a.record.Set(c, id, stats{}) }},
		"record.Update":   {record, "hash", func(c ctx, id string) error { return drop(a.record.Update(c, id, stats{}, "views")) }},
		"record.Upsert":   {record, "hash", func(c ctx, id string) error { return a.record.Upsert(c, id, stats{}, "views") }},
		"record.IncrMany": {record, "hash", func(c ctx, id string) error {
			return a.record.IncrMany(c, collection.Increment{ID: id, By: map[string]int64{"views": 1}})[0].Err
		}},
		"record.Delete": {"", "", func(c ctx, id string) error { return drop(a.record.Delete(c, id)) }},
	}
}

func (a all) walk(c context.Context, id string) error {
	for _, err := range a.set.All(c, id) {
		if err != nil {
			return err
		}
	}
	return nil
}

// A key of another type is named, with what was expected, and stays as it is.
func TestWrongType(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for name, c := range openAll(t, rb).calls() {
			if c.key == "" {
				continue
			}
			if c.expects == "list" || c.expects == "hash" {
				ok(t, rb.Do(t.Context(), rb.B().Set().Key(c.key).Value("foreign").Build()).Error())
			} else {
				ok(t, rb.Do(t.Context(), rb.B().Lpush().Key(c.key).Element("foreign").Build()).Error())
			}
			err := c.do(t.Context(), "x")
			if !errors.Is(err, collection.ErrWrongType) || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), "expected a "+c.expects) {
				t.Errorf("%s: error %v, expected %v that names %s and a %s", name, err, collection.ErrWrongType, c.key, c.expects)
			}
			kind := must(rb.Do(t.Context(), rb.B().Type().Key(c.key).Build()).ToString())(t)
			if kind == c.expects {
				t.Errorf("%s turned the foreign key into a %s", name, kind)
			}
			ok(t, rb.Do(t.Context(), rb.B().Unlink().Key(c.key).Build()).Error())
		}
	})
}

func TestEmptyIDs(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	for name, c := range openAll(t, rb).calls() {
		if err := c.do(t.Context(), ""); !errors.Is(err, collection.ErrInvalid) {
			t.Errorf("%s: error %v, expected %v", name, err, collection.ErrInvalid)
		}
	}
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	a := openAll(t, redistest.Open(t, "embedded"))
	ctx := t.Context()
	_, err := a.index.Query(ctx, nil, 0, 0)
	for _, part := range []string{"tags is []", "page is 0, expected 1 or more"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, expected it to say %q", err, part)
		}
	}
	for text, err := range map[string]error{
		`limit is 1001, expected 1 to 1000`:                            drop(a.feed.Page(ctx, "1", 1, 1001)),
		`n is 0, expected 1 to 9007199254740991`:                       drop(a.bounded.Take(ctx, "1", 0)),
		`n is -1, expected 1`:                                          drop(a.bounded.Give(ctx, "1", -1)),
		`value is -1, expected 0 to 9007199254740991`:                  a.bounded.Set(ctx, "1", -1),
		`fields is [], expected at least one name`:                     drop(a.record.Update(ctx, "1", stats{})),
		`field is "nope", expected one of views, likes, Shares, title`: drop(a.record.GetMany(ctx, []string{"1"}, "nope")),
		`field is "title", expected an integer field`:                  a.record.IncrMany(ctx, collection.Increment{ID: "1", By: map[string]int64{"title": 1}})[0].Err,
		`name is "", expected an id`:                                   a.index.Replace(ctx, "1", []string{""}),
	} {
		if !errors.Is(err, collection.ErrInvalid) || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, expected %v with %q", err, collection.ErrInvalid, text)
		}
	}
}

func TestBadFieldText(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		rec := must(collection.NewRecord[everything](rb, "all:<id>", collection.RecordOptions{}))(t)
		for field, expected := range map[string]string{
			"int": "an integer of 64 bits", "small": "an integer of 8 bits", "big": "an integer from 0 on", "float": "a number",
			"flag": "true or false", "at": "a time as in 2006", "tags": "JSON of a []string",
		} {
			ok(t, rb.Do(t.Context(), rb.B().Hset().Key(rec.Key(field)).FieldValue().FieldValue(field, "?"+strings.Repeat("x", 1000)).Build()).Error())
			_, _, err := rec.Get(t.Context(), field)
			if !errors.Is(err, collection.ErrField) || !strings.Contains(err.Error(), "expected "+expected) || len(err.Error()) > 400 {
				t.Errorf("%s: error %v, expected %v with %q", field, err, collection.ErrField, expected)
			}
		}
	})
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	feed := func(pattern string, o collection.FeedOptions) error { return drop(collection.NewFeed(rb, pattern, o)) }
	for text, err := range map[string]error{
		`pattern is "feed", expected one placeholder`:   feed("feed", collection.FeedOptions{}),
		`pattern is "a:<id", expected`:                  feed("a:<id", collection.FeedOptions{}),
		`pattern is "a:<>", expected`:                   feed("a:<>", collection.FeedOptions{}),
		`pattern is "<id>", expected something before`:  feed("<id>", collection.FeedOptions{}),
		`pattern is "a:<b>:<c>", expected one`:          feed("a:<b>:<c>", collection.FeedOptions{}),
		`pattern is "{a}:<id>", expected one`:           feed("{a}:<id>", collection.FeedOptions{}),
		`pattern is "a*:<id>", expected one`:            feed("a*:<id>", collection.FeedOptions{}),
		`FeedOptions.Cap is 10001, expected 1 to 10000`: feed("f:<id>", collection.FeedOptions{Cap: 10001}),
		`FeedOptions.TTL is 1µs, expected at least 1ms`: feed("f:<id>", collection.FeedOptions{TTL: time.Microsecond}),
		`SetOptions.Order is 9, expected Lexical`:       drop(collection.NewSet(rb, "s:<id>", collection.SetOptions{Order: 9})),
		`CounterOptions.TTL is -1s`:                     drop(collection.NewCounter(rb, "c:<id>", collection.CounterOptions{TTL: -time.Second})),
		`BoundedOptions.Max is 3, expected Min (5)`:     drop(collection.NewBoundedCounter(rb, "b:<id>", collection.BoundedOptions{Min: 5, Max: 3})),
		`PairOptions.OrderB is -1`:                      drop(collection.NewPair(rb, "a:<id>", "b:<id>", collection.PairOptions{OrderB: -1})),
		`expected two keys`:                             drop(collection.NewPair(rb, "a:<id>", "a:<id>", collection.PairOptions{})),
		`record type int is no struct`:                  drop(collection.NewRecord[int](rb, "r:<id>", collection.RecordOptions{})),
		`has no exported field`:                         drop(collection.NewRecord[struct{ a int }](rb, "r:<id>", collection.RecordOptions{})),
		`two fields with the name "x"`: drop(collection.NewRecord[struct {
			X, Y int `redis:"x"`
		}](rb, "r:<id>", collection.RecordOptions{})),
		`has field F of type func(), which has no text`: drop(collection.NewRecord[struct{ F func() }](rb, "r:<id>", collection.RecordOptions{})),
	} {
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, expected %v with %q", err, redbrick.ErrConfig, text)
		}
	}
	err := feed("nope", collection.FeedOptions{Cap: -1, TTL: -1})
	for _, part := range []string{"pattern", "FeedOptions.Cap", "FeedOptions.TTL"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, expected all faults at once, %s too", err, part)
		}
	}
}

// Two owners of one key pattern are refused.
func TestOneOwner(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	must(collection.NewFeed(rb, "user:<id>:x", collection.FeedOptions{}))(t)
	must(collection.NewFeed(rb, "user:<id>:x", collection.FeedOptions{}))(t)
	is(t, drop(collection.NewSet(rb, "user:<id>:x", collection.SetOptions{})), redbrick.ErrConfig)
}

func TestLongIDs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		long := strings.Repeat("é", 5000)
		a := openAll(t, rb)
		for name, c := range a.calls() {
			if err := c.do(t.Context(), long); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		ok(t, a.index.Replace(t.Context(), long, []string{long + "!"}))
		equal(t, "found", must(a.index.Query(t.Context(), []string{long + "!"}, 1, 10))(t).Items, []string{long})
		if n := len(a.feed.Key(long)); n > 200 {
			t.Errorf("key of %d bytes, expected a short one", n)
		}
	})
}
