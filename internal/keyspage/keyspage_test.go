package keyspage_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

var update = flag.Bool("update", false, "write docs/design/keys.md")

// The page of all keys is written from what the constructors register.
func TestKeysPageIsWhatTheBricksRegister(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	everyBrick(t, rb)
	page := keysPage(rb)
	path := filepath.Join("..", "..", "docs", "design", "keys.md")
	if *update {
		if err := os.WriteFile(path, page, 0o644); err != nil { //nolint:gosec // a page of documentation
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, page) {
		t.Errorf("%s is not what the bricks register: run go test ./internal/keyspage -update", path)
	}
}

// everyBrick constructs one of each, with names that read as placeholders.
func everyBrick(t *testing.T, rb *redbrick.Client) {
	t.Helper()
	entries, err := cache.New(rb, "cache-name", cache.Options[string]{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = entries.NewWarmer(nil, cache.WarmerOptions{})
	errs := []error{err}
	_, err = httpcache.New(rb, httpcache.Options{})
	errs = append(errs, err)
	_, err = collection.NewTagIndex(rb, "tag:<name>", collection.TagIndexOptions{})
	errs = append(errs, err)
	_, err = collection.NewPair(rb, "pair-a:<id>", "pair-b:<id>", collection.PairOptions{})
	errs = append(errs, err)
	_, err = collection.NewFeed(rb, "feed:<id>", collection.FeedOptions{})
	errs = append(errs, err)
	_, err = collection.NewSet(rb, "set:<id>", collection.SetOptions{})
	errs = append(errs, err)
	_, err = collection.NewCounter(rb, "counter:<id>", collection.CounterOptions{})
	errs = append(errs, err)
	_, err = collection.NewBoundedCounter(rb, "bounded:<id>", collection.BoundedOptions{})
	errs = append(errs, err)
	_, err = collection.NewRecord[struct{ Views int64 }](rb, "record:<id>", collection.RecordOptions{})
	errs = append(errs, err)
	errs = append(errs, everyLimiter(rb))
	_, err = session.New(rb, session.Options{})
	errs = append(errs, err)
	_, err = session.NewExpress(rb, session.ExpressOptions{Secrets: [][]byte{make([]byte, 32)}})
	errs = append(errs, err)
	_, err = token.NewOneTime[string](rb, "purpose", token.OneTimeOptions{})
	errs = append(errs, err)
	_, err = token.NewOpaque[string](rb, "token-name", token.OpaqueOptions{})
	errs = append(errs, err)
	_, err = token.NewRefresh(rb, token.RefreshOptions{Secrets: [][]byte{make([]byte, 32)}, AllowInsecure: "nothing is issued"})
	errs = append(errs, err)
	_, err = lock.New(rb, lock.Options{})
	errs = append(errs, err)
	_, err = guard.NewLogin(rb, guard.LoginOptions{})
	errs = append(errs, err)
	_, err = guard.NewIPList(rb, "list", guard.IPListOptions{})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

func keysPage(rb *redbrick.Client) []byte {
	var b bytes.Buffer
	b.WriteString(`# Keys

What the bricks keep in Redis, written from what they register (` + "`go test ./internal/keyspage -update`" + `). The namespace (REDIS_KEY_PREFIX) stands before every key.
Names of collections and caches are examples; all else is fixed. Keys with ` + "`~`" + ` are the toolkit's own.

| key | type | what it is | lives | slot | other programs | owner |
|---|---|---|---|---|---|---|
`)
	for _, s := range rb.Shapes() {
		foreign := s.Foreign
		if foreign == "" {
			foreign = "-"
		}
		cells := []string{"`" + s.Pattern + "`", s.Type, s.Purpose, s.TTL, s.Slot, foreign, s.Owner}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.Bytes()
}
