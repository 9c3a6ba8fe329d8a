package token

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
	return script.New("token/"+name, string(source))
}

var (
	putScript    = load("put")
	takeScript   = load("take")
	listScript   = load("list")
	dropScript   = load("drop")
	beginScript  = load("begin")
	rotateScript = load("rotate")
	endScript    = load("end")
	toldScript   = load("told")
	rebindScript = load("rebind")
)
