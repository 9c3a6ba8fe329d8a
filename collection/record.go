package collection

import (
	"context"
	"errors"
	"reflect"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Record holds a struct for each id as a Redis hash, one field of the hash for each exported field, named by its `redis`
// tag, else its `json` tag, else as in Go; "-" leaves it out. Fields of embedded structs count as the struct's own.
//
// Texts, numbers and bools stand in the hash as they are, a time.Time as in RFC 3339, everything else as JSON. Fields of
// the hash that the struct lacks are left alone, except by Set. It is safe for concurrent use.
type Record[T any] struct {
	rb     *redbrick.Client
	keys   keys
	layout *layout
	o      RecordOptions
}

// NewRecord makes a Record; the placeholder of the pattern stands for the id. T is a struct.
func NewRecord[T any](rb *redbrick.Client, pattern string, o RecordOptions) (*Record[T], error) {
	k, err := parsePattern(rb, "pattern", pattern)
	l, faults := layoutOf(reflect.TypeFor[T]())
	if err := errors.Join(err, faults, checkTTL("RecordOptions.TTL", o.TTL)); err != nil {
		return nil, err
	}
	err = register(rb, keyspace.Shape{
		Owner: "collection record", Pattern: pattern, Type: "hash", TTL: ttlText(o.TTL, "after it was made"),
		Slot: "key", Foreign: "read, write", Purpose: "fields of " + reflect.TypeFor[T]().String(),
	})
	if err != nil {
		return nil, err
	}
	return &Record[T]{rb: rb, keys: k, layout: l, o: o}, nil
}

// Key is the key of an id.
func (r *Record[T]) Key(id string) string { return r.keys.of(id) }

// Get reads a record, or only the named fields of it; the others stay zero, as do those that the hash lacks. ok is
// false if there is no record. A field that does not fit is ErrField.
func (r *Record[T]) Get(ctx context.Context, id string, fields ...string) (value T, ok bool, err error) {
	found, err := r.GetMany(ctx, []string{id}, fields...)
	value, ok = found[id]
	return value, ok, err
}

// GetMany reads many records in one pipeline, or only the named fields of them. Those that are missing are not in the
// map.
func (r *Record[T]) GetMany(ctx context.Context, ids []string, fields ...string) (map[string]T, error) {
	chosen, err := r.layout.chosen(fields)
	if err := errors.Join(err, r.keys.check(ids...)); err != nil {
		return nil, err
	}
	names := make([]string, len(chosen))
	for i, f := range chosen {
		names[i] = f.name
	}
	// A hash whose named fields are all missing is there all the same, so each read asks for that too.
	hot := r.rb.Hot()
	cmds := make([]rueidis.Completed, 0, 2*len(ids))
	for _, id := range ids {
		key := r.keys.of(id)
		cmds = append(cmds, hot.B().Hmget().Key(key).Field(names...).Build(), hot.B().Exists().Key(key).Build())
	}
	results := hot.DoMulti(ctx, cmds...)
	found := make(map[string]T, len(ids))
	for i, id := range ids {
		key := r.keys.of(id)
		texts, errRead := results[2*i].ToArray()
		there, errThere := results[2*i+1].AsInt64()
		for _, err := range []error{errRead, errThere} {
			if err != nil {
				return nil, failure("read", key, "hash", err)
			}
		}
		if there == 0 {
			continue
		}
		var value T
		if err := fill(key, chosen, texts, reflect.ValueOf(&value).Elem()); err != nil {
			return nil, err
		}
		found[id] = value
	}
	return found, nil
}

// fill puts the texts of a reply into a struct.
func fill(key string, fields []*field, texts []rueidis.RedisMessage, v reflect.Value) error {
	for i, f := range fields {
		if texts[i].IsNil() {
			continue
		}
		text, err := texts[i].ToString()
		if err != nil {
			return failure("read", key, "hash", err)
		}
		if err := f.set(key, text, v); err != nil {
			return err
		}
	}
	return nil
}

// Set writes a whole record in place of what was there, fields that T lacks included. Its lifetime begins anew.
func (r *Record[T]) Set(ctx context.Context, id string, value T) error {
	_, err := r.write(ctx, "replace", id, value, nil)
	return err
}

// Update writes the named fields (at least one) of a record that is there and reports whether there was one. The other
// fields and the lifetime stay.
func (r *Record[T]) Update(ctx context.Context, id string, value T, fields ...string) (bool, error) {
	if len(fields) == 0 {
		return false, invalid("fields", fields, "at least one name")
	}
	return r.write(ctx, "update", id, value, fields)
}

// Upsert is Update that makes the record, with those fields alone, if there is none.
func (r *Record[T]) Upsert(ctx context.Context, id string, value T, fields ...string) error {
	if len(fields) == 0 {
		return invalid("fields", fields, "at least one name")
	}
	_, err := r.write(ctx, "upsert", id, value, fields)
	return err
}

func (r *Record[T]) write(ctx context.Context, mode, id string, value T, names []string) (bool, error) {
	fields, err := r.layout.chosen(names)
	if err := errors.Join(err, r.keys.check(id)); err != nil {
		return false, err
	}
	key := r.keys.of(id)
	texts, err := pairs(key, fields, reflect.ValueOf(value))
	if err != nil {
		return false, err
	}
	args := append([]string{mode, millis(r.o.TTL)}, texts...)
	n, err := writeScript.Do(ctx, r.rb, []string{key}, args).AsInt64()
	return n == 1, failure("write", key, "hash", err)
}

// Delete removes a record and reports whether there was one.
func (r *Record[T]) Delete(ctx context.Context, id string) (bool, error) {
	if err := r.keys.check(id); err != nil {
		return false, err
	}
	return unlinkKey(ctx, r.rb, r.keys.of(id))
}

// Increment asks for steps, which may be negative, on integer fields of one record.
type Increment struct {
	ID string
	By map[string]int64
}

// Incremented is the outcome of an Increment. With an error no field was changed, unless it is ErrUnavailable or
// ErrTimeout of the client: then nothing is known.
type Incremented struct {
	// Values are the new values of the fields; nil without a record.
	Values map[string]int64
	// Found is false if there is no record, and IncrCreates does not make one.
	Found bool
	Err   error
}

// Incr adds n to an integer field and returns its new value. ok is false if there is no record, unless IncrCreates makes
// one. A value beyond 2^53 either way is ErrRange.
func (r *Record[T]) Incr(ctx context.Context, id, field string, n int64) (value int64, ok bool, err error) {
	out := r.IncrMany(ctx, Increment{ID: id, By: map[string]int64{field: n}})[0]
	return out.Values[field], out.Found, out.Err
}

// IncrMany applies many increments in one pipeline and returns an outcome for each, in order. Each is all or nothing;
// together they are not.
func (r *Record[T]) IncrMany(ctx context.Context, increments ...Increment) []Incremented {
	outcomes := make([]Incremented, len(increments))
	var calls []script.Call
	var at []int
	create := "0"
	if r.o.IncrCreates {
		create = "1"
	}
	for i, inc := range increments {
		if outcomes[i].Err = r.checkIncrement(inc); outcomes[i].Err != nil {
			continue
		}
		args := []string{create, millis(r.o.TTL)}
		for _, name := range sortedNames(inc.By) {
			args = append(args, name, itoa(inc.By[name]))
		}
		calls = append(calls, script.Call{Script: countScript, Keys: []string{r.keys.of(inc.ID)}, Args: args})
		at = append(at, i)
	}
	for i, res := range script.DoMulti(ctx, r.rb, calls...) {
		inc := increments[at[i]]
		outcomes[at[i]] = counted(calls[i].Keys[0], sortedNames(inc.By), res)
	}
	return outcomes
}

func (r *Record[T]) checkIncrement(inc Increment) error {
	faults := []error{r.keys.check(inc.ID)}
	if len(inc.By) == 0 {
		faults = append(faults, invalid("By", inc.By, "at least one field"))
	}
	for _, name := range sortedNames(inc.By) {
		chosen, err := r.layout.chosen([]string{name})
		switch {
		case err != nil:
			faults = append(faults, err)
		case !chosen[0].counts:
			faults = append(faults, invalid("field", name, "an integer field"))
		}
		faults = append(faults, checkStep("the step of "+name, inc.By[name], -maxExact))
	}
	return errors.Join(faults...)
}
