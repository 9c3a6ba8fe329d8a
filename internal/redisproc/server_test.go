package redisproc

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestServerAnswersAndStops(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{Conf: []string{"maxmemory 64mb"}})
	if got := must(t, ctx, s, "CONFIG", "GET", "maxmemory"); got != "maxmemory\n67108864" {
		t.Errorf("CONFIG GET maxmemory = %q, want 64 MB", got)
	}
	if got := must(t, ctx, s, "CONFIG", "GET", "save"); got != "save\n" {
		t.Errorf("CONFIG GET save = %q, want no save points", got)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(ctx, "PING"); err == nil {
		t.Error("the server answers after Stop")
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a stopped server is still there: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestRestartKeepsOrLosesData(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{})
	addr := s.Addr()
	for _, keep := range []bool{true, false} {
		must(t, ctx, s, "SET", "k", "v")
		if err := s.Restart(ctx, keep); err != nil {
			t.Fatal(err)
		}
		want := ""
		if keep {
			want = "v"
		}
		if got := must(t, ctx, s, "GET", "k"); got != want {
			t.Errorf("after Restart(keep %v): GET k = %q, want %q", keep, got, want)
		}
	}
	if s.Addr() != addr {
		t.Errorf("address after restarts %s, want %s", s.Addr(), addr)
	}
}

func TestKilledServerComesBackWithItsLog(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{Conf: []string{"appendonly yes", "appendfsync always"}})
	must(t, ctx, s, "SET", "k", "v")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(ctx, "PING"); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := s.Restart(ctx, true); err != nil {
		t.Fatal(err)
	}
	if got := must(t, ctx, s, "GET", "k"); got != "v" {
		t.Errorf("GET k = %q after a kill with appendfsync always, want v", got)
	}
}

func TestPausedServerKeepsConnectionsAndAnswersNothing(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{})
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := s.Do(short, "PING"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PING of a paused server: %v, want the deadline", err)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := must(t, ctx, s, "PING"); got != "PONG" {
		t.Errorf("PING after Resume = %q", got)
	}
}

func TestPasswordIsPartOfTheURL(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{Conf: []string{"requirepass sesame"}})
	if got, want := s.URL(), "redis://:sesame@"+s.Addr(); got != want {
		t.Errorf("URL = %q, want %q", got, want)
	}
	if got := must(t, ctx, s, "PING"); got != "PONG" {
		t.Errorf("PING = %q", got)
	}
	if _, err := call(ctx, s.Addr(), []string{"PING"}); !errors.Is(err, ErrReply) {
		t.Errorf("PING without the password: %v, want an error reply", err)
	}
}

func TestBadConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	_, err := Start(ctx, Options{Conf: []string{"nonsense 1"}})
	if !errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("error %v, want ErrNotReady that quotes the bad line", err)
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s := start(t, ctx, Options{})
	must(t, ctx, s, "RPUSH", "l", "a", "", "b\r\nc")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"LLEN", "l"}, "3"},
		{[]string{"LRANGE", "l", "0", "-1"}, "a\n\nb\r\nc"},
		{[]string{"GET", "none"}, ""},
	} {
		if got := must(t, ctx, s, c.args...); got != c.want {
			t.Errorf("%v = %q, want %q", c.args, got, c.want)
		}
	}
	if _, err := s.Do(ctx, "GET", "l"); !errors.Is(err, ErrReply) || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("GET of a list: %v, want the server's WRONGTYPE", err)
	}
}
