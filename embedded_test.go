package redbrick_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/redistest"
)

// inFolder is the URL of an engine that keeps a folder.
func inFolder(dir, query string) string {
	return "embedded://" + (&url.URL{Path: filepath.ToSlash(dir)}).EscapedPath() + query
}

func openEmbedded(t *testing.T, o redbrick.Options) *redbrick.Client {
	t.Helper()
	rb, err := redbrick.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rb.Close() })
	return rb
}

func closed(t *testing.T, rb *redbrick.Client) {
	t.Helper()
	if err := rb.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, rb *redbrick.Client, key, value string) {
	t.Helper()
	if err := put(t.Context(), &rb.Lane, key, value); err != nil {
		t.Fatal(err)
	}
}

func reads(t *testing.T, rb *redbrick.Client, key, want string) {
	t.Helper()
	got, err := rb.Do(t.Context(), rb.B().Get().Key(key).Build()).ToString()
	if err != nil || got != want {
		t.Errorf("GET %s = %q, %v; want %q", key, got, err, want)
	}
}

func opensNot(t *testing.T, o redbrick.Options, is error, says ...string) {
	t.Helper()
	rb, err := redbrick.Open(t.Context(), o)
	if err == nil {
		closed(t, rb)
		t.Errorf("%s was opened", o.URL)
		return
	}
	if !errors.Is(err, is) {
		t.Errorf("%s: %v, want it to be %q", o.URL, err, is)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%s: %v, want it to say %q", o.URL, err, s)
		}
	}
}

func TestClientsOfOneFolderShareItsEngine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b%", "redis")
	first := openEmbedded(t, redbrick.Options{URL: inFolder(dir, "")})
	write(t, first, "k", "1")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	second := openEmbedded(t, redbrick.Options{URL: inFolder(link, "?fsync=everysec")})
	reads(t, second, "k", "1")
	opensNot(t, redbrick.Options{URL: inFolder(dir, "?fsync=always")}, redbrick.ErrConfig, dir, "other settings")
	closed(t, first)
	closed(t, first) // is one client still
	write(t, second, "k", "2")
	closed(t, second)

	again := openEmbedded(t, redbrick.Options{URL: inFolder(dir, "?fsync=always")})
	reads(t, again, "k", "2")
}

func TestClientsInMemoryAreApart(t *testing.T) {
	t.Parallel()
	a, b := openEmbedded(t, redbrick.Options{}), openEmbedded(t, redbrick.Options{})
	write(t, a, "k", "a")
	write(t, b, "k", "b")
	reads(t, a, "k", "a")
}

func TestFolderThatIsTakenOrNewerIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other, err := engine.Open(engine.Options{Dir: dir}) // stands for another process: this one's clients do not know of it
	if err != nil {
		t.Fatal(err)
	}
	opensNot(t, redbrick.Options{URL: inFolder(dir, "")}, engine.ErrLocked, dir, "another process has it open")
	opensNot(t, redbrick.Options{URL: inFolder(dir, "")}, redbrick.ErrUnavailable)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	closed(t, openEmbedded(t, redbrick.Options{URL: inFolder(dir, "")}))

	manifest := filepath.Join(dir, "manifest")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, []byte(strings.Replace(string(text), "redbrick-engine 1", "redbrick-engine 2", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	opensNot(t, redbrick.Options{URL: inFolder(dir, "")}, redbrick.ErrConfig, "format 2")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opensNot(t, redbrick.Options{URL: inFolder(file, "")}, redbrick.ErrUnavailable, file)
}

func TestEmbeddedEngineServesOthers(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	in := openEmbedded(t, redbrick.Options{URL: "embedded://:hush%40@/?listen=" + socket + "&db=3"})
	write(t, in, "k", "v")
	out := openEmbedded(t, redbrick.Options{URL: "unix://" + socket + "?db=3", Password: "hush@", RequireRedis: true})
	reads(t, out, "k", "v")
	if f := out.Features(); f != in.Features() || !f.Tracking || !f.ShardedPubSub || !f.HashFieldTTL || !f.Config {
		t.Errorf("features %+v within, %+v over the socket", in.Features(), f)
	}
	opensNot(t, redbrick.Options{URL: "unix://" + socket, Password: "wrong"}, redbrick.ErrConfig, "WRONGPASS")
	opensNot(t, redbrick.Options{URL: "unix://" + socket}, redbrick.ErrConfig, "NOAUTH")

	small := openEmbedded(t, redbrick.Options{URL: "embedded:?maxmemory=64kb"})
	big := small.B().Set().Key("k").Value(strings.Repeat("x", 1<<20)).Build()
	if err := errors.Join(small.Do(t.Context(), big).Error(), put(t.Context(), &small.Lane, "after", "v")); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("two writes with maxmemory=64kb: %v, want OOM", err)
	}

	tcp := openEmbedded(t, redbrick.Options{URL: "embedded:?listen=127.0.0.1:0"})
	closed(t, tcp)
	opensNot(t, redbrick.Options{URL: "embedded:?listen=/no/such/folder/s"}, redbrick.ErrUnavailable, "/no/such/folder/s")
}

// SHUTDOWN by another program is a server that is gone: calls say so, and whoever opens the folder next starts it anew.
func TestEmbeddedEngineThatWasShutDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rb := openEmbedded(t, redbrick.Options{URL: inFolder(dir, ""), RetryDelay: 50 * time.Millisecond})
	write(t, rb, "k", "v")
	_ = rb.Do(t.Context(), rb.B().Arbitrary("SHUTDOWN").Build()).Error() // it has no reply
	redistest.Eventually(t, time.Minute, func() error {
		if err := get(t.Context(), &rb.Lane, "k"); !errors.Is(err, redbrick.ErrUnavailable) {
			return errors.New("the client has not noticed yet")
		}
		return nil
	})
	next := openEmbedded(t, redbrick.Options{URL: inFolder(dir, "")})
	reads(t, next, "k", "v")
	closed(t, rb)
	reads(t, next, "k", "v")
}
