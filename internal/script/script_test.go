package script_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var (
	echo  = script.New("echo", "return {KEYS[1], ARGV[1]}")
	count = script.New("count", "return redis.call('INCRBY', KEYS[1], ARGV[1])")
	fails = script.New("fails", "return redis.error_reply('MINE of ' .. KEYS[1])")
)

// counter counts the commands that a script takes.
type counter struct {
	script.Doer
	commands atomic.Int64
}

func (c *counter) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	c.commands.Add(1)
	return c.Doer.Do(ctx, cmd)
}

func (c *counter) DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	c.commands.Add(int64(len(cmds)))
	return c.Doer.DoMulti(ctx, cmds...)
}

func TestDo(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "k"
		// A text that no server knows yet.
		s := script.New("own", echo.Source()+" -- "+key)
		for i, want := range []int64{2, 1} { // by its hash, then by its text; later by its hash
			d := &counter{Doer: rb}
			got, err := s.Do(t.Context(), d, []string{key}, []string{"a\r\n\x00"}).AsStrSlice()
			if err != nil || len(got) != 2 || got[0] != key || got[1] != "a\r\n\x00" {
				t.Errorf("call %d: %q, %v", i, got, err)
			}
			if n := d.commands.Load(); n != want {
				t.Errorf("call %d took %d commands, want %d", i, n, want)
			}
		}
		if err := fails.Do(t.Context(), rb, []string{key}, nil).Error(); err == nil || !strings.Contains(err.Error(), "MINE of "+key) {
			t.Errorf("error %v, want the script's own", err)
		}
		if s.Name() != "own" || !strings.HasPrefix(s.Source(), echo.Source()) {
			t.Errorf("name %q, source %q", s.Name(), s.Source())
		}
	})
}

func TestDoMulti(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		if got := script.DoMulti(t.Context(), rb); len(got) != 0 {
			t.Errorf("no calls give %d results", len(got))
		}
		var calls []script.Call
		for i := range 100 {
			s := count
			if i%10 == 9 {
				s = fails
			}
			calls = append(calls, script.Call{Script: s, Keys: []string{rb.Namespace() + strconv.Itoa(i)}, Args: []string{strconv.Itoa(i)}})
		}
		for i, r := range script.DoMulti(t.Context(), rb, calls...) {
			n, err := r.AsInt64()
			switch {
			case i%10 == 9:
				if err == nil || !strings.Contains(err.Error(), calls[i].Keys[0]) {
					t.Errorf("call %d: error %v, want one that names its key", i, err)
				}
			case err != nil || n != int64(i):
				t.Errorf("call %d: %d, %v", i, n, err)
			}
		}
	})
}

// A server that has lost its scripts, as by a restart, is given them again, and every call is done once.
func TestServerForgetsScripts(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: server.URL(), RequireRedis: true, CommandTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	want := int64(0)
	for round := range 5 {
		server.Do("SCRIPT", "FLUSH")
		if round%2 == 1 { // the server knows one of the two
			if _, err := echo.Do(t.Context(), rb, []string{"k"}, []string{"x"}).AsStrSlice(); err != nil {
				t.Fatal(err)
			}
		}
		if round == 4 {
			want++
			if n, err := count.Do(t.Context(), rb, []string{"n"}, []string{"1"}).AsInt64(); err != nil || n != want {
				t.Errorf("round %d: %d, %v; want %d", round, n, err, want)
			}
			server.Do("SCRIPT", "FLUSH")
		}
		add := script.Call{Script: count, Keys: []string{"n"}, Args: []string{"1"}}
		say := script.Call{Script: echo, Keys: []string{"k"}, Args: []string{"said"}}
		d := &counter{Doer: rb}
		results := script.DoMulti(t.Context(), d, add, say, add, say, add)
		for i, r := range results {
			if i%2 == 0 {
				want++
				if n, err := r.AsInt64(); err != nil || n != want {
					t.Errorf("round %d, call %d: %d, %v; want %d", round, i, n, err, want)
				}
			} else if got, err := r.AsStrSlice(); err != nil || got[1] != "said" {
				t.Errorf("round %d, call %d: %q, %v", round, i, got, err)
			}
		}
		again := int64(5) // all were sent again
		if round%2 == 1 {
			again = 3
		}
		if n := d.commands.Load(); n != 5+again {
			t.Errorf("round %d took %d commands, want %d", round, n, 5+again)
		}
	}
}

// A call built for a pipeline with other commands is recognised as missing, and only then.
func TestMissing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "k"
		s := script.New("own", echo.Source()+" -- missing "+key)
		call := script.Call{Script: s, Keys: []string{key}, Args: []string{"x"}}
		for i, want := range []bool{true, false} {
			results := rb.DoMulti(t.Context(), rb.B().Get().Key(key).Build(), call.Build(rb))
			if script.Missing(results[0]) {
				t.Error("a nil reply is taken for a missing script")
			}
			if got := script.Missing(results[1]); got != want {
				t.Errorf("try %d: Missing is %v, want %v: %v", i, got, want, results[1].Error())
			}
			s.Do(t.Context(), rb, call.Keys, call.Args)
		}
		if script.Missing(fails.Do(t.Context(), rb, []string{key}, nil)) {
			t.Error("an error of the script's own is taken for a missing script")
		}
	})
}
