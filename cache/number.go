package cache

import (
	stdjson "encoding/json"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// The library knows a Number of its own alone; to it that of encoding/json is a text like others. These lend it the methods of
// the other. They are looked up for every value that is written or read, so only types that can hold one have them.
var (
	writesNumbers = json.WithMarshalers(json.MarshalToFunc(func(to *jsontext.Encoder, n stdjson.Number) error {
		if isName(to.StackIndex(to.StackDepth())) {
			return json.SkipFunc
		}
		return jsonv1.Number(n).MarshalJSONTo(to)
	}))
	readsNumbers = json.WithUnmarshalers(json.UnmarshalFromFunc(func(from *jsontext.Decoder, n *stdjson.Number) error {
		if isName(from.StackIndex(from.StackDepth())) {
			return json.SkipFunc
		}
		return (*jsonv1.Number)(n).UnmarshalJSONFrom(from)
	}))
)

// isName reports whether what comes next in an object or a list is a name: as such a number is a text for encoding/json too.
func isName(within jsontext.Kind, before int64) bool { return within == '{' && before%2 == 0 }

// holds says of a type whether values of it can hold what is no more than an interface, and whether a json.Number.
type holds struct {
	anything, number bool
	seen             map[reflect.Type]bool
}

func whatHolds(t reflect.Type) holds {
	h := holds{seen: map[reflect.Type]bool{}}
	h.look(t)
	return h
}

func (h *holds) look(t reflect.Type) {
	if h.seen[t] {
		return
	}
	h.seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		h.anything = true
	case reflect.String:
		h.number = h.number || t == reflect.TypeFor[stdjson.Number]()
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		h.look(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			h.look(t.Field(i).Type)
		}
	}
}
