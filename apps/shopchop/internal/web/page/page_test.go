package page_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/webpagetest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web/page"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPage(t *testing.T) {
	t.Parallel()
	webpagetest.Run(t, page.Handler(), "static")
}
