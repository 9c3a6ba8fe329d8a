package clienttest

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/engine"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// All of its tests end well, alone and pipelined; it gives up at the first error it is answered.
func TestRedisBenchmark(t *testing.T) {
	t.Parallel()
	path := tool(t, "redis-benchmark")
	for name, args := range map[string][]string{
		"one by one":   nil,
		"pipelined":    {"-P", "16", "-r", "1000"},
		"version 3":    {"-3", "-P", "4", "-t", "get,set,lpush,zadd"},
		"with threads": {"--threads", "2", "-P", "4", "-t", "get,set,incr", "-d", "3000"},
		"own command":  {"-P", "16", "-r", "100", "XADD", "stream:__rand_int__", "MAXLEN", "~", "1000", "*", "field", "value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, port := serve(t, engine.Options{})
			out := output(t, "", path, append([]string{"-h", host, "-p", port, "-n", "2000", "-c", "20", "--csv"}, args...)...)
			if i := strings.Index(out, `"test"`); i >= 0 {
				out = out[i:]
			}
			rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
			if err != nil {
				t.Fatalf("%v:\n%s", err, out)
			}
			want := map[string]int{"one by one": 20, "pipelined": 20, "version 3": 4, "with threads": 3, "own command": 1}[name]
			if len(rows) != want+1 {
				t.Errorf("%d rows, want the names and %d:\n%s", len(rows), want, out)
			}
			for _, row := range rows[1:] {
				if perSecond, err := strconv.ParseFloat(row[1], 64); err != nil || perSecond <= 0 {
					t.Errorf("%s: %s per second", fmt.Sprint(row), row[1])
				}
			}
		})
	}
}
