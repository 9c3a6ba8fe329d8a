package bricktest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/redistest"
)

var list = regexp.MustCompile("`[^`]*`")

// Rights makes a test run as a user who has the rights that docs/design/<brick>.md tells operators to give: the first list
// of its section Rights. The folder of the test is that of a package in the root of the module.
func Rights(t testing.TB, brick string) redistest.Option {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", filepath.Base(brick)+".md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Rights\n")
	rules := strings.Fields(strings.Trim(list.FindString(section), "`"))
	if len(rules) == 0 {
		t.Fatalf("the design page of %s names no rights", brick)
	}
	for i := range rules {
		rules[i] = strings.ReplaceAll(rules[i], "<namespace>", redistest.NamespaceMark)
	}
	return redistest.WithACL(rules...)
}
