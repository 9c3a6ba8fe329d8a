package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func openSQLite(ctx context.Context, address string) (*DB, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	path := u.Path
	if u.Opaque != "" { // sqlite:data/shop.db
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrURL, err)
		}
	}
	switch {
	case u.Host != "":
		return nil, fmt.Errorf("%w: sqlite has no host %q; a path from the root has three slashes: sqlite:///%s%s", ErrURL, u.Host, u.Host, u.Path)
	case path == "" || strings.HasSuffix(path, "/") || path == ":memory:":
		return nil, fmt.Errorf("%w: sqlite path %q, expected a file", ErrURL, path)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%w: sqlite takes no parameters, got %q", ErrURL, u.RawQuery+u.Fragment)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("sqldb: folder of the database: %w", err)
	}
	write, err := sql.Open("sqlite", sqliteName(path, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"))
	if err != nil {
		return nil, fmt.Errorf("sqldb: open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	// The readers come after the writer has put the file in WAL mode.
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open %s: %w", path, err), write.Close())
	}
	read, err := sql.Open("sqlite", sqliteName(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open %s: %w", path, err), write.Close())
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{
		Read: read, Write: write, Dialect: dialectSQLite,
		// The writer last: the last connection folds the log into the file.
		close: func() error { return errors.Join(read.Close(), write.Close()) },
	}, nil
}

// sqliteName is the driver's data source name. Transactions take the write
// lock when they begin, since one that reads first and writes later can be
// refused; the timeout is for other processes, such as a backup.
func sqliteName(path string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_time_integer_format": {"unix_milli"}, "_pragma": {"busy_timeout(5000)"}}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}
