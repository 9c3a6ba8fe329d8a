package shop

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// validator gathers what is wrong, so that a caller hears of all faults at once.
type validator struct {
	fields []FieldError
}

func (v *validator) fail(field, format string, args ...any) {
	v.fields = append(v.fields, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: v.fields}
}

// text trims s and holds it to a length in characters. Control characters are
// refused (PostgreSQL stores no NUL at all), except line breaks and tabs where
// several lines make sense.
func (v *validator) text(field, s string, least, most int, lines bool) string {
	s = strings.TrimSpace(s)
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		v.fail(field, "not valid UTF-8")
	case n < least && n == 0:
		v.fail(field, "empty, expected %d to %d characters", least, most)
	case n < least || n > most:
		v.fail(field, "%d characters, expected %d to %d", n, least, most)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r)) }):
		v.fail(field, "%q has a control character", s)
	}
	return s
}

func (v *validator) number(field string, n, least, most int64) {
	if n < least || n > most {
		v.fail(field, "%d, expected %d to %d", n, least, most)
	}
}

// quantity accepts what can be added up and scaled without surprises.
func (v *validator) quantity(field string, q float64) {
	const most = 1e6
	if math.IsNaN(q) || q < 0 || q > most {
		v.fail(field, "%v, expected 0 to %d", q, int(most))
	}
}

func (v *validator) count(field string, n, most int) bool {
	if n > most {
		v.fail(field, "%d entries, expected at most %d", n, most)
		return false
	}
	return true
}

// texts holds every entry to the same rule.
// The result is a fresh slice, never nil.
func (v *validator) texts(field string, in []string, most, length int, lines bool) []string {
	out := make([]string, 0, len(in))
	if !v.count(field, len(in), most) {
		return out
	}
	for i, s := range in {
		out = append(out, v.text(fmt.Sprintf("%s[%d]", field, i), s, 1, length, lines))
	}
	return out
}
