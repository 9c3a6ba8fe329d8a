package ratelimit

import (
	"embed"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/script"
)

type result = rueidis.RedisResult

//go:embed lua/*.lua
var sources embed.FS

func load(name string) *script.Script {
	source, err := sources.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is a part of the package
	}
	return script.New("ratelimit/"+name, string(source))
}

var (
	bucketScript  = load("bucket")
	fineScript    = load("fine")
	fixedScript   = load("fixed")
	decideScript  = load("decide")
	refundScript  = load("refund")
	drawScript    = load("draw")
	acquireScript = load("acquire")
	renewScript   = load("renew")
)
