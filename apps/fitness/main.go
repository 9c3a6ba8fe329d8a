// Command fitness is Fitness, a service for people who train: fitness -h tells how to run it.
package main

import (
	"context"
	"os"

	"github.com/redbrick-go/redbrick/apps/fitness/service"
)

func main() {
	os.Exit(service.Command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, os.Exit))
}
