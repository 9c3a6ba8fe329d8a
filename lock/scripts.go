package lock

import (
	_ "embed"

	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/acquire.lua
var acquireSource string

//go:embed lua/renew.lua
var renewSource string

//go:embed lua/release.lua
var releaseSource string

var (
	acquireScript = script.New("lock/acquire", acquireSource)
	renewScript   = script.New("lock/renew", renewSource)
	releaseScript = script.New("lock/release", releaseSource)
)
