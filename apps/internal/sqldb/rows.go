package sqldb

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Row is a row that can be read: *sql.Row, *sql.Rows.
type Row interface{ Scan(dest ...any) error }

// List reads all rows of a query; the result is never nil.
func List[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err has said it already
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// walkBatch is how many rows a walk over a table reads at once.
const walkBatch = 500

// Walk yields the rows of a table in batches. next reads up to limit rows that
// come after the given one, nil at the start.
func Walk[T any](next func(after *T, limit int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var after *T
		for {
			batch, err := next(after, walkBatch)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range batch {
				if !yield(row, nil) {
					return
				}
			}
			if len(batch) < walkBatch {
				return
			}
			after = &batch[len(batch)-1]
		}
	}
}

// Now is the time of a change, in the precision that is stored.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// likeEscaper makes a searched text literal. The escape character is not the
// backslash, which PostgreSQL and SQLite treat differently.
var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Contains is the parameter of a LIKE ... ESCAPE '!' that finds a text anywhere in a
// column that is stored in lower case: SQL's lower() depends on the locale on
// PostgreSQL, and knows only ASCII on SQLite.
func Contains(text string) string { return "%" + likeEscaper.Replace(strings.ToLower(text)) + "%" }
