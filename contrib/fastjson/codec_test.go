package fastjson_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/contrib/fastjson"
)

type step struct {
	Text    string        `json:"text"`
	Takes   time.Duration `json:"takes,omitempty"`
	Picture []byte        `json:"picture"`
}

type dish struct {
	ID       int64             `json:"id"`
	Name     string            `json:"name"`
	Price    float64           `json:"price"`
	Vegan    bool              `json:"vegan"`
	Tags     []string          `json:"tags"`
	Steps    []step            `json:"steps"`
	Notes    map[string]string `json:"notes"`
	Parent   *dish             `json:"parent"`
	Made     time.Time         `json:"made"`
	Anything any               `json:"anything"`
	Raw      json.RawMessage   `json:"raw"`
}

func dishes() []dish {
	return []dish{
		{},
		{ID: math.MaxInt64, Name: "Kürbis \u2028 <&> \"x\" \\", Price: 1e-9, Vegan: true, Tags: []string{}, Raw: json.RawMessage(`{"a":[1]}`)},
		{ID: math.MinInt64, Tags: []string{"a", ""}, Steps: []step{{"stir", time.Minute, []byte{0, 255}}, {}}, Made: time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)},
		{Parent: &dish{Name: "stock", Parent: &dish{}}, Notes: map[string]string{"": "x", "y": ""}, Anything: map[string]any{"n": 1.5, "l": []any{nil, true}}},
		{Name: strings.Repeat("long ", 10_000)},
	}
}

func TestWhatOneWritesTheOtherReads(t *testing.T) {
	t.Parallel()
	fast, std := fastjson.Codec[dish](), cache.JSON[dish]()
	if fast.Name() != std.Name() {
		t.Fatalf("the name is %q, want that of the default codec, %q", fast.Name(), std.Name())
	}
	for _, d := range dishes() {
		text, err := fast.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		want, err := std.Encode(d)
		if err != nil || string(text) != string(want) {
			t.Errorf("encoded %.200s, want %.200s", text, want)
		}
		got, err := fast.Decode(want)
		if err != nil {
			t.Errorf("%.200s: %v", want, err)
			continue
		}
		expected, err := std.Decode(want)
		if err != nil || !reflect.DeepEqual(got, expected) {
			t.Errorf("%.200s: decoded %+v, want %+v", want, got, expected)
		}
	}
}

func TestNoValueIsAnError(t *testing.T) {
	t.Parallel()
	c := fastjson.Codec[dish]()
	for _, text := range []string{"", "{", "[]", `"x"`, `{"id":"x"}`, `{"id":1.5}`, `{"tags":{}}`, "garbage", "\x00", "\xffRB"} {
		if d, err := c.Decode([]byte(text)); err == nil {
			t.Errorf("%q: decoded %+v, want an error", text, d)
		}
	}
}

func TestTheTextIsNotKept(t *testing.T) {
	t.Parallel()
	text := []byte(`{"name":"soup","tags":["a"],"raw":[1]}`)
	d, err := fastjson.Codec[dish]().Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if d.Name != "soup" || d.Tags[0] != "a" || string(d.Raw) != "[1]" {
		t.Errorf("decoded %+v, which changed with the text", d)
	}
}

func TestACacheTakesItUpOnTheSameKeys(t *testing.T) {
	t.Parallel()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	c, err := cache.New(rb, "dish", cache.Options[dish]{Codec: fastjson.Codec[dish](), NoNear: true})
	if err != nil {
		t.Fatal(err)
	}
	set := rb.Redis().B().Set().Key("dish:1").Value(`{"id":1,"name":"soup"}`).Build() // as anybody writes it
	if err := rb.Redis().Do(t.Context(), set).Error(); err != nil {
		t.Fatal(err)
	}
	if d, err := c.Get(t.Context(), "1"); err != nil || d.Name != "soup" {
		t.Errorf("got %+v, %v", d, err)
	}
	if err := c.Set(t.Context(), "2", dish{ID: 2}); err != nil {
		t.Fatal(err)
	}
	text, err := rb.Redis().Do(t.Context(), rb.Redis().B().Get().Key("dish:2").Build()).ToString()
	if err != nil || !strings.HasPrefix(text, `{"id":2,`) {
		t.Errorf("in Redis lies %q, %v", text, err)
	}
}

// FuzzDecode: what encoding/json accepts is decoded alike, whatever it is.
func FuzzDecode(f *testing.F) {
	for _, d := range dishes()[:4] {
		text, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"NAME":"x","id":1,"id":2,"unknown":[[{}]],"steps":null,"price":-0.0}`))
	f.Add([]byte(`null`))
	c := fastjson.Codec[dish]()
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := c.Decode(text)
		var want dish
		if json.Unmarshal(text, &want) != nil {
			return
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: decoded %+v, %v, want %+v", text, got, err, want)
		}
	})
}
