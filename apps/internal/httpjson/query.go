package httpjson

import (
	"net/url"
	"strconv"
)

// Bounds of a page.
const (
	DefaultLimit = 10
	MaxLimit     = 100
	// MaxPage is the last page that can be asked for: far beyond every list, and
	// small enough that no offset overflows.
	MaxPage = 1_000_000
)

// Paging reads page (from 1) and limit (default 10, at most 100) of a query. The
// error is an [*Error] for the client.
func Paging(q url.Values) (page, limit int, err error) {
	if page, err = Number(q, "page", 1, 1, MaxPage); err != nil {
		return 0, 0, err
	}
	limit, err = Number(q, "limit", DefaultLimit, 1, MaxLimit)
	return page, limit, err
}

// Number reads a whole number of a query. The error is an [*Error] for the client.
func Number(q url.Values, name string, fallback, least, most int) (int, error) {
	s := q.Get(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, BadRequest(name, "%q, expected a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

// ID reads an id of a path: a positive integer. The error is an [*Error] for the client.
func ID(name, s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	// Another spelling of a number would be a second name of the same thing.
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != s {
		return 0, BadRequest(name, "%q, expected a positive whole number", s)
	}
	return id, nil
}
