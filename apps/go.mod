module github.com/redbrick-go/redbrick/apps

go 1.25.0

replace github.com/redbrick-go/redbrick => ../
