package page

import (
	"embed"
	"net/http"

	"github.com/redbrick-go/redbrick/apps/internal/webpage"
)

//go:embed static
var static embed.FS

// Handler returns the handler of the page: see webpage.Handler.
func Handler() http.Handler { return webpage.Handler(static) }
