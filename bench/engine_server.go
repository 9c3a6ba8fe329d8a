package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine"
)

// engineEnv turns the program into an engine on a free port, so that it has a process of its own as redis-server has.
const engineEnv = "BENCH_ENGINE"

// serveEngine is that process: it says its address, and for each line on its input the bytes it uses, on the heap and in all.
func serveEngine(in io.Reader, out io.Writer) error {
	engine.RaiseProcs()
	e, err := engine.Open(engine.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, e.Addr())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		runtime.GC()
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintln(out, m.HeapAlloc, residentMemory(os.Getpid()))
	}
	return e.Close()
}

// process is a child, this program in another role for the most part, seen from here.
type process struct {
	addr string // the first line that it prints
	pid  int
	in   io.Writer
	out  *bufio.Reader
	stop func()
}

func startEngine(ctx context.Context) (*process, error) { return startSelf(ctx, engineEnv+"=1") }

// startSelf starts this program in the role that a variable of the environment gives it.
func startSelf(ctx context.Context, role string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env, cmd.Stderr = append(os.Environ(), role), os.Stderr
	return launch(cmd)
}

// launch starts a program that says where it is reached.
func launch(cmd *exec.Cmd) (*process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{in: in, out: bufio.NewReader(out), pid: cmd.Process.Pid, stop: func() {
		in.Close()
		_ = cmd.Wait()
	}}
	if p.addr, err = p.line(); err != nil {
		_ = cmd.Process.Kill()
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *process) line() (string, error) {
	line, err := p.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// memory asks for the bytes on the heap and those resident.
func (p *process) memory() (heap, resident int64, err error) {
	if _, err := fmt.Fprintln(p.in, "memory"); err != nil {
		return 0, 0, err
	}
	line, err := p.line()
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscan(line, &heap, &resident)
	return heap, resident, err
}

// residentMemory is what a process occupies, 0 where the system does not tell it in /proc.
func residentMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	var kilobytes int64
	_, _ = fmt.Sscan(string(rest), &kilobytes)
	return kilobytes << 10
}

// engineMemory fills both servers alike and prints what they take.
func engineMemory(ctx context.Context, out io.Writer, address string, _ int, _ time.Duration) error {
	p, err := startEngine(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	own, err := startRedis(ctx) // the one at address has what other workloads left
	if err != nil {
		return err
	}
	defer own.stop()
	for _, addr := range []string{p.addr, own.addr} {
		if err := fillMillion(ctx, addr); err != nil {
			return err
		}
	}
	heap, resident, err := p.memory()
	if err != nil {
		return err
	}
	used, rss, err := redisMemory(ctx, own.addr)
	if err != nil {
		return err
	}
	const mb = 1e6
	fmt.Fprintf(out, "\n| | memory, MB | resident, MB |\n|---|--:|--:|\n")
	fmt.Fprintf(out, "| redis-server (used_memory) | %.0f | %.0f |\n", float64(used)/mb, float64(rss)/mb)
	fmt.Fprintf(out, "| engine (HeapAlloc after a collection) | %.0f | %.0f |\n", float64(heap)/mb, float64(resident)/mb)
	fmt.Fprintf(out, "| ratio | %.2f | %.2f |\n", float64(heap)/float64(used), float64(resident)/float64(rss))
	return nil
}

func fillMillion(ctx context.Context, addr string) error {
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		return err
	}
	defer c.Close()
	const n, piece = 1_000_000, 1000
	for from := 0; from < n; from += piece {
		batch := make(rueidis.Commands, piece)
		for i := range batch {
			text := fmt.Sprintf("%08d", from+i)
			batch[i] = c.B().Set().Key("session:" + text).Value("value of" + text).ExSeconds(int64(10_000 + (from+i)%10_000)).Build()
		}
		for _, r := range c.DoMulti(ctx, batch...) {
			if err := r.Error(); err != nil {
				return err
			}
		}
	}
	return nil
}

// redisMemory is what INFO tells.
func redisMemory(ctx context.Context, addr string) (used, resident int64, err error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	info, err := c.Do(ctx, c.B().Info().Section("memory").Build()).ToString()
	if err != nil {
		return 0, 0, err
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(info, name+":")
		value, _, _ := strings.Cut(rest, "\r")
		n, _ := strconv.ParseInt(value, 10, 64)
		return n
	}
	return field("used_memory"), field("used_memory_rss"), nil
}

// tcpCommands are what engineTCP sends, as redis-benchmark takes them.
var tcpCommands = []struct {
	name string
	args []string
}{
	{"SET", []string{"-t", "set"}},
	{"GET", []string{"-t", "get"}},
	{"INCR", []string{"-t", "incr"}},
	{"LPUSH", []string{"-t", "lpush"}},
	{"ZADD", []string{"-t", "zadd"}},
	{"XADD", []string{"XADD", "mystream", "*", "field", strings.Repeat("x", engineValue)}},
}

// engineTCP runs redis-benchmark against both servers in turns.
func engineTCP(ctx context.Context, out io.Writer, address string, rounds int, turn time.Duration) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	p, err := startEngine(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Fprintf(out, "\n| | redis-server | engine | ratio | worst to best round |\n|---|--:|--:|--:|--:|\n")
	for _, depth := range []int{1, 16} {
		for _, c := range tcpCommands {
			var rates [2][]float64
			n := 5000 * depth
			var ratios []float64
			for round := range rounds + 1 { // the first one warms up and finds how many requests a turn takes
				var fastest float64
				for i, addr := range []string{u.Host, p.addr} {
					rate, err := redisBenchmark(ctx, addr, n, depth, c.args)
					if err != nil {
						return err
					}
					fastest = max(fastest, rate)
					if round > 0 {
						rates[i] = append(rates[i], rate)
					}
				}
				if round == 0 {
					n = max(n, int(fastest*turn.Seconds()))
					continue
				}
				ratios = append(ratios, rates[1][round-1]/rates[0][round-1])
			}
			least, most := spread(ratios)
			fmt.Fprintf(out, "| %s, -P %d | %.0f | %.0f | %.2f | %.2f to %.2f |\n", c.name, depth, median(rates[0]), median(rates[1]), median(ratios), least, most)
		}
	}
	return nil
}

// redisBenchmark gives the requests a second of one run.
func redisBenchmark(ctx context.Context, addr string, n, depth int, args []string) (float64, error) {
	host, port, _ := strings.Cut(addr, ":")
	all := append([]string{"-h", host, "-p", port, "--csv", "-n", strconv.Itoa(n), "-P", strconv.Itoa(depth), "-c", "50", "-r", "100000", "-d", strconv.Itoa(engineValue)}, args...)
	text, err := exec.CommandContext(ctx, "redis-benchmark", all...).Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark %q: %w", all, err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	fields := strings.Split(lines[len(lines)-1], `","`)
	if len(fields) < 2 {
		return 0, fmt.Errorf("redis-benchmark %q printed %q", all, text)
	}
	return strconv.ParseFloat(fields[1], 64)
}
