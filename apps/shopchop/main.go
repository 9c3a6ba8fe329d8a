// Command shopchop is Shop & Chop, a recipe service: shopchop -h tells how to run it.
package main

import (
	"context"
	"os"

	"github.com/redbrick-go/redbrick/apps/shopchop/service"
)

func main() {
	os.Exit(service.Command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, os.Exit))
}
