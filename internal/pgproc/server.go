package pgproc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
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
	startLimit = 60 * time.Second // to create and start the cluster, on a loaded machine
	stopGrace  = 10 * time.Second // to stop it before it is killed
)

// ErrNotFound says that the machine has no PostgreSQL to start.
var ErrNotFound = errors.New("pgproc: no initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin")

// Server is a running PostgreSQL with an empty database. Make it with [Start].
type Server struct {
	url     string
	version string
	dir     string
	proc    *childproc.Process
}

// Start creates a database cluster in a temporary folder and starts a server on
// it, which takes two seconds. PostgreSQL refuses root: as root it is run as the user nobody. The context
// bounds the start alone.
func Start(ctx context.Context) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "redbrick-postgres-")
	if err != nil {
		return nil, fmt.Errorf("pgproc: %w", err)
	}
	s := &Server{dir: dir}
	if err := s.start(ctx, bin); err != nil {
		return nil, errors.Join(fmt.Errorf("pgproc: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, bin string) error {
	home := filepath.Join(s.dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	as, err := unprivileged(s.dir, home)
	if err != nil {
		return err
	}
	data := filepath.Join(home, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = home, as()
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLine(out))
	}
	port, err := redisproc.FreePort()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(home, "postgres.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-F",
		"-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(port), "-k", home,
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	server.Dir, server.SysProcAttr = home, as()
	server.Stdout, server.Stderr = log, log
	// SIGQUIT is PostgreSQL's immediate shutdown: its workers go as well.
	if s.proc, err = childproc.Launch(server, syscall.SIGQUIT); err != nil {
		return err
	}
	if err := s.await(ctx, port); err != nil {
		text, _ := os.ReadFile(log.Name()) // it only adds to the error
		return fmt.Errorf("%w: %s", err, lastLine(text))
	}
	s.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	s.version = strings.TrimSpace(string(out))
	return err
}

// URL returns postgres://user@host:port/database, for any PostgreSQL driver.
func (s *Server) URL() string { return s.url }

// Version returns what the server calls itself: "postgres (PostgreSQL) 15.18".
func (s *Server) Version() string { return s.version }

// Stop ends the server by a fast shutdown (SIGINT), which ends its sessions,
// and removes its folder. Safe to call twice.
func (s *Server) Stop() error {
	var err error
	if s.proc != nil {
		err = s.proc.Stop(os.Interrupt, stopGrace)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// await waits until the server takes connections.
func (s *Server) await(ctx context.Context, port int) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if !s.proc.Running() {
			return errors.New("postgres ended by itself")
		}
		err := acceptsSession(ctx, port)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-ticker.C:
		}
	}
}

// acceptsSession opens a session and looks at the first byte of the answer: R
// asks for or grants authentication, E is an error such as "starting up".
func acceptsSession(ctx context.Context, port int) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	const version3 = 196608
	body := "user\x00postgres\x00\x00"
	packet := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	packet = binary.BigEndian.AppendUint32(packet, version3)
	if _, err := conn.Write(append(packet, body...)); err != nil {
		return err
	}
	var kind [1]byte
	if _, err := io.ReadFull(conn, kind[:]); err != nil {
		return err
	}
	if kind[0] != 'R' {
		return fmt.Errorf("answer %q to a session, expected R", kind)
	}
	return nil
}

// find returns the folder that holds initdb and postgres: on the PATH,
// or where Debian keeps them off it, the newest version first.
func find() (string, error) {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
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
	return "", ErrNotFound
}

func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
