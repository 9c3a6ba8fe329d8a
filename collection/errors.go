package collection

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"
)

var (
	// ErrInvalid means that an argument is not acceptable: an empty id, a page of zero. The text names it. Nothing was done.
	ErrInvalid = errors.New("collection: invalid argument")
	// ErrWrongType means that the key holds something else than this collection: another program or another brick wrote it.
	// Nothing was changed.
	ErrWrongType = errors.New("collection: key of another type")
	// ErrNotInteger means that what should be a counter holds other text. Nothing was changed.
	ErrNotInteger = errors.New("collection: not an integer")
	// ErrRange means that a counter would leave the range it is exact in. Nothing was changed.
	ErrRange = errors.New("collection: out of range")
	// ErrField means that a field of a record does not fit the Go field it belongs to.
	ErrField = errors.New("collection: bad field")
)

// invalid is an ErrInvalid about one argument.
func invalid(name string, value any, expected string) error {
	return fmt.Errorf("%w: %s is %s, expected %s", ErrInvalid, name, shown(value), expected)
}

func wrongType(key, expected string) error {
	return fmt.Errorf("%w: %q, expected a %s", ErrWrongType, key, expected)
}

func notInteger(key, text string) error {
	return fmt.Errorf("%w: %q holds %s, expected an integer that int64 and JavaScript count exactly", ErrNotInteger, key, shown(text))
}

// shown quotes text and cuts it where it gets long: a faulty id may be a megabyte.
func shown(value any) string {
	const most = 80
	s, ok := value.(string)
	if !ok {
		return fmt.Sprint(value)
	}
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// failure says which call on which key failed, and gives error replies their sentinel. typ is the type that the key should
// have. Inside of scripts the code may stand anywhere in the text.
func failure(verb, key, typ string, err error) error {
	if err == nil {
		return nil
	}
	if re, ok := rueidis.IsRedisErr(err); ok {
		switch text := re.Error(); {
		case strings.Contains(text, "WRONGTYPE"):
			return wrongType(key, typ)
		case strings.Contains(text, "would overflow"):
			return fmt.Errorf("%w: %s %q: %s", ErrRange, verb, key, text)
		case strings.Contains(text, "not an integer"):
			return fmt.Errorf("%w: %q, expected a plain integer", ErrNotInteger, key)
		}
	}
	return fmt.Errorf("collection: %s %q: %w", verb, key, err)
}
