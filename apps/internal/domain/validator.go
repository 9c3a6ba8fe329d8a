package domain

import (
	"fmt"
	"math"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Validator gathers what is wrong, so that a caller hears of all faults at once.
// The zero Validator has found nothing.
type Validator struct {
	fields []FieldError
}

// Fail notes a fault of a field.
func (v *Validator) Fail(field, format string, args ...any) {
	v.fields = append(v.fields, NewFieldError(field, format, args...))
}

// Err returns an [InvalidError] with all faults, or nil.
func (v *Validator) Err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: v.fields}
}

// Sort puts the faults in the order of their text, for values whose parts have none.
func (v *Validator) Sort() {
	slices.SortFunc(v.fields, func(a, b FieldError) int { return strings.Compare(a.Field+a.Message, b.Field+b.Message) })
}

// Text trims s and holds it to a length in characters. Control characters are
// refused (PostgreSQL stores no NUL at all), except line breaks and tabs where
// several lines make sense.
func (v *Validator) Text(field, s string, least, most int, lines bool) string {
	s = strings.TrimSpace(s)
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		v.Fail(field, "not valid UTF-8")
	case n < least && n == 0:
		v.Fail(field, "empty, expected %d to %d characters", least, most)
	case n < least || n > most:
		v.Fail(field, "%d characters, expected %d to %d", n, least, most)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r)) }):
		v.Fail(field, "%q has a control character", s)
	}
	return s
}

// Number holds n to a range.
func (v *Validator) Number(field string, n, least, most int64) {
	if n < least || n > most {
		v.Fail(field, "%d, expected %d to %d", n, least, most)
	}
}

// Quantity accepts what can be added up and scaled without surprises: 0 to most.
func (v *Validator) Quantity(field string, q float64, most int64) {
	if math.IsNaN(q) || q < 0 || q > float64(most) {
		v.Fail(field, "%v, expected 0 to %d", q, most)
	}
}

// Count reports whether there are at most so many entries.
func (v *Validator) Count(field string, n, most int) bool {
	if n > most {
		v.Fail(field, "%d entries, expected at most %d", n, most)
		return false
	}
	return true
}

// Texts holds every entry to the same rule.
// The result is a fresh slice, never nil.
func (v *Validator) Texts(field string, in []string, most, length int, lines bool) []string {
	out := make([]string, 0, len(in))
	if !v.Count(field, len(in), most) {
		return out
	}
	for i, s := range in {
		out = append(out, v.Text(fmt.Sprintf("%s[%d]", field, i), s, 1, length, lines))
	}
	return out
}

// NormalizeEmail returns an address as it is stored and looked up: trimmed and
// in lower case. Mail systems that tell A@x from a@x are not worth the second account.
func NormalizeEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// Email returns an address as it is stored.
func (v *Validator) Email(field, s string) string {
	s = NormalizeEmail(s)
	// ParseAddress also takes "Name <a@b>", which is no address to store.
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || len(s) > 254 {
		v.Fail(field, "%q, expected an address such as name@example.com", s)
	}
	return s
}

// Edit replaces a named field by a normalized copy and leaves a nil one alone.
func Edit[T any](field **T, f func(T) T) {
	if *field != nil {
		value := f(**field)
		*field = &value
	}
}
