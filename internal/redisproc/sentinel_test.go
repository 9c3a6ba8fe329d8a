package redisproc

import (
	"strings"
	"testing"
)

func TestSentinel(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	s, err := StartSentinel(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if u := s.URL(); !strings.HasPrefix(u, "redis+sentinel://127.0.0.1:") || !strings.HasSuffix(u, "/mymaster") {
		t.Errorf("URL = %q", u)
	}
	master, err := s.Master(ctx)
	if err != nil || master != s.Servers()[0] {
		t.Fatalf("Master = %v, %v; want the first server", master, err)
	}
	must(t, ctx, master, "SET", "k", "v")
	if err := master.Replicated(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	var heir *Server
	err = poll(ctx, func() error {
		heir, err = s.Master(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if heir == master {
		t.Fatal("the dead server is master still")
	}
	if got := must(t, ctx, heir, "GET", "k"); got != "v" {
		t.Errorf("GET on the promoted replica = %q, want v", got)
	}
}
