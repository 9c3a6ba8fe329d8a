package redisproc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redbrick-go/redbrick/internal/childproc"
)

const (
	readyLimit = 20 * time.Second // for one server to answer, on a loaded machine
	stopGrace  = 5 * time.Second  // between SIGTERM and SIGKILL
	startTries = 5                // ports tried before giving up
)

// Options configures one server. The zero value is an empty server without
// persistence in a temporary folder.
type Options struct {
	// Conf holds lines of redis.conf ("maxmemory 64mb"). They come after the
	// package's own and win over them, except that the port is always ours.
	Conf []string
	// Dir keeps the server's files. Empty: a temporary folder, removed by Stop.
	Dir string

	sentinel bool // run as a Sentinel
}

// Server is one redis-server process. Its methods may be called from several
// goroutines; those that start and stop it wait for each other.
type Server struct {
	dir      string
	ownDir   bool
	conf     []string
	password string // of the default user, from a requirepass line
	port     int
	program  string
	args     []string // after the configuration file

	mu   sync.Mutex
	proc *childproc.Process
}

// Find returns the path of redis-server, or of valkey-server, or [ErrNotFound].
func Find() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotFound
}

// Start starts a server and returns once it answers. The context bounds the
// start alone. Errors wrap [ErrNotFound] or [ErrNotReady].
func Start(ctx context.Context, o Options) (*Server, error) {
	program, err := Find()
	if err != nil {
		return nil, err
	}
	s := &Server{dir: o.Dir, conf: o.Conf, program: program}
	if o.sentinel {
		s.args = []string{"--sentinel"}
	}
	for _, line := range o.Conf {
		if f := strings.Fields(line); len(f) == 2 && strings.EqualFold(f[0], "requirepass") {
			s.password = strings.Trim(f[1], `"'`)
		}
	}
	if s.dir == "" {
		s.ownDir = true
		if s.dir, err = os.MkdirTemp("", "redbrick-redis-"); err != nil {
			return nil, fmt.Errorf("redisproc: %w", err)
		}
	}
	for try := 1; ; try++ {
		if s.port, err = FreePort(); err == nil {
			err = s.run(ctx)
		}
		if err == nil {
			return s, nil
		}
		// Somebody else took the port between our look and our bind.
		if try == startTries || !strings.Contains(err.Error(), "Address already in use") {
			return nil, errors.Join(err, s.Stop())
		}
	}
}

// Addr returns host:port.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Running reports whether the process is there; a paused one is.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc != nil && s.proc.Running()
}

// Dir returns the folder that holds the server's files.
func (s *Server) Dir() string { return s.dir }

// URL returns the address in the form redis://host:port, with the default
// user's password if there is one.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr()}
	if s.password != "" {
		u.User = url.UserPassword("", s.password)
	}
	return u.String()
}

// Do runs one command as the default user on a connection of its own. Array
// items come back on lines of their own, a nil as "". Errors that the
// server answered wrap [ErrReply].
func (s *Server) Do(ctx context.Context, args ...string) (string, error) {
	if s.password == "" {
		return call(ctx, s.Addr(), args)
	}
	return call(ctx, s.Addr(), []string{"AUTH", s.password}, args)
}

// Replicated waits until n replicas hold every write that the server has answered.
func (s *Server) Replicated(ctx context.Context, n int) error {
	// WAIT is about what its own connection did last: on a fresh one, about nothing.
	commands := [][]string{{"PING"}, {"WAIT", strconv.Itoa(n), "1000"}}
	if s.password != "" {
		commands = append([][]string{{"AUTH", s.password}}, commands...)
	}
	return poll(ctx, func() error {
		reply, err := call(ctx, s.Addr(), commands...)
		if err != nil {
			return err
		}
		if got, err := strconv.Atoi(reply); err != nil || got < n {
			return fmt.Errorf("%s replicas of %s hold its last writes, expected %d", reply, s.Addr(), n)
		}
		return nil
	})
}

// Stop ends the server in an orderly way (SIGTERM, after 5 s SIGKILL) and
// removes its folder if Start made it. Safe to call twice.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.halt()
	if s.ownDir {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Kill ends the server as a crash does; its files stay, and Restart brings it back.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	return s.proc.Kill()
}

// Restart ends the server if it runs and starts it again on the same port.
// With keep its data come back (a running server saves them first; of a killed
// one, what its files hold); without, it starts empty.
func (s *Server) Restart(ctx context.Context, keep bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keep && s.proc != nil && s.proc.Running() {
		if err := s.proc.Resume(); err != nil && !errors.Is(err, childproc.ErrUnsupported) {
			return err
		}
		if _, err := s.Do(ctx, "SAVE"); err != nil {
			return err
		}
	}
	if err := s.halt(); err != nil {
		return err
	}
	if !keep {
		for _, name := range []string{"dump.rdb", "appendonlydir"} {
			if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
				return fmt.Errorf("redisproc: %w", err)
			}
		}
	}
	return s.run(ctx)
}

// Pause stops the process without ending it: connections stay open, new ones
// are accepted by the kernel, and nothing is answered.
func (s *Server) Pause() error { return s.signal((*childproc.Process).Pause) }

// Resume continues a paused server.
func (s *Server) Resume() error { return s.signal((*childproc.Process).Resume) }

func (s *Server) signal(f func(*childproc.Process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	return f(s.proc)
}

func (s *Server) halt() error {
	if s.proc == nil {
		return nil
	}
	return s.proc.Stop(syscall.SIGTERM, stopGrace)
}

// run starts the process on s.port and waits for it to answer.
func (s *Server) run(ctx context.Context) error {
	conf := []string{"bind 127.0.0.1", `save ""`, "appendonly no", "logfile redis.log", "daemonize no"}
	conf = append(conf, s.conf...)
	conf = append(conf, "port "+strconv.Itoa(s.port), "dir "+strconv.Quote(s.dir))
	path := filepath.Join(s.dir, "redis.conf")
	if err := os.WriteFile(path, []byte(strings.Join(conf, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("redisproc: %w", err)
	}
	_ = os.Remove(filepath.Join(s.dir, "redis.log")) // the errors we quote are to be this run's
	var out strings.Builder
	cmd := exec.Command(s.program, append([]string{path}, s.args...)...)
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = &out, &out // a bad line of the configuration is printed here
	proc, err := childproc.Launch(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	s.proc = proc
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	err = poll(ctx, func() error {
		if !proc.Running() {
			return errStop{fmt.Errorf("%w: the server ended: %s%s", ErrNotReady, out.String(), s.logTail())}
		}
		return s.answers(ctx)
	})
	if err != nil {
		if proc.Running() {
			err = fmt.Errorf("%w; log: %s", err, s.logTail())
		}
		return errors.Join(err, proc.Kill())
	}
	return nil
}

// answers reports whether the server on our port is ready, and is ours: had
// ours failed to bind, a stranger would answer.
func (s *Server) answers(ctx context.Context) error {
	if reply, err := s.Do(ctx, "PING"); err != nil {
		return err
	} else if reply != "PONG" {
		return fmt.Errorf("PING answered %q", reply)
	}
	info, err := s.Do(ctx, "INFO", "server")
	if err != nil {
		return err
	}
	if pid := field(info, "process_id"); pid != strconv.Itoa(s.proc.PID()) {
		return fmt.Errorf("another server (process %s) answers on %s", pid, s.Addr())
	}
	return nil
}

// logTail returns the last lines of the server's log, for errors.
func (s *Server) logTail() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "redis.log"))
	if err != nil {
		return ""
	}
	const most = 2000
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(b)
}
