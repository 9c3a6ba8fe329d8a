package redisproc

import (
	"fmt"
	"strings"
	"testing"
)

// One cluster serves the whole test, for starting six processes is the dear part.
func TestCluster(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	c, err := StartCluster(ctx, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if got := strings.Count(c.URL(), "127.0.0.1:"); got != 6 {
		t.Errorf("URL %s names %d nodes, want 6", c.URL(), got)
	}
	masters, err := c.Masters(ctx)
	if err != nil || len(masters) != 3 {
		t.Fatalf("Masters = %d nodes, %v; want 3", len(masters), err)
	}

	// A moved slot takes its keys along.
	slot, err := c.Slot(ctx, "{a}0")
	if err != nil {
		t.Fatal(err)
	}
	from, err := c.MasterOf(ctx, slot)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*migrateBatch + 1 {
		must(t, ctx, from, "SET", fmt.Sprintf("{a}%d", i), "v")
	}
	to := masters[0]
	if to == from {
		to = masters[1]
	}
	if err := c.MoveSlot(ctx, slot, to, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := c.MasterOf(ctx, slot); err != nil || got != to {
		t.Fatalf("owner after the move: %v, %v; want %s", got, err, to.Addr())
	}
	if got := must(t, ctx, to, "CLUSTER", "COUNTKEYSINSLOT", fmt.Sprint(slot)); got != fmt.Sprint(2*migrateBatch+1) {
		t.Errorf("%s keys in the moved slot, want %d", got, 2*migrateBatch+1)
	}

	// A killed master is replaced by its replica, which holds the keys.
	if err := to.Replicated(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := to.Kill(); err != nil {
		t.Fatal(err)
	}
	var heir *Server
	err = poll(ctx, func() error {
		n, err := c.MasterOf(ctx, slot)
		heir = n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if got := must(t, ctx, heir, "GET", "{a}0"); got != "v" {
		t.Errorf("GET on the promoted replica = %q, want v", got)
	}
	// The old master comes back as a replica of the new one.
	if err := to.Restart(ctx, true); err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestClusterNeedsThreeMasters(t *testing.T) {
	t.Parallel()
	if _, err := StartCluster(within(t), 2, 1); err == nil || !strings.Contains(err.Error(), "2 masters") {
		t.Errorf("error %v, want one that names 2 masters", err)
	}
}

func TestSlotRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    string
		slot int
		want bool
	}{
		{"5", 5, true}, {"5", 6, false}, {"0-99", 99, true}, {"0-99", 100, false},
		{"[93->-292f8b36]", 93, false},
	} {
		if got := holds(c.r, c.slot); got != c.want {
			t.Errorf("holds(%q, %d) = %v, want %v", c.r, c.slot, got, c.want)
		}
	}
}
