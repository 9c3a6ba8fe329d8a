package session_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/redistest"
)

// The tests run with the rights that the design page tells operators to give.
func TestTheRightsOnThePageAreThoseOfTheTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", "session.md"))
	ok(t, err)
	_, section, _ := strings.Cut(string(page), "\n## Rights\n")
	lists := regexp.MustCompile("`[^`]*`").FindAllString(section, -1)
	if len(lists) != 2 {
		t.Fatalf("%d lists of rights on the page, want 2", len(lists))
	}
	for i, want := range [][]string{leastRules, expressRules} {
		got := strings.Fields(strings.ReplaceAll(strings.Trim(lists[i], "`"), "<namespace>", redistest.NamespaceMark))
		if d := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); d != "" {
			t.Errorf("list %d (-tests +page):\n%s", i, d)
		}
	}
}
