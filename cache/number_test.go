package cache_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/cache"
)

type withNumbers struct {
	Number  json.Number            `json:"number"`
	Zero    json.Number            `json:"zero"`
	Omitted json.Number            `json:"omitted,omitempty"`
	Quoted  json.Number            `json:"quoted,string"`
	Pointer *json.Number           `json:"pointer"`
	Nil     *json.Number           `json:"nil"`
	List    []json.Number          `json:"list"`
	Pair    [2]json.Number         `json:"pair"`
	Map     map[string]json.Number `json:"map"`
	Names   map[json.Number]int    `json:"names"`
	Next    *withNumbers           `json:"next,omitempty"`
}

func newWithNumbers() withNumbers {
	n := json.Number("-1.50e3")
	return withNumbers{
		Number: "12", Quoted: "7", Pointer: &n, List: []json.Number{"0", "12345678901234567890123"}, Pair: [2]json.Number{"1", "2"},
		Map: map[string]json.Number{"a": "0.10"}, Names: map[json.Number]int{"3": 4}, Next: &withNumbers{Number: "13", Zero: "0", Quoted: "0", Pair: [2]json.Number{"1", "2"}},
	}
}

// TestNumbersOfEncodingJSONAreNumbers: a json.Number is written as encoding/json writes it, for readers in any language, and what others
// write is read.
func TestNumbersOfEncodingJSONAreNumbers(t *testing.T) {
	t.Parallel()
	v := newWithNumbers()
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	codec := cache.JSON[withNumbers]()
	got, err := codec.Encode(v)
	if err != nil || string(got) != string(want) {
		t.Errorf("written as %s, %v, want %s", got, err, want)
	}
	var theirs withNumbers
	if err := json.Unmarshal(want, &theirs); err != nil {
		t.Fatal(err)
	}
	if ours, err := codec.Decode(want); err != nil || !cmp.Equal(ours, theirs) {
		t.Errorf("read with %v: %s", err, cmp.Diff(theirs, ours))
	}
	for _, text := range []string{`{"number":12}`, `{"number":"12"}`, `{"Number":1.0e2}`, `{"number":null}`, `{"list":[1,"2",null]}`, `{"number":""}`, `{"number":"x"}`, `{"number":true}`, `{"names":{"12":1}}`} {
		var theirs withNumbers
		wrong := json.Unmarshal([]byte(text), &theirs)
		ours, err := codec.Decode([]byte(text))
		if (err != nil) != (wrong != nil) || err == nil && !cmp.Equal(ours, theirs) {
			t.Errorf("%s is read with %v, by encoding/json with %v: %s", text, err, wrong, cmp.Diff(theirs, ours))
		}
	}
}

// TestNumbersInInterfacesAreNumbers, wherever a json.Decoder with UseNumber has put them.
func TestNumbersInInterfacesAreNumbers(t *testing.T) {
	t.Parallel()
	v := map[string]any{"a": json.Number("12"), "b": []any{json.Number("1.0")}, "c": "12"}
	if got, err := cache.JSON[map[string]any]().Encode(v); err != nil || string(got) != `{"a":12,"b":[1.0],"c":"12"}` {
		t.Errorf("written as %s, %v", got, err)
	}
	if got, err := cache.JSON[any]().Encode(json.Number("7")); err != nil || string(got) != "7" {
		t.Errorf("written as %s, %v", got, err)
	}
	if got, err := cache.JSON[json.Number]().Encode("bad"); err == nil {
		t.Errorf("what is no number is written as %s", got)
	}
}
