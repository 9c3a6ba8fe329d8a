package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

// maxLacking bounds the list of capability skips; their number is always told.
const maxLacking = 20

// summarise prints what ran and what did not, and reports whether a required
// backend is missing or was skipped by a test.
func summarise(w io.Writer, backends []backend, r testreport.Report, required []string) (missing bool) {
	skipped := map[string]bool{}
	for _, s := range r.Skipped {
		skipped[s.Backend] = true
	}
	fmt.Fprintln(w, "\nTest backends:")
	known := map[string]bool{}
	for _, b := range backends {
		known[b.name] = true
		state, detail := "run", b.detail
		switch {
		case b.reason != "":
			state, detail = "NOT COVERED", b.reason
		case skipped[b.name]:
			state = "SKIPPED by a test, see below"
		case !slices.Contains(r.Ran, b.name):
			state = "at hand, no test said that it used it"
		}
		fmt.Fprintf(w, "  %-10s  %s (%s)\n", b.name, state, detail)
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintln(w, "Tests were skipped for want of:")
		for _, s := range r.Skipped {
			fmt.Fprintf(w, "  %-10s  %s\n", s.Backend, s.Reason)
		}
	}
	if n := len(r.Lacking); n > 0 {
		fmt.Fprintf(w, "Tests not meant for a backend, for what it lacks: %d\n", n)
		for _, line := range r.Lacking[:min(n, maxLacking)] {
			fmt.Fprintln(w, "  "+line)
		}
		if n > maxLacking {
			fmt.Fprintf(w, "  and %d more\n", n-maxLacking)
		}
	}
	for _, name := range required {
		i := slices.IndexFunc(backends, func(b backend) bool { return b.name == name })
		switch {
		case !known[name]:
			fmt.Fprintf(w, "FAILED: %s names %q, expected backends of the list above\n", testreport.RequireEnv, name)
		case backends[i].reason != "":
			fmt.Fprintf(w, "FAILED: %s is required and was not covered\n", name)
		case skipped[name]:
			fmt.Fprintf(w, "FAILED: %s is required and was skipped by a test\n", name)
		default:
			continue
		}
		missing = true
	}
	return missing
}
