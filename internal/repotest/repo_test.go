package repotest_test

import (
	"os"
	"testing"

	"github.com/redbrick-go/redbrick/internal/repotest"
)

// TestRepository runs every rule over this repository.
func TestRepository(t *testing.T) {
	t.Parallel()
	tree, err := repotest.Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range repotest.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			for _, f := range repotest.Check(tree, rule) {
				t.Error(f)
			}
			if t.Failed() {
				t.Logf("the rule is there because %s", rule.Reason)
			}
		})
	}
}
