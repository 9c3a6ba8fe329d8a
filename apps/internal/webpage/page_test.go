package webpage_test

import (
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/webpage"
	"github.com/redbrick-go/redbrick/apps/internal/webpagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNoHTMLFromTextInSharedFiles(t *testing.T) {
	t.Parallel()
	webpagetest.NoHTMLFromText(t, "static")
}

// A file that cannot be served is found when the page is made.
func TestBadFilesPanic(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"static/dom.js", "static/page.exe"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", name)
				}
			}()
			_ = webpage.Handler(fstest.MapFS{name: &fstest.MapFile{Data: []byte("x")}})
		}()
	}
}
