package httpcache_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// rights reads the rights that the design page names.
func rights(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", "httpcache.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Rights\n")
	rules := strings.Fields(strings.ReplaceAll(regexp.MustCompile("`[^`]*`").FindString(section), "`", ""))
	if len(rules) == 0 {
		t.Fatal("the section Rights names none")
	}
	for i := range rules {
		rules[i] = strings.ReplaceAll(rules[i], "<namespace>", redistest.NamespaceMark)
	}
	return rules
}

func TestTheRightsThatTheDesignPageNamesAreEnough(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		rule := tagged
		rule.TTL = time.Hour
		s := newSite(t, rb, httpcache.Options{}, rule, counting("ETag", `"1"`, "Vary", "Accept-Language"))
		for _, language := range []string{"en", "vi"} {
			s.get(t, "/a", "Accept-Language", language)
			if got := s.get(t, "/a", "Accept-Language", language); got.x() != "HIT" {
				t.Errorf("not stored: %v", got)
			}
		}
		s.get(t, "/a", "Cache-Control", "no-cache")
		for name, invalidate := range ways(s) {
			if err := invalidate(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := s.get(t, "/a"); got.x() != "MISS" {
				t.Errorf("%s: %v", name, got)
			}
		}
		if st := s.cache.Stats(); st.Away != 0 || st.Stored < 5 {
			t.Errorf("requests went past Redis: %+v", st)
		}
	}, redistest.WithACL(rights(t)...), redistest.Only("redis", "notracking"))
}
