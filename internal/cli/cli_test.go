package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// run runs the command as a process would, and ends what serves at once.
func run(env map[string]string, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	p := Process{Args: args, Env: func(name string) string { return env[name] }, Stdout: &out, Stderr: &err, Signals: signals}
	code = p.Run()
	return out.String(), err.String(), code
}

// A call that is wrong names what was given and what was expected, and says so with 2.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"", []string{"usage: redbrick <command>", "engine", "version"}},
		{"serve", []string{`"serve"`, "redbrick help"}},
		{"help serve", []string{`"serve"`, "redbrick help"}},
		{"version now", []string{`"now"`}},
		{"engine", []string{"--listen is empty", "127.0.0.1:6379"}},
		{"engine --listen :0 more", []string{`"more"`, "flags alone"}},
		{"engine --lisden :0", []string{"-lisden", "redbrick help engine"}},
		{"engine --listen 6379", []string{"--listen", `"6379"`, "host:port"}},
		{"engine --listen 0.0.0.0:0", []string{"--listen", `"0.0.0.0:0"`, "loopback", "--password-env"}},
		{"engine --listen :0", []string{"--listen", "loopback"}},
		{"engine --listen 127.0.0.1:0 --password-env NOT_SET", []string{"--password-env", `"NOT_SET"`, "empty"}},
		{"engine --listen 127.0.0.1:0 --fsync often --dir x", []string{"-fsync", `"often"`, "always, everysec or no"}},
		{"engine --listen 127.0.0.1:0 --fsync always", []string{"--fsync", `"always"`, "--dir"}},
	} {
		stdout, stderr, code := run(nil, strings.Fields(tt.args)...)
		if code != exitUsage || stdout != "" {
			t.Errorf("%q: code %d, want %d; on stdout %q", tt.args, code, exitUsage, stdout)
		}
		for _, w := range tt.want {
			if !strings.Contains(stderr, w) {
				t.Errorf("%q: lacks %q:\n%s", tt.args, w, stderr)
			}
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"help": "usage: redbrick <command>", "--help": "serves the embedded engine", "-h": "redbrick help <command>",
		"help engine": "--password-env NAME", "engine -h": "usage: redbrick engine --listen ADDR", "help help": "usage: redbrick help [command]",
		"version": "redbrick ", "--version": "redbrick ", "help version": "usage: redbrick version",
	} {
		stdout, stderr, code := run(nil, strings.Fields(args)...)
		if code != exitOK || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%q: code %d, %q, lacks %q:\n%s", args, code, stderr, want, stdout)
		}
	}
}

func TestEngineServesUntilASignal(t *testing.T) {
	t.Parallel()
	_, stderr, code := run(map[string]string{"PW": "secret"}, "engine", "--listen", "0.0.0.0:0", "--password-env", "PW")
	if code != exitOK || !strings.Contains(stderr, "ready at [::]:") || !strings.Contains(stderr, "data in memory") {
		t.Errorf("code %d:\n%s", code, stderr)
	}
	if strings.Contains(stderr, "secret") {
		t.Errorf("the password is printed:\n%s", stderr)
	}
}

func TestEngineThatCannotServeFails(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"engine", "--listen", "127.0.0.1:0", "--dir", file},
		{"engine", "--listen", t.TempDir() + "/no/such/folder"},
	} {
		if _, stderr, code := run(nil, args...); code != exitFailure || !strings.Contains(stderr, args[len(args)-1]) {
			t.Errorf("%q: code %d:\n%s", args, code, stderr)
		}
	}
}

// Who asks twice gets an end at once, and is told what that may cost.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal, 1)
	p := Process{Signals: signals}
	release := make(chan struct{})
	defer close(release)
	signals <- syscall.SIGINT
	if err := p.end(func() error { <-release; return nil }); err == nil || !strings.Contains(err.Error(), "second signal (interrupt)") {
		t.Errorf("a second signal: %v", err)
	}
	broken := errors.New("disk full")
	if err := p.end(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("an end that fails: %v", err)
	}
}
