package redbrick_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

func embedded(t *testing.T, o redbrick.Options) *redbrick.Client {
	t.Helper()
	rb, err := redbrick.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rb.Close(); err != nil {
			t.Error(err)
		}
	})
	return rb
}

func TestRegisterRefusesTwoOwnersOfOnePattern(t *testing.T) {
	t.Parallel()
	rb := embedded(t, redbrick.Options{})
	stats := keyspace.Shape{Owner: "record stats", Pattern: "recipe:<id>:stats", Type: "hash"}
	for range 2 { // a brick that is constructed twice declares the same
		if err := rb.Register(stats); err != nil {
			t.Fatal(err)
		}
	}
	err := rb.Register(
		keyspace.Shape{Owner: "feed x", Pattern: "x:<id>", Type: "list"},
		keyspace.Shape{Owner: "set other", Pattern: "recipe:<id>:stats", Type: "set"},
	)
	if !errors.Is(err, redbrick.ErrConfig) {
		t.Fatalf("got %v, want ErrConfig", err)
	}
	for _, want := range []string{"recipe:<id>:stats", "set other", "record stats"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
	if all := rb.Shapes(); len(all) != 1 || all[0] != stats {
		t.Errorf("shapes %+v, want that of the first owner alone: a refused call registers nothing", all)
	}
}

func TestOwnedByOtherTellsKeysUnderOnePrefixApart(t *testing.T) {
	t.Parallel()
	rb := embedded(t, redbrick.Options{Namespace: "shop:"})
	err := rb.Register(
		keyspace.Shape{Owner: "cache recipe", Pattern: "recipe:<id>"},
		keyspace.Shape{Owner: "record stats", Pattern: "recipe:<id>:stats"},
		keyspace.Shape{Owner: "feed f", Pattern: "recipe:<id>:feed:<user>:new"},
		keyspace.Shape{Owner: "set tags", Pattern: "tags"},
	)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{
		"shop:recipe:7":                false,
		"shop:recipe:7:stats":          true,
		"shop:recipe:a:b:stats":        true,
		"shop:recipe::stats":           false, // an id is not empty
		"shop:recipe:7:stats:old":      false,
		"shop:recipe:stats":            false,
		"shop:recipe:7:feed:ann:new":   true,
		"shop:recipe:7:feed:ann:newer": false,
		"shop:other:7:stats":           false,
		"recipe:7:stats":               true, // the namespace is optional in no key of ours
	} {
		if got := rb.OwnedByOther("cache recipe", key); got != want {
			t.Errorf("%s: got %v, want %v", key, got, want)
		}
	}
	if rb.OwnedByOther("record stats", "shop:recipe:7:stats") {
		t.Error("the owner is no other")
	}
}
