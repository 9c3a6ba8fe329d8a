package testreport

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The environment belongs to the whole process, so these tests are not parallel.

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	t.Setenv(FileEnv, path)
	for _, err := range []error{
		Ran("redis"), Ran("embedded"), Ran("redis"),
		Skipped("cluster", "not at\nhand"), Skipped("cluster", "not at\nhand"),
		Lacks("Config", "embedded", "TestX"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Report{
		Ran:     []string{"embedded", "redis"},
		Skipped: []Skip{{"cluster", "not at hand"}},
		Lacking: []string{"Config on embedded: TestX"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsWrittenWithoutAFile(t *testing.T) {
	t.Setenv(FileEnv, "")
	if err := Ran("redis"); err != nil {
		t.Fatal(err)
	}
	if r, err := Read(filepath.Join(t.TempDir(), "none")); err != nil || len(r.Ran) != 0 {
		t.Errorf("Read of no file = %v, %v; want an empty report", r, err)
	}
}

func TestAFileThatCannotBeWrittenIsNamed(t *testing.T) {
	t.Setenv(FileEnv, filepath.Join(t.TempDir(), "no", "folder"))
	if err := Ran("redis"); err == nil {
		t.Error("no error for a report in a folder that does not exist")
	}
}

func TestRequired(t *testing.T) {
	t.Setenv(RequireEnv, "redis, cluster")
	for name, want := range map[string]bool{"redis": true, "cluster": true, "postgres": false} {
		if got := Required(name); got != want {
			t.Errorf("Required(%q) = %v, want %v", name, got, want)
		}
	}
}
