package sqldb

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time scans a time column of either database into UTC, cut to milliseconds.
// NULL is the zero time. As a parameter give the time.Time itself.
type Time struct{ To *time.Time }

// Scan implements sql.Scanner.
func (t Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.To = time.Time{}
	case int64: // SQLite
		*t.To = time.UnixMilli(v).UTC()
	case time.Time:
		*t.To = v.UTC().Truncate(time.Millisecond)
	default:
		return fmt.Errorf("sqldb: a time column holds %T, expected an integer or a time", src)
	}
	return nil
}

// JSON scans a JSON column into what To points at. NULL leaves it alone.
type JSON struct{ To any }

// Scan implements sql.Scanner.
func (j JSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), j.To)
	case []byte:
		return json.Unmarshal(v, j.To)
	default:
		return fmt.Errorf("sqldb: a JSON column holds %T, expected text", src)
	}
}

// Array is the parameter for a JSON column, and for [Dialect.Ints] and its
// like. A nil slice is the empty array.
func Array[T any](list []T) (string, error) {
	if list == nil {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("sqldb: encode %T: %w", list, err)
	}
	return string(text), nil
}
