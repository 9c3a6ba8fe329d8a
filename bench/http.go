package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bareEnv turns the program into the rival of Shop & Chop: its value is the JSON of the recipe that it serves.
const bareEnv = "BENCH_BARE"

const (
	shopPackage     = "github.com/redbrick-go/redbrick/apps/shopchop"
	httpConnections = 32
	httpPath        = "/api/recipes/1"
	httpPatience    = 30 * time.Second // for a service to start, and for the last reply of a turn
)

// recipeReply is what both sides answer.
type recipeReply struct {
	Success bool   `json:"success"`
	Data    recipe `json:"data"`
	Message string `json:"message"`
}

// serveBare is the rival's process: net/http and encoding/json with nothing around them, until its input ends.
func serveBare(in io.Reader, out io.Writer) error {
	var r recipe
	if err := json.Unmarshal([]byte(os.Getenv(bareEnv)), &r); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/recipes/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(recipeReply{Success: true, Data: r, Message: "ok"}) // whoever is gone hears of no error
	})
	return serveUntil(in, out, mux, func() {})
}

// serveUntil serves on a free port, which it says, until its input ends. It calls tell for each line of that.
func serveUntil(in io.Reader, out io.Writer, h http.Handler, tell func()) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: httpPatience}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Fprintln(out, l.Addr())
	ended := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			tell()
		}
		ended <- lines.Err()
	}()
	select {
	case err = <-failed:
		return err
	case err = <-ended:
		return errors.Join(err, server.Close())
	}
}

// What is said of the limit of requests: that there is none, or that it counts and refuses nothing.
const (
	unlimited = "RATE_LIMIT_ENABLED=false"
	counted   = "RATE_LIMIT_MAX_REQUESTS=1000000000"
)

// startShop builds Shop & Chop and starts it with a folder of its own and no other settings.
func startShop(ctx context.Context, limit string) (addr string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "bench-shopchop-*")
	if err != nil {
		return "", nil, err
	}
	undo := func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			undo()
		}
	}()
	program := filepath.Join(dir, "shopchop")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, shopPackage)
	if text, err := build.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("go build %s, which wants a folder of the workspace: %w\n%s", shopPackage, err, text)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program)
	// What the caller has set for a service of his own, a Redis or a database, is not meant.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(), "PORT=0", "DATA_DIR=" + filepath.Join(dir, "data"), limit}
	cmd.Dir, cmd.Stderr = dir, &said
	p, err := launch(cmd)
	if err != nil {
		return "", nil, fmt.Errorf("shopchop: %w\n%s", err, &said)
	}
	undo = func() {
		_ = cmd.Process.Kill() // nothing of it is to be kept
		p.stop()
		os.RemoveAll(dir)
	}
	for line := p.addr; ; { // before its address it says how to log in
		if _, url, ok := strings.Cut(line, " at http://"); ok {
			return strings.TrimSuffix(url, "/"), undo, nil
		}
		next, err := p.line()
		if err != nil {
			undo()
			return "", nil, fmt.Errorf("shopchop ended after %q: %w\n%s", line, err, &said)
		}
		line = next
	}
}

func setUpHTTP(ctx context.Context, _ string) (_ []contender, _ func(), err error) {
	var stops []func()
	stop := func() {
		for _, f := range stops {
			f()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	var want []byte
	shops := map[string]string{}
	for _, limit := range []string{unlimited, counted} {
		addr, stopShop, err := startShop(ctx, limit)
		if err != nil {
			return nil, nil, err
		}
		stops = append(stops, stopShop)
		if want, err = warmRecipe(ctx, addr); err != nil {
			return nil, nil, err
		}
		shops[limit] = addr
	}
	bare, err := startSelf(ctx, bareEnv+"="+string(want))
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, bare.stop)
	got, _, err := askRecipe(ctx, bare.addr)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(got, want) {
		return nil, nil, fmt.Errorf("the bare handler sends %s, Shop & Chop %s", got, want)
	}
	turn := func(addr string) func(context.Context, time.Duration) (int64, time.Duration, error) {
		return func(ctx context.Context, d time.Duration) (int64, time.Duration, error) {
			return driveHTTP(ctx, addr, d)
		}
	}
	return []contender{
		{"net/http and encoding/json, bare", turn(bare.addr)},
		{"Shop & Chop, near hit", turn(shops[unlimited])},
		{"Shop & Chop, near hit, each request counted by the limit", turn(shops[counted])},
	}, stop, nil
}

// warmRecipe asks Shop & Chop until the recipe comes from its cache, and once more: a read of what lies in Redis has brought
// it into the process, and X-Cache is HIT at both levels.
func warmRecipe(ctx context.Context, addr string) (data []byte, err error) {
	for hits, until := 0, time.Now().Add(httpPatience); hits < 2; {
		var said string
		if data, said, err = askRecipe(ctx, addr); err != nil {
			return nil, err
		}
		if said == "HIT" {
			hits++
		} else if time.Now().After(until) {
			return nil, fmt.Errorf("shopchop: X-Cache is %q after %v, expected HIT", said, httpPatience)
		}
	}
	return data, nil
}

// askRecipe gets the recipe once, with what X-Cache says.
func askRecipe(ctx context.Context, addr string) (data []byte, said string, err error) {
	c, err := dialHTTP(ctx, addr, httpPatience)
	if err != nil {
		return nil, "", err
	}
	defer c.close()
	var body bytes.Buffer
	if said, err = c.get(&body); err != nil {
		return nil, "", err
	}
	var reply struct{ Data json.RawMessage }
	if err := json.Unmarshal(body.Bytes(), &reply); err != nil {
		return nil, "", fmt.Errorf("%s%s: %w in %s", addr, httpPath, err, &body)
	}
	return reply.Data, said, nil
}

// driveHTTP keeps all connections busy for about d.
func driveHTTP(ctx context.Context, addr string, d time.Duration) (int64, time.Duration, error) {
	clients := make([]*httpClient, httpConnections)
	for i := range clients {
		c, err := dialHTTP(ctx, addr, d+httpPatience)
		if err != nil {
			return 0, 0, err
		}
		defer c.close()
		clients[i] = c
	}
	return drive(httpConnections, d, func(worker, _ int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := clients[worker].get(io.Discard)
		return err
	})
}
