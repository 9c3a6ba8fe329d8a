package testreport

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// Environment variables that carry the contract between the launcher and tests.
const (
	FileEnv    = "REDISTEST_REPORT"  // the report file; unset: nothing is recorded
	RequireEnv = "REDISTEST_REQUIRE" // backends that must run, separated by commas
)

const (
	ranPrefix        = "ran "
	capabilityPrefix = "capability "
)

// Report is the content of a report file, each list sorted and without repeats.
type Report struct {
	Ran     []string // backends on which tests ran
	Skipped []Skip   // backends that tests missed
	Lacking []string // capability lines without their first word
}

// Skip is one backend that a test wanted and did not get.
type Skip struct {
	Backend string
	Reason  string
}

// Ran records that a test ran on the backend.
func Ran(backend string) error { return write(ranPrefix + backend) }

// Skipped records that a test did without the backend.
func Skipped(backend, reason string) error { return write(backend + ": " + reason) }

// Missing ends a test whose backend is not there: it is skipped, and the report tells why. If REDISTEST_REQUIRE names the
// backend, the test fails.
func Missing(t testing.TB, backend, reason string) {
	t.Helper()
	if err := Skipped(backend, reason); err != nil {
		t.Error(err)
	}
	if Required(backend) {
		t.Fatalf("redistest: %s is required by %s: %s", backend, RequireEnv, reason)
	}
	t.Skipf("redistest: no %s: %s", backend, reason)
}

// Lacks records that a test was skipped on a backend that lacks an ability.
func Lacks(capability, backend, test string) error {
	return write(capabilityPrefix + capability + " on " + backend + ": " + test)
}

// Required reports whether REDISTEST_REQUIRE names the backend.
func Required(backend string) bool { return slices.Contains(Requirements(), backend) }

// Requirements returns the backends of REDISTEST_REQUIRE.
func Requirements() []string {
	return strings.FieldsFunc(os.Getenv(RequireEnv), func(r rune) bool { return r == ',' || r == ' ' })
}

// write appends one line. Several test binaries write at the same time: a
// single append of a short line is not torn.
func write(line string) error {
	path := os.Getenv(FileEnv)
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("testreport: %s: %w", FileEnv, err)
	}
	_, err = f.WriteString(strings.ReplaceAll(line, "\n", " ") + "\n")
	return errors.Join(err, f.Close())
}

// Read reads a report file; one that does not exist is an empty report.
func Read(path string) (Report, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("testreport: %w", err)
	}
	defer f.Close()
	var r Report
	seen := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || seen[line] {
			continue
		}
		seen[line] = true
		if name, ok := strings.CutPrefix(line, ranPrefix); ok {
			r.Ran = append(r.Ran, name)
		} else if lack, ok := strings.CutPrefix(line, capabilityPrefix); ok {
			r.Lacking = append(r.Lacking, lack)
		} else {
			backend, reason, _ := strings.Cut(line, ":")
			r.Skipped = append(r.Skipped, Skip{strings.TrimSpace(backend), strings.TrimSpace(reason)})
		}
	}
	slices.Sort(r.Ran)
	slices.Sort(r.Lacking)
	slices.SortFunc(r.Skipped, func(a, b Skip) int {
		return strings.Compare(a.Backend+a.Reason, b.Backend+b.Reason)
	})
	return r, nil
}
