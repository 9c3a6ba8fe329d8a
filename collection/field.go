package collection

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
)

// field is one field of a record's struct and its text in the hash.
type field struct {
	name    string
	index   []int
	expects string // what the text should be, for errors
	counts  bool   // an integer, so Incr may have it
	encode  func(reflect.Value) (string, error)
	decode  func(string, reflect.Value) error
}

// layout is how a struct lies in a hash.
type layout struct {
	names  []string // in the order of the struct
	byName map[string]*field
}

// layoutOf reads the struct's fields; all faults at once.
func layoutOf(t reflect.Type) (*layout, error) {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: record type %v %s", redbrick.ErrConfig, t, fmt.Sprintf(format, args...))
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fault("is no struct, expected one")
	}
	l := &layout{byName: make(map[string]*field)}
	var faults []error
	for _, sf := range reflect.VisibleFields(t) {
		name, ok := fieldName(sf)
		switch {
		case !ok || !promoted(t, sf.Index):
			continue
		case l.byName[name] != nil:
			faults = append(faults, fault("has two fields with the name %q, expected one", name))
			continue
		}
		f := field{name: name, index: sf.Index}
		if !f.codec(sf.Type) {
			faults = append(faults, fault("has field %s of type %v, which has no text", sf.Name, sf.Type))
		}
		l.byName[name] = &f
		l.names = append(l.names, name)
	}
	if len(l.names) == 0 && len(faults) == 0 {
		faults = append(faults, fault("has no exported field, expected some"))
	}
	return l, errors.Join(faults...)
}

// fieldName takes the name from the redis tag, else the json tag, else Go. ok is false for fields that are not stored.
func fieldName(sf reflect.StructField) (name string, ok bool) {
	for _, key := range []string{"redis", "json"} {
		tag, tagged := sf.Tag.Lookup(key)
		if !tagged {
			continue
		}
		if tag == "-" {
			return "", false
		}
		if name, _, _ := strings.Cut(tag, ","); name != "" {
			return name, sf.IsExported()
		}
	}
	return sf.Name, sf.IsExported() && !gives(sf)
}

// gives reports whether a field is embedded and gives its fields to the struct around it, as encoding/json has it.
func gives(sf reflect.StructField) bool {
	if !sf.Anonymous || sf.Type.Kind() != reflect.Struct || sf.Type == timeType {
		return false
	}
	_, tagged := sf.Tag.Lookup("redis")
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	return !tagged && name == ""
}

// promoted reports whether all structs on the way to a field give their fields.
func promoted(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t.Kind() != reflect.Struct || !gives(t.Field(i)) {
			return false
		}
		t = t.Field(i).Type
	}
	return true
}

var timeType = reflect.TypeFor[time.Time]()

// codec chooses the text of a type; false if it has none.
func (f *field) codec(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		f.expects = "text"
		f.encode = func(v reflect.Value) (string, error) { return v.String(), nil }
		f.decode = func(s string, v reflect.Value) error { v.SetString(s); return nil }
	case reflect.Bool:
		f.expects = "true or false"
		f.encode = func(v reflect.Value) (string, error) { return strconv.FormatBool(v.Bool()), nil }
		f.decode = func(s string, v reflect.Value) error {
			b, err := strconv.ParseBool(s)
			v.SetBool(b)
			return err
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		f.expects, f.counts = fmt.Sprintf("an integer of %d bits", t.Bits()), true
		f.encode = func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil }
		f.decode = func(s string, v reflect.Value) error {
			n, err := strconv.ParseInt(s, 10, t.Bits())
			v.SetInt(n)
			return err
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.expects, f.counts = fmt.Sprintf("an integer from 0 on of %d bits", t.Bits()), true
		f.encode = func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil }
		f.decode = func(s string, v reflect.Value) error {
			n, err := strconv.ParseUint(s, 10, t.Bits())
			v.SetUint(n)
			return err
		}
	case reflect.Float32, reflect.Float64:
		f.expects = "a number"
		f.encode = func(v reflect.Value) (string, error) { return strconv.FormatFloat(v.Float(), 'g', -1, t.Bits()), nil }
		f.decode = func(s string, v reflect.Value) error {
			x, err := strconv.ParseFloat(s, t.Bits())
			v.SetFloat(x)
			return err
		}
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return false
	default:
		if t == timeType {
			f.expects = "a time as in 2006-01-02T15:04:05Z"
			f.encode = func(v reflect.Value) (string, error) {
				text, err := v.Interface().(time.Time).MarshalText()
				return string(text), err
			}
			f.decode = func(s string, v reflect.Value) error {
				at, err := time.Parse(time.RFC3339Nano, s)
				v.Set(reflect.ValueOf(at))
				return err
			}
			return true
		}
		f.expects = fmt.Sprintf("JSON of a %v", t)
		f.encode = func(v reflect.Value) (string, error) {
			b, err := json.Marshal(v.Interface())
			return string(b), err
		}
		f.decode = func(s string, v reflect.Value) error { return json.Unmarshal([]byte(s), v.Addr().Interface()) }
	}
	return true
}

// chosen returns the fields with these names, or all if there are none.
func (l *layout) chosen(names []string) ([]*field, error) {
	if len(names) == 0 {
		names = l.names
	}
	chosen := make([]*field, len(names))
	for i, name := range names {
		if chosen[i] = l.byName[name]; chosen[i] == nil {
			return nil, invalid("field", name, "one of "+strings.Join(l.names, ", "))
		}
	}
	return chosen, nil
}

// pairs gives the fields of a struct as name, text, name, text.
func pairs(key string, fields []*field, v reflect.Value) ([]string, error) {
	out := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		text, err := f.encode(v.FieldByIndex(f.index))
		if err != nil {
			return nil, fmt.Errorf("%w: %s of %q: %w", ErrField, f.name, key, err)
		}
		out = append(out, f.name, text)
	}
	return out, nil
}

// set puts a text into a field of a struct.
func (f *field) set(key, text string, v reflect.Value) error {
	if err := f.decode(text, v.FieldByIndex(f.index)); err != nil {
		return fmt.Errorf("%w: %s of %q holds %s, expected %s", ErrField, f.name, key, shown(text), f.expects)
	}
	return nil
}
