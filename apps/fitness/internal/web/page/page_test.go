package page_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/web/page"
	"github.com/redbrick-go/redbrick/apps/internal/webpagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPage(t *testing.T) {
	t.Parallel()
	webpagetest.Run(t, page.Handler(), "static")
}
