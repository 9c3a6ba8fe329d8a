package session

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Value is a field of sessions with a type, kept as JSON. Declare it once, in a package variable.
type Value[T any] struct{ name string }

// NewValue names a field: 1 to 64 letters, digits and `_ : . -`. Another name makes every Set an ErrInvalid.
func NewValue[T any](name string) Value[T] { return Value[T]{name} }

// Name is the name given to NewValue.
func (v Value[T]) Name() string { return v.name }

// Get returns the field, and false where it is not set. ErrDecode: it holds something else than a T.
func (v Value[T]) Get(s *Session) (value T, ok bool, err error) {
	ok, err = s.Get(v.name, &value)
	return value, ok, err
}

// Set changes the field; see [Session.Set].
func (v Value[T]) Set(s *Session, value T) error { return s.Set(v.name, value) }

// Delete takes the field out of the session.
func (v Value[T]) Delete(s *Session) error { return s.Delete(v.name) }

const maxName = 64

func checkName(name string) error {
	if name == "" || len(name) > maxName || keyspace.ValidName(name) != nil {
		return invalid("field", shown(name), fmt.Sprintf("1 to %d letters, digits and _ : . -", maxName))
	}
	return nil
}

// Get reads a field into the variable that into points to, and reports false where it is not set. What this request has
// changed is seen at once.
func (s *Session) Get(name string, into any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.field(dataPrefix + name)
	if !ok {
		return false, nil
	}
	if to, is := into.(*string); is && to != nil && isPlain(text) { // most fields are
		*to = text[1 : len(text)-1]
		return true, nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrDecode, shown(name), err)
	}
	return true, nil
}

// isPlain reports whether a text is a JSON string that stands for what is between its quotes.
func isPlain(text string) bool {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return false
	}
	for i := 1; i < len(text)-1; i++ {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// field is a field with this request's changes.
func (s *Session) field(name string) (string, bool) {
	if c, changed := s.changes[name]; changed {
		return c.text, !c.gone
	}
	text, ok := s.fields[name]
	return text, ok
}

// Set changes a field to v, as JSON. It is saved before the answer begins, together with all other changes; [Session.Save]
// does it sooner. A visitor's session begins with it.
//
// ErrReadOnly, ErrTooLate, ErrInvalid for a bad name, redbrick.ErrTooLarge for a value above Options.MaxBytes, the error of
// encoding/json: nothing was changed.
func (s *Session) Set(name string, v any) error {
	if err := checkName(name); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("session: field %s: %w", name, err)
	}
	return s.change(dataPrefix+name, change{text: string(text)})
}

// Delete takes a field out of the session. It is no error if it is not there.
func (s *Session) Delete(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.change(dataPrefix+name, change{gone: true})
}

// change is what happens to one field.
type change struct {
	text string
	gone bool
}

func (s *Session) change(name string, c change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if !s.exists {
		if c.gone {
			delete(s.changes, name)
			return nil
		}
		if err := s.cookieCan(); err != nil {
			return err
		}
	}
	if size := len(name) + len(c.text); size > s.m.opt.MaxBytes {
		return tooLarge("field "+strings.TrimPrefix(name, dataPrefix), size, s.m.opt.MaxBytes)
	}
	if s.changes == nil {
		s.changes = make(map[string]change)
	}
	s.changes[name] = c
	return nil
}
