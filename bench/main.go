// Command bench measures the bricks against their rivals: the same work, in the same run, in turns, so that a machine whose
// speed drifts does not favour anyone. It prints one table a workload, with medians and the ratio to the first row.
//
//	go run ./bench                       # all workloads, on a redis-server of its own
//	go run ./bench -workload near -rounds 9
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
)

// contender is one way to do the work of a workload. run does it for about d and says how many operations that were.
type contender struct {
	name string
	run  func(ctx context.Context, d time.Duration) (ops int64, took time.Duration, err error)
}

// workload is one table. Ratios are speed against the first contender.
type workload struct {
	name  string
	about string
	setUp func(ctx context.Context, url string) (contenders []contender, tearDown func(), err error)
	// tolls adds to the table what a call takes of the processors here and of the server, and its round trips.
	tolls bool
	// report measures and prints a table of its own, in place of setUp.
	report func(ctx context.Context, out io.Writer, url string, rounds int, turn time.Duration) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for role, serve := range map[string]func(in io.Reader, out io.Writer) error{engineEnv: serveEngine, bareEnv: serveBare, cachedEnv: serveCached} {
		if os.Getenv(role) == "" {
			continue
		}
		if err := serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", role, err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := flags.String("workload", "", "comma-separated workloads; empty: all")
	rounds := flags.Int("rounds", 5, "how often each contender has its turn")
	turn := flags.Duration("turn", 500*time.Millisecond, "how long a turn is")
	url := flags.String("url", "", "Redis to use, empty: start a redis-server")
	profile := flags.String("cpuprofile", "", "file for a CPU profile of the whole run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		stop, err := startProfile(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	if *url == "" {
		server, err := startRedis(ctx)
		if err != nil {
			return err
		}
		defer server.stop()
		*url = server.url
	}
	for _, w := range slices.Concat(brickWorkloads, limitWorkloads, tokenWorkloads, sessionWorkloads, engineWorkloads) {
		if *names != "" && !slices.Contains(strings.Split(*names, ","), w.name) {
			continue
		}
		if err := measure(ctx, out, w, *url, *rounds, *turn); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// startProfile writes what the processor does to a file until stop is called.
func startProfile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: profile:", err)
		}
	}, nil
}

func measure(ctx context.Context, out io.Writer, w workload, url string, rounds int, turn time.Duration) error {
	if w.report != nil {
		fmt.Fprintf(out, "\n### %s\n\n%s\n", w.name, w.about)
		return w.report(ctx, out, url, rounds, turn)
	}
	contenders, tearDown, err := w.setUp(ctx, url)
	if err != nil {
		return err
	}
	defer tearDown()
	costs := make([][]float64, len(contenders))
	tolls, calls := make([]toll, len(contenders)), make([]float64, len(contenders))
	var tolled *booth // nil: no tolls
	if w.tolls {
		if tolled, err = newBooth(url); err != nil {
			return err
		}
		defer tolled.close()
	}
	for round := range rounds + 1 { // the first round warms up and is not counted
		for i, c := range contenders {
			before, err := tolled.read(ctx)
			if err != nil {
				return err
			}
			ops, took, err := c.run(ctx, turn)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			after, err := tolled.read(ctx)
			if err != nil {
				return err
			}
			if round > 0 {
				costs[i] = append(costs[i], float64(took)/float64(ops))
				tolls[i], calls[i] = tolls[i].plus(after.minus(before)), calls[i]+float64(ops)
			}
		}
	}
	head, rule := "", ""
	if w.tolls {
		head, rule = tollHead, tollRule
	}
	fmt.Fprintf(out, "\n### %s\n\n%s\n\n| | ops/s | ns/op | min to max ns/op | speed against the first |%s\n|---|--:|--:|--:|--:|%s\n", w.name, w.about, head, rule)
	for i, c := range contenders {
		ratios := make([]float64, rounds) // round by round: a slow moment hits both
		for r := range ratios {
			ratios[r] = costs[0][r] / costs[i][r]
		}
		ns := median(costs[i])
		least, most := spread(costs[i])
		row := ""
		if w.tolls {
			row = tolls[i].row(calls[i])
		}
		fmt.Fprintf(out, "| %s | %.0f | %.0f | %.0f to %.0f | %.2f |%s\n", c.name, 1e9/ns, ns, least, most, median(ratios), row)
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func spread(values []float64) (least, most float64) { return slices.Min(values), slices.Max(values) }
