package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := settings.Parse(strings.NewReader("\ufeff# first\n\nPLAIN=a b # rest\nexport SPACED = x\nDOUBLE=\"a # \\\"b\\\"\\n\" # c\n" +
		"SINGLE='a \\n # b'\nEMPTY=\nHASH=# all\nURL=redis://h:1/2?a=b#c\nPLAIN2=1\nPLAIN2=2\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"PLAIN": "a b", "SPACED": "x", "DOUBLE": "a # \"b\"\n", "SINGLE": `a \n # b`, "EMPTY": "", "HASH": "", "URL": "redis://h:1/2?a=b#c", "PLAIN2": "2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseNamesEveryBadLine(t *testing.T) {
	t.Parallel()
	_, err := settings.Parse(strings.NewReader("A=1\nno assignment\n1A=x\nS=\"secret\nT='a' secret\n"))
	if !errors.Is(err, settings.ErrFile) {
		t.Fatalf("error %v, want ErrFile", err)
	}
	for _, part := range []string{"bad line 2", "bad line 3", "bad line 4: S: no closing quote", "bad line 5: T: text after"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not have %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error %q shows a value", err)
	}
}

// No t.Parallel: the environment belongs to the process.
func TestApplyFileLetsTheEnvironmentWin(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("SETTINGS_A=file\nSETTINGS_B=file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SETTINGS_A", "environment")
	t.Setenv("SETTINGS_B", "") // to be restored
	if err := os.Unsetenv("SETTINGS_B"); err != nil {
		t.Fatal(err)
	}
	if err := settings.ApplyFile(path); err != nil {
		t.Fatal(err)
	}
	if a, b := os.Getenv("SETTINGS_A"), os.Getenv("SETTINGS_B"); a != "environment" || b != "file" {
		t.Errorf("A is %q and B is %q, want environment and file", a, b)
	}
	if err := settings.ApplyFile(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	values := map[string]string{"N": " 7 ", "MS": "1500", "W": "DEBUG", "L": "a, b,,c ", "APP_ENV": "Production"}
	r := &settings.Reader{Lookup: func(name string) string { return values[name] }}
	got := []any{r.Int("N", 1, 0, 9), r.Int("M", 1, 0, 9), r.Milliseconds("MS", 0, 0, time.Hour), r.OneOf("W", "info", "info", "debug"), r.List("L"), r.List("M"), r.Text("X", "y"), r.Production()}
	want := []any{7, 1, 1500 * time.Millisecond, "debug", []string{"a", "b", "c"}, []string(nil), "y", true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestReaderNamesAllFaults(t *testing.T) {
	t.Parallel()
	values := map[string]string{"N": "12", "MS": "1s", "W": "loud", "NODE_ENV": "production", "SECRET": "your-secret-here"}
	r := &settings.Reader{Lookup: func(name string) string { return values[name] }}
	r.Int("N", 1, 0, 9)
	r.Milliseconds("MS", 0, time.Millisecond, time.Second)
	r.OneOf("W", "info", "info", "debug")
	r.NoPlaceholder("SECRET", "OTHER")
	err := r.Err()
	if !errors.Is(err, settings.ErrInvalid) {
		t.Fatalf("error %v, want ErrInvalid", err)
	}
	for _, part := range []string{
		`N is "12", expected a whole number from 0 to 9`, `MS is "1s", expected a whole number of milliseconds from 1 to 1000`,
		`W is "loud", expected info, debug`, "SECRET holds a placeholder",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not have %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "secret-here") {
		t.Errorf("error %q shows a secret", err)
	}
}
