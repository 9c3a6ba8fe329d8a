package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/internal/childproc"
	"github.com/redbrick-go/redbrick/redistest"
)

// process is the service in a process of its own.
type process struct {
	*childproc.Process

	t      testing.TB
	url    string
	stdout string // up to the address
	stderr *apitest.Log
}

// command prepares the test binary as the program, in a folder of its own and
// with no settings but those given.
func command(t testing.TB, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{commandEnv + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "PORT=0", "DATA_DIR=" + cmd.Dir, "RATE_LIMIT_MAX_REQUESTS=1000000000"}, env...)
	return cmd
}

// launch starts the program and waits until it serves.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, stderr: &apitest.Log{}}
	cmd.Stderr = p.stderr
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	p.Process, err = childproc.Launch(cmd, syscall.SIGKILL)
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
		out.Close()
	})
	for lines := bufio.NewReader(out); p.url == ""; {
		line, err := lines.ReadString('\n')
		p.stdout += line
		_, url, _ := strings.Cut(strings.TrimSpace(line), "Shop & Chop is at ")
		p.url = strings.TrimSuffix(url, "/")
		if err != nil {
			t.Fatalf("the program printed %q, %v:\n%s", p.stdout, err, p.stderr)
		}
	}
	return p
}

// end waits for the end of the program and returns its exit code.
func (p *process) end(t testing.TB) int {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(longTime):
		t.Fatalf("the program does not end:\n%s", p.stderr)
	}
	if exit := new(exec.ExitError); errors.As(p.Wait(), &exit) {
		return exit.ExitCode()
	}
	return 0
}

// SIGTERM under load: every accepted request is answered, the counters are flushed, the exit code is 0.
func TestSIGTERMUnderLoad(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil)
			p := launch(t, cmd)
			var answered, refused atomic.Int64
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}, Timeout: longTime}
			l := startLoad(16, func(random *rand.Rand) {
				r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, fmt.Sprintf("%s/api/recipes/%d", p.url, 1+random.IntN(200)), nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := client.Do(r)
				if err != nil {
					refused.Add(1) // not accepted any more
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != http.StatusOK || !bytes.HasSuffix(body, []byte("}\n")) {
					t.Errorf("status %d, %v, %d bytes", resp.StatusCode, err, len(body))
					return
				}
				answered.Add(1)
			})
			l.more(t, 500)
			before := seedViews(t)
			if err := p.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := p.end(t); code != 0 {
				t.Errorf("exit code %d:\n%s", code, p.stderr)
			}
			l.stop()
			client.CloseIdleConnections()
			if refused.Load() == 0 || !strings.Contains(p.stderr.String(), "shut down in order") {
				t.Errorf("%d refused after the end, log:\n%s", refused.Load(), p.stderr)
			}
			store, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(cmd.Dir, "shopchop.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			var views int64
			for s, err := range store.AllStats(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				views += s.Views
			}
			if got := views - before; got != answered.Load() {
				t.Errorf("%d views in the database, %d requests were answered", got, answered.Load())
			}
		})
	}
}

// seedViews is how many views the seed data has: the same at every start.
func seedViews(t testing.TB) (views int64) {
	t.Helper()
	s := run(t, func(c *Config) { c.Seed = true })
	for n, err := range s.store.AllStats(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		views += n.Views
	}
	return views
}

// A second signal ends the program at once, though a request is under way.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, command(t, nil, "SHUTDOWN_TIMEOUT=3600000"))
	cookie, err := (&running{t: t, base: p.url, http: http.DefaultClient}).cookie(1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A body that does not end keeps the request open. Before it, one that is answered: the connection is taken.
	fmt.Fprint(conn, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%q, %v", line, err)
	}
	fmt.Fprint(conn, "POST /api/recipes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nCookie: "+cookie+"\r\nContent-Type: application/json\r\n\r\n{")
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, longTime, func() error {
		if !strings.Contains(p.stderr.String(), "shutting down") {
			return errors.New("the first signal was not heard yet")
		}
		return nil
	})
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != program.ExitFailed {
		t.Errorf("exit code %d, want %d", code, program.ExitFailed)
	}
}

// Every bad value is named, all at once, before anything is opened.
func TestBadSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args, env, texts []string
	}{
		"all at once": {nil, []string{"PORT=http", "REDIS_PORT=0", "CACHE_TTL=soon", "CORS_ORIGINS=example.com", "SHUTDOWN_TIMEOUT=15s", "LOG_LEVEL=loud", "DATABASE_URL=mysql://x"}, []string{
			`PORT is "http", expected a whole number from 0 to 65535`, "REDIS_PORT", "CACHE_TTL", `origin "example.com", expected scheme, host and port`,
			`SHUTDOWN_TIMEOUT is "15s", expected a whole number of milliseconds`, `LOG_LEVEL is "loud", expected debug, info, warn, error`, `scheme "mysql", expected sqlite:<path> or postgres:`,
		}},
		"no secret in production": {nil, []string{"NODE_ENV=production"}, []string{"SESSION_SECRET is not set, expected at least 32 random bytes in production"}},
		"bad secrets":             {nil, []string{"NODE_ENV=production", "SESSION_SECRET=short-s3cret,your-s3cret-that-is-as-long-as-it-must-be"}, []string{"entry 1 has 12 bytes", "entry 2 is a placeholder"}},
		"accounts": {nil, []string{"ADMIN_EMAIL=admin", "ADMIN_PASSWORD=s3cret", "PUBLIC_URL=shop.example.com", "MAIL_FROM=nobody", "TRUSTED_PROXIES=everybody", "RATE_LIMIT_MAX_REQUESTS=few", "SESSION_MAX_AGE=1d"}, []string{
			`ADMIN_EMAIL is "admin"`, "ADMIN_PASSWORD is 6 characters", `PUBLIC_URL is "shop.example.com", expected an address`, `MAIL_FROM is "nobody"`, "TRUSTED_PROXIES", "RATE_LIMIT_MAX_REQUESTS", "SESSION_MAX_AGE",
		}},
		"the debug header is gone": {[]string{"-insecure-dev-auth"}, nil, []string{"-insecure-dev-auth", "usage: shopchop"}},
		"placeholder":              {nil, []string{"APP_ENV=production", "REDIS_HOST=localhost", "REDIS_PASSWORD=your-password"}, []string{"REDIS_PASSWORD holds a placeholder"}},
		"redis scheme":             {nil, []string{"REDIS_URL=http://localhost:6379"}, []string{"REDIS_URL", "http"}},
		"argument":                 {[]string{"start"}, nil, []string{"start", "expected none or rebuild"}},
		"flag":                     {[]string{"-sead"}, nil, []string{"-sead", "usage: shopchop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := command(t, c.args, c.env...).CombinedOutput()
			exit := new(exec.ExitError)
			if !errors.As(err, &exit) || exit.ExitCode() != program.ExitConfig {
				t.Errorf("ended with %v, want exit code %d", err, program.ExitConfig)
			}
			for _, text := range c.texts {
				if !strings.Contains(string(out), text) {
					t.Errorf("no %q in:\n%s", text, out)
				}
			}
			if strings.Contains(string(out), "your-password") || strings.Contains(string(out), "s3cret") {
				t.Errorf("a secret is shown:\n%s", out)
			}
		})
	}
	if out, err := command(t, []string{"-h"}).CombinedOutput(); err != nil || !strings.Contains(string(out), "DATABASE_URL") {
		t.Errorf("-h: %v\n%s", err, out)
	}
}

// .env in the working folder is read, and the environment wins.
func TestDotEnv(t *testing.T) {
	t.Parallel()
	cmd := command(t, nil, "LOG_LEVEL=error")
	if err := os.WriteFile(filepath.Join(cmd.Dir, ".env"), []byte("PORT=no port\nLOG_LEVEL=loud\nSHUTDOWN_TIMEOUT=x # from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `SHUTDOWN_TIMEOUT is "x"`) || strings.Contains(string(out), "PORT") || strings.Contains(string(out), "LOG_LEVEL") {
		t.Errorf("%v\n%s", err, out)
	}
}

// shopchop rebuild repairs the copies beside a running service, and drops what is cached.
func TestRebuildCommand(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL = server.URL() })
	r := s.create(ada, shop.RecipeDraft{Name: "Soup", Tags: []string{"soup"}})
	s.do(bob, http.MethodPut, recipePath(r.ID, "/favorite"), nil, http.StatusNoContent)
	s.agree(t)
	server.Do("DEL", "user:2:favorites", "recipe:1:stats")
	server.Do("ZADD", "recipes:popular", "1000", "recipe:77")
	server.Do("SETEX", "recipe:1", "3600", `{"id":1,"name":"Wrong"}`)
	out, err := command(t, []string{"rebuild"}, "REDIS_URL="+server.URL(), "DATA_DIR="+s.config.DataDir).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "rebuilt the copies") {
		t.Fatalf("%v\n%s", err, out)
	}
	s.agree(t)
	redistest.Eventually(t, longTime, func() error {
		got, err := s.ask(0, http.MethodGet, "/api/recipes/1", nil)
		if err == nil && !strings.Contains(string(got.Data), "Soup") {
			err = fmt.Errorf("still %s", got.Data)
		}
		return err
	})
	out, err = command(t, []string{"rebuild"}).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "rebuilt the copies") {
		t.Errorf("embedded: %v\n%s", err, out)
	}
	server.Kill()
	out, err = command(t, []string{"rebuild"}, "REDIS_URL="+server.URL(), "REDIS_CONNECTION_TIMEOUT=1000", "DATA_DIR="+s.config.DataDir).CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != program.ExitFailed {
		t.Errorf("without Redis: %v\n%s", err, out)
	}
}
