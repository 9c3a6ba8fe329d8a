package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// toll is what work takes of the machine.
type toll struct {
	client, server time.Duration // of processors: the clients' process and the server's
	reads          float64       // how often the server read from a connection
}

func (t toll) minus(o toll) toll {
	return toll{t.client - o.client, t.server - o.server, t.reads - o.reads}
}

func (t toll) plus(o toll) toll {
	return toll{t.client + o.client, t.server + o.server, t.reads + o.reads}
}

// row is the toll of one operation of so many, as cells of a table.
func (t toll) row(ops float64) string {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / ops }
	return fmt.Sprintf(" %.2f | %.2f | %.2f |", us(t.client), us(t.server), t.reads/ops)
}

const tollHead, tollRule = " µs of processor | of the server | round trips |", "--:|--:|--:|"

// booth reads tolls. The server's processor time is taken and not what INFO commandstats says of it: there, what a script
// calls is counted twice, and what reading and writing costs is not counted. A read by the server stands for a round trip: a
// batch of commands that a client wrote at once, for one caller or for many, is one.
type booth struct{ rdb *redis.Client }

func newBooth(url string) (*booth, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	return &booth{redis.NewClient(o)}, nil
}

func (b *booth) close() { _ = b.rdb.Close() }

// read gives the toll so far; none where b is nil.
func (b *booth) read(ctx context.Context) (t toll, err error) {
	if b == nil {
		return t, nil
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return t, fmt.Errorf("getrusage: %w", err)
	}
	t.client = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	info, err := b.rdb.Info(ctx, "everything").Result()
	if err != nil {
		return t, err
	}
	found := 0
	for line := range strings.Lines(info) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "used_cpu_sys", "used_cpu_user", "total_reads_processed":
		default:
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return t, fmt.Errorf("INFO: %s: %w", name, err)
		}
		found++
		if name == "total_reads_processed" {
			t.reads = n
			continue
		}
		t.server += time.Duration(n * float64(time.Second))
	}
	if found != 3 {
		return t, fmt.Errorf("INFO has %d of used_cpu_sys, used_cpu_user and total_reads_processed", found)
	}
	return t, nil
}
