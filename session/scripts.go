package session

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
	return script.New("session/"+name, string(source))
}

var (
	createScript    = load("create")
	saveScript      = load("save")
	retireScript    = load("retire")
	endScript       = load("end")
	endOthersScript = load("endothers")
	endAllScript    = load("endall")
	endUsersScript  = load("endusers")
	globalScript    = load("global")
	pruneScript     = load("prune")
	expressScript   = load("express")
)
