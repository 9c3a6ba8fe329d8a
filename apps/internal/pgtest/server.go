package pgtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redbrick-go/redbrick/internal/childproc"
	"github.com/redbrick-go/redbrick/internal/redisproc"
)

const (
	startLimit = 60 * time.Second // to create and start a server, on a loaded machine
	stopGrace  = 10 * time.Second // before it is killed
)

// server is a running PostgreSQL with an empty database.
type server struct {
	url    string
	folder string
	proc   *childproc.Process
	log    *io.PipeWriter
}

// start creates a database and starts a server on it, without durability: the
// data end with the tests.
func start() (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	s, err := startIn(folder, bin)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func startIn(folder, bin string) (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	home := filepath.Join(folder, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	as, err := unprivileged(folder, home)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(home, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = home, as()
	if out, err := initdb.CombinedOutput(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return nil, fmt.Errorf("initdb: %w: %s", err, lines[len(lines)-1])
	}
	port, err := redisproc.FreePort()
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-F", "-p", strconv.Itoa(port), "-k", home,
		"-c", "listen_addresses=127.0.0.1", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "logging_collector=off")
	cmd.Dir, cmd.SysProcAttr, cmd.Stderr = home, as(), writer
	// SIGQUIT is the immediate shutdown, which ends the server's own children too.
	proc, err := childproc.Launch(cmd, syscall.SIGQUIT)
	if err != nil {
		return nil, err
	}
	s := &server{
		url:    fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		folder: folder, proc: proc, log: writer,
	}
	if err := s.await(ctx, reader); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// await reads the server's log until it says that it takes connections, and
// goes on reading, so that the server never waits for a full pipe.
func (s *server) await(ctx context.Context, log io.Reader) error {
	ready, last := make(chan struct{}), make(chan string, 1)
	go func() {
		var line string
		for lines := bufio.NewScanner(log); lines.Scan(); {
			line = lines.Text()
			if strings.Contains(line, "ready to accept connections") {
				close(ready)
				io.Copy(io.Discard, log) // ends with the server
				return
			}
		}
		last <- line
	}()
	go func() {
		<-s.proc.Done()
		s.log.Close() // never fails
	}()
	select {
	case <-ready:
		return nil
	case line := <-last:
		return fmt.Errorf("postgres ended by itself: %s", line)
	case <-ctx.Done():
		return fmt.Errorf("postgres does not become ready: %w", ctx.Err())
	}
}

// stop ends the server by a fast shutdown (SIGINT) and removes its folder.
func (s *server) stop() error {
	return errors.Join(s.proc.Stop(os.Interrupt, stopGrace), os.RemoveAll(s.folder))
}

// programs returns the folder with initdb and postgres: that of the PATH, or
// where Debian keeps them off it, the newest version first.
func programs() (string, error) {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is good
	for i := len(debian) - 1; i >= 0; i-- {
		folders = append(folders, debian[i])
	}
	for _, folder := range folders {
		_, err1 := exec.LookPath(filepath.Join(folder, "initdb"))
		_, err2 := exec.LookPath(filepath.Join(folder, "postgres"))
		if err1 == nil && err2 == nil {
			return folder, nil
		}
	}
	return "", errors.New("no initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin")
}
