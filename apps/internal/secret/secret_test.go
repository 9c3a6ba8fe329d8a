package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long, longer = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210!"

func TestProductionRefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list []string
		want []string // "" is accepted
	}{
		"none":          {nil, []string{"is not set"}},
		"short":         {[]string{"short-s3cret"}, []string{"entry 1 has 12 bytes, expected at least 32"}},
		"31 bytes":      {[]string{long[1:]}, []string{"entry 1 has 31 bytes"}},
		"second short":  {[]string{long, "s3cret"}, []string{"entry 2 has 6 bytes"}},
		"all faults":    {[]string{"s3cret", "", "s3cret2"}, []string{"entry 1 has", "entry 2 is empty", "entry 3 has"}},
		"placeholder":   {[]string{"your-s3cret-key-that-is-long-enough-for-it"}, []string{"placeholder"}},
		"placeholder 2": {[]string{"put_YOUR_s3cret_key_here_that_is_long_enough"}, []string{"placeholder"}},
		"good":          {[]string{long, longer}, nil},
	} {
		file := filepath.Join(t.TempDir(), "secret")
		keys, err := secret.Load(t.Context(), secret.Options{Configured: c.list, Production: true, File: file})
		if c.want == nil {
			if err != nil || len(keys.Bytes()) != 2 || string(keys.Bytes()[0]) != long {
				t.Errorf("%s: %d keys, %v; want the list in its order", name, len(keys.Bytes()), err)
			}
			continue
		}
		if !errors.Is(err, secret.ErrSecret) || !strings.Contains(fmt.Sprint(err), "SESSION_SECRET") || strings.Contains(fmt.Sprint(err), "s3cret") || len(keys.Bytes()) != 0 {
			t.Errorf("%s: error %v, want ErrSecret that names the variable and shows nothing", name, err)
		}
		for _, part := range c.want {
			if !strings.Contains(fmt.Sprint(err), part) {
				t.Errorf("%s: error %v, want %q in it", name, err, part)
			}
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: a file was made in production", name)
		}
	}
}

func TestDevelopmentWarnsOfWeakSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	keys, err := secret.Load(t.Context(), secret.Options{Configured: []string{"short-s3cret", "your-s3cret", long}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil || len(keys.Bytes()) != 3 {
		t.Fatalf("%d keys, %v", len(keys.Bytes()), err)
	}
	said := log.String()
	if strings.Count(said, "level=WARN") != 2 || !strings.Contains(said, "12 bytes") || !strings.Contains(said, "placeholder") || strings.Contains(said, "s3cret") {
		t.Errorf("log %s; want two warnings that show nothing", said)
	}
}

// Without a secret one is made, 0600, and kept: also by processes that start at once.
func TestDevelopmentMakesAndKeepsOne(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "secret")
	const n = 20
	all := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			keys, err := secret.Load(t.Context(), secret.Options{File: file})
			if err != nil {
				t.Error(err)
				return
			}
			all[i] = string(keys.Bytes()[0])
		})
	}
	wg.Wait()
	for _, key := range all {
		if key != all[0] || len(key) < secret.MinBytes {
			t.Fatalf("keys %q, want one of at least %d bytes", all, secret.MinBytes)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v; want mode 0600", info, err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v; want the secret alone", entries, err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	keys, err := secret.Load(t.Context(), secret.Options{File: file, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil || string(keys.Bytes()[0]) != all[0] {
		t.Errorf("another key, or %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("file: %v, %v; want it closed again, with a warning", info, err)
	}
	if strings.Contains(log.String(), all[0]) {
		t.Error("the log has the secret")
	}
	if err := os.WriteFile(file, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(t.Context(), secret.Options{File: file}); !errors.Is(err, secret.ErrSecret) || !strings.Contains(err.Error(), file) {
		t.Errorf("a torn file: %v, want ErrSecret that names it", err)
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	t.Parallel()
	keys, err := secret.Load(t.Context(), secret.Options{Configured: []string{long, longer}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{long: true, longer: true}
	for _, purpose := range []string{"access", "csrf"} {
		derived, err := keys.Derive(purpose, 32)
		again, err2 := keys.Derive(purpose, 32)
		if err != nil || err2 != nil || len(derived) != 2 {
			t.Fatal(err, err2, len(derived))
		}
		for i, key := range derived {
			if len(key) != 32 || seen[string(key)] || !bytes.Equal(key, again[i]) {
				t.Errorf("%s: key %d is short, there twice, or another each time", purpose, i)
			}
			seen[string(key)] = true
		}
	}
	if _, err := keys.Derive("x", 1<<20); err == nil {
		t.Error("a key of a megabyte was made")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	keys, err := secret.Load(t.Context(), secret.Options{Configured: []string{long}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "keys", keys)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("keys", "options", struct{ Keys secret.Keys }{keys})
	for _, said := range []string{string(text), log.String(), fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %s %x %q %d", keys, keys, keys, keys, keys, keys, keys)} {
		if strings.Contains(said, "0123") || strings.Contains(said, "303132") || strings.Contains(said, "48 49") || strings.Contains(said, "MDEy") {
			t.Errorf("a key is in %s", said)
		}
	}
}
