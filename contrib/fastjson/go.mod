module github.com/redbrick-go/redbrick/contrib/fastjson

go 1.25.0

replace github.com/redbrick-go/redbrick => ../../

require (
	github.com/goccy/go-json v0.10.5
	github.com/redbrick-go/redbrick v0.0.0-00010101000000-000000000000
)

require (
	github.com/go-json-experiment/json v0.0.0-20251027170946-4849db3c2f7e // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	github.com/redis/rueidis v1.0.79 // indirect
	github.com/yuin/gopher-lua v1.1.2 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
