package main

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
	postgresLimit = 60 * time.Second // to create and start the cluster, on a loaded machine
	postgresGrace = 10 * time.Second // to stop it before it is killed
)

// postgres is a running PostgreSQL server with an empty database.
type postgres struct {
	url     string
	version string
	proc    *childproc.Process
}

// startPostgres creates a database cluster below dir and starts a server on it.
// It gives up durability for speed: the data end with the run.
func startPostgres(ctx context.Context, dir string) (*postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, postgresLimit)
	defer cancel()
	home := filepath.Join(dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir, home)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(home, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = home, as()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, lastLine(out))
	}
	port, err := redisproc.FreePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(home, "postgres.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-F",
		"-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(port), "-k", home,
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	server.Dir, server.SysProcAttr = home, as()
	server.Stdout, server.Stderr = log, log
	// SIGQUIT is PostgreSQL's immediate shutdown: its workers go as well.
	proc, err := childproc.Launch(server, syscall.SIGQUIT)
	if err != nil {
		return nil, err
	}
	p := &postgres{
		url:  fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		proc: proc,
	}
	if err := p.await(ctx, port); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%w: %s", err, lastLine(text)), p.stop())
	}
	p.version = "PostgreSQL of " + bin
	if out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output(); err == nil {
		p.version = strings.TrimSpace(string(out))
	}
	return p, nil
}

// await waits until the server takes connections.
func (p *postgres) await(ctx context.Context, port int) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if !p.proc.Running() {
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

// stop ends the server by a fast shutdown (SIGINT), which ends its sessions.
func (p *postgres) stop() error { return p.proc.Stop(os.Interrupt, postgresGrace) }

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

// findPostgres returns the folder that holds initdb and postgres: on the PATH,
// or where Debian keeps them off it, the newest version first.
func findPostgres() (string, error) {
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
	return "", errors.New("no initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin")
}

func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
