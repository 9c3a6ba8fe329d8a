package guard

import (
	"embed"

	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/*.lua
var sources embed.FS

func load(name string) *script.Script {
	source, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is a part of the package
	}
	return script.New("guard/"+name, string(source))
}

var (
	reserveScript = load("reserve")
	settleScript  = load("settle")
	putScript     = load("put")
	listScript    = load("list")
	offendScript  = load("offend")
)
