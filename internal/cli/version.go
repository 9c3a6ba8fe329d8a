package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func versionVerb() verb {
	return verb{
		name: "version", short: "prints the version",
		about: "Prints the version of redbrick, of Go, and the system it was built for.",
		run:   runVersion,
	}
}

func runVersion(p *Process) error {
	if err := p.parse(0); err != nil {
		return err
	}
	version := "(devel)" // built in a checkout
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	_, err := fmt.Fprintf(p.Stdout, "redbrick %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
