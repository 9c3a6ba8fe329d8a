package plainjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	experiment "github.com/go-json-experiment/json"
)

// Plan says how texts become values of one type. It is made once and safe for concurrent use.
type Plan struct {
	root  *node
	other Other
}

// Other decodes the text of one value, of which only the syntax was checked, into what a pointer points to.
type Other func(text []byte, pointer any) error

// For makes the plan of a type. Parts that are not decoded here are left to other: maps, interfaces, types with methods of their
// own. Where that is all of it, the plan is nil and declines everything.
func For(t reflect.Type, other Other) *Plan {
	root := planner{}.of(t)
	if root.kind == foreign {
		return nil
	}
	return &Plan{root: root, other: other}
}

// kind is how a value is read.
type kind uint8

const (
	foreign kind = iota // by Other
	boolean
	integer
	unsigned
	float
	text
	object
	list
	texts // a []string
	pointer
	moment // a time.Time
)

// node is the plan of one type.
type node struct {
	kind    kind
	bits    int // of a float
	fields  []field
	byName  map[string]int // where a field is in fields
	element *node          // of a list or a pointer
	typ     reflect.Type   // of a pointer's target
	size    int            // of an element, in bytes
	// length is how long the last list was: the next one is given as much at once.
	length atomic.Int32
}

// field is a field of a struct.
type field struct {
	quoted string // its name as the text has it
	index  int
	node   *node
}

// maxFields is how many fields a struct may have: a word has a bit for each.
const maxFields = 64

var (
	timeType   = reflect.TypeFor[time.Time]()
	textsType  = reflect.TypeFor[[]string]()
	numberType = reflect.TypeFor[json.Number]()
	readers    = []reflect.Type{
		reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](), reflect.TypeFor[experiment.UnmarshalerFrom](),
	}
)

// planner are the plans of named types made so far; such a type may contain itself.
type planner map[reflect.Type]*node

func (p planner) of(t reflect.Type) *node {
	if n, ok := p[t]; ok {
		return n
	}
	n := &node{}
	if t.Name() != "" { // lists without a name have a plan, and a usual length, in each place
		p[t] = n
	}
	switch {
	case t == timeType:
		n.kind = moment
		return n
	case t == textsType:
		n.kind, n.size = texts, int(t.Elem().Size())
		return n
	case t.Kind() == reflect.Pointer && t.Name() == "": // what it points to may read itself
	case t == numberType || readsItself(t):
		return n
	}
	switch t.Kind() {
	case reflect.Bool:
		n.kind = boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.kind = integer
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.kind = unsigned
	case reflect.Float32, reflect.Float64:
		n.kind, n.bits = float, t.Bits()
	case reflect.String:
		n.kind = text
	case reflect.Pointer:
		n.typ, n.element = t.Elem(), p.of(t.Elem())
		n.kind = pointer
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // base64
			break
		}
		n.size, n.element = int(t.Elem().Size()), p.of(t.Elem())
		n.kind = list
	case reflect.Struct:
		if fields, ok := p.fields(t); ok {
			n.kind, n.fields, n.byName = object, fields, make(map[string]int, len(fields))
			for i, f := range fields {
				n.byName[f.quoted] = i
			}
		}
	}
	return n
}

func readsItself(t reflect.Type) bool {
	for _, r := range readers {
		if t.Implements(r) || reflect.PointerTo(t).Implements(r) {
			return true
		}
	}
	return false
}

// fields are those of a struct whose names say all there is to say.
func (p planner) fields(t reflect.Type) ([]field, bool) {
	var fields []field
	names := make(map[string]bool)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		switch {
		case tag == "-":
			continue
		case f.Anonymous, !f.IsExported() && tagged:
			return nil, false
		case !f.IsExported():
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		for o := range strings.SplitSeq(options, ",") {
			if o != "" && o != "omitempty" && o != "omitzero" {
				return nil, false
			}
		}
		if !plainName(name) || names[name] {
			return nil, false
		}
		names[name] = true
		fields = append(fields, field{quoted: `"` + name + `"`, index: i, node: p.of(f.Type)})
	}
	return fields, 0 < len(fields) && len(fields) <= maxFields
}

// plainName reports whether a name is written in JSON as it is, and needs no Unicode to be compared.
func plainName(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.':
		case c == '-' && len(name) > 1:
		default:
			return false
		}
	}
	return name != ""
}
