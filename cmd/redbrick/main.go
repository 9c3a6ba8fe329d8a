// Command redbrick serves the embedded engine, and more as bricks come: "redbrick help" lists what it does.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/redbrick-go/redbrick/internal/cli"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	p := cli.Process{Args: os.Args[1:], Env: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals}
	os.Exit(p.Run())
}
