module github.com/redbrick-go/redbrick/session/expresstest

go 1.25.0

replace github.com/redbrick-go/redbrick => ../../

require github.com/redbrick-go/redbrick v0.0.0-00010101000000-000000000000

require (
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	github.com/redis/rueidis v1.0.79 // indirect
	github.com/yuin/gopher-lua v1.1.2 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
