package redistest_test

import (
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redis/rueidis"
)

func TestPrivateServerLosesItsDataOnRestart(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	s.Do("SET", "k", "v")
	s.RestartKeeping()
	if got := s.Do("GET", "k"); got != "v" {
		t.Errorf("GET after RestartKeeping = %q, want v", got)
	}
	s.Restart()
	if got := s.Do("GET", "k"); got != "" {
		t.Errorf("GET after Restart = %q, want nothing", got)
	}
	s.Do("SET", "k", "v")
	s.Kill()
	if _, err := s.Try("PING"); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if got := s.Do("GET", "k"); got != "" {
		t.Errorf("GET after a kill = %q, want nothing", got)
	}
}

func TestClientSurvivesAKilledServer(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t, "requirepass sesame")
	rb := redistest.OpenURL(t, s.URL())
	set(t, rb, "k", "v")
	s.Kill()
	if _, err := get(t.Context(), rb, "k"); err == nil || rueidis.IsRedisNil(err) {
		t.Errorf("GET from a killed server: %v, want an error", err)
	}
	s.Restart()
	redistest.Eventually(t, time.Minute, func() error { return rb.Ping(t.Context()) })
}

func TestCommandsCountsWhatTheServerRan(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	s.ResetCommands()
	before := s.Commands()
	if before.Total() != 0 {
		t.Errorf("commands right after the reset: %v, want none", before)
	}
	for range 3 {
		s.Do("SET", "k", "v")
	}
	s.Do("CLIENT", "ID")
	s.Do("EVAL", "return redis.call('GET', KEYS[1])", "1", "k")
	got := s.Commands()
	if got["set"] != 3 || got["client|id"] != 1 || got["get"] != 1 || got.Total("set", "get") != 4 {
		t.Errorf("commands %v, want 3 set, 1 client|id, 1 get by the script", got)
	}
}

func TestPrivateClusterMovesSlotsAndFailsOver(t *testing.T) {
	t.Parallel()
	c := redistest.PrivateCluster(t)
	if got := len(c.Masters()); got != 3 {
		t.Fatalf("%d masters, want 3", got)
	}
	rb := redistest.OpenURL(t, c.URL())
	set(t, rb, "k", "v")
	key, during := rb.Namespace()+"k", ""
	old := c.MasterOf(key)
	owner := c.MoveSlot(key, func() {
		during = "ran"
		if got, err := get(t.Context(), rb, "k"); err != nil || got != "v" {
			t.Errorf("GET in mid-move = %q, %v; want v", got, err)
		}
	})
	if during == "" || owner.Addr() == old.Addr() || c.MasterOf(key).Addr() != owner.Addr() {
		t.Errorf("the slot was at %s and is at %s after a move to %s", old.Addr(), c.MasterOf(key).Addr(), owner.Addr())
	}
	if got, err := get(t.Context(), rb, "k"); err != nil || got != "v" {
		t.Errorf("GET after the move = %q, %v; want v", got, err)
	}
	// The replica has to have the key before its master may die.
	owner.Replicated(1)
	dead, heir := c.Failover(key)
	if dead.Addr() == heir.Addr() {
		t.Errorf("%s is its own heir", dead.Addr())
	}
	redistest.Eventually(t, time.Minute, func() error {
		_, err := get(t.Context(), rb, "k")
		return err
	})
}

func TestPrivateSentinelFailsOver(t *testing.T) {
	t.Parallel()
	s := redistest.PrivateSentinel(t)
	rb := redistest.OpenURL(t, s.URL())
	set(t, rb, "k", "v")
	s.Master().Replicated(1)
	dead, heir := s.Failover()
	if dead.Addr() == heir.Addr() {
		t.Errorf("%s is its own heir", dead.Addr())
	}
	redistest.Eventually(t, time.Minute, func() error {
		got, err := get(t.Context(), rb, "k")
		if err == nil && got != "v" {
			t.Errorf("GET after the failover = %q, want v", got)
		}
		return err
	})
}
