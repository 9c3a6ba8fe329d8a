package redistest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main is the TestMain of a package that uses this one: it runs the tests, stops the
// shared servers, and fails if a goroutine was left behind. It does not return.
func Main(m *testing.M) {
	if name := os.Getenv(programEnv); name != "" {
		os.Exit(runProgram(name))
	}
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "redistest: stop:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := leaks(); err != nil {
			fmt.Fprintln(os.Stderr, "redistest: goroutines were left behind:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// In the stacks of goroutines of rueidis that end late, whether the client still is there or not: lateClose closes the
// connections of nodes that left a cluster, five seconds later; lateRefresh looks at a cluster's topology, within a
// second after an error. lateDeadline is the timer of a deadline that calls share, which nobody cancels: it ends as soon
// as the machine lets it run.
const (
	lateClose    = "rueidis.(*clusterClient)._refresh"
	lateRefresh  = "rueidis.(*call).DelayDo"
	lateDeadline = "context.WithDeadlineCause.func"
)

// leaks looks for goroutines that were left behind. It waits for those that
// will end by themselves, and for no others.
func leaks() error {
	for end := time.Now().Add(10 * time.Second); ; {
		err := goleak.Find()
		late := err != nil && slices.ContainsFunc([]string{lateClose, lateRefresh, lateDeadline}, func(stack string) bool {
			return strings.Contains(err.Error(), stack)
		})
		if !late || time.Now().After(end) {
			return err
		}
	}
}
