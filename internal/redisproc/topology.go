package redisproc

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// migrateBatch is how many keys one MIGRATE moves.
const migrateBatch = 100

// Slot returns the hash slot of a key, as the servers compute it.
func (c *Cluster) Slot(ctx context.Context, key string) (int, error) {
	reply, err := c.anyone(ctx, "CLUSTER", "KEYSLOT", key)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(reply)
}

// MasterOf returns the node that owns the slot now. While its owner is dead and
// no replica has taken over, the error wraps [ErrNotReady].
func (c *Cluster) MasterOf(ctx context.Context, slot int) (*Server, error) {
	nodes, err := c.anyone(ctx, "CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(nodes) {
		f := strings.Fields(line)
		if len(f) < 9 || !strings.Contains(f[2], "master") || strings.Contains(f[2], "fail") {
			continue
		}
		for _, r := range f[8:] {
			if !holds(r, slot) {
				continue
			}
			n, err := c.node(f[1])
			if err == nil && !n.Running() {
				err = fmt.Errorf("%w: %s, which owns slot %d, is down and nobody has taken over yet", ErrNotReady, n.Addr(), slot)
			}
			return n, err
		}
	}
	return nil, fmt.Errorf("%w: no master owns slot %d", ErrNotReady, slot)
}

// Masters returns the running masters that own slots.
func (c *Cluster) Masters(ctx context.Context) ([]*Server, error) {
	nodes, err := c.anyone(ctx, "CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	var masters []*Server
	for line := range strings.Lines(nodes) {
		f := strings.Fields(line)
		if len(f) < 9 || !strings.Contains(f[2], "master") || strings.Contains(f[2], "fail") {
			continue
		}
		n, err := c.node(f[1])
		if err != nil {
			return nil, err
		}
		masters = append(masters, n)
	}
	return masters, nil
}

// MoveSlot hands a slot with all its keys to another master, as resharding
// does: importing, migrating, the keys in batches, then the new owner told to every master.
// between, if not nil, runs when the move has begun and no key has moved yet.
func (c *Cluster) MoveSlot(ctx context.Context, slot int, to *Server, between func()) error {
	from, err := c.MasterOf(ctx, slot)
	if err != nil || from == to {
		return err
	}
	fromID, err := from.Do(ctx, "CLUSTER", "MYID")
	if err != nil {
		return err
	}
	toID, err := to.Do(ctx, "CLUSTER", "MYID")
	if err != nil {
		return err
	}
	name := strconv.Itoa(slot)
	if _, err := to.Do(ctx, "CLUSTER", "SETSLOT", name, "IMPORTING", fromID); err != nil {
		return err
	}
	if _, err := from.Do(ctx, "CLUSTER", "SETSLOT", name, "MIGRATING", toID); err != nil {
		return err
	}
	if between != nil {
		between()
	}
	for {
		keys, err := from.Do(ctx, "CLUSTER", "GETKEYSINSLOT", name, strconv.Itoa(migrateBatch))
		if err != nil {
			return err
		}
		if keys == "" {
			break
		}
		args := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "10000", "KEYS"}
		if _, err := from.Do(ctx, append(args, strings.Split(keys, "\n")...)...); err != nil {
			return err
		}
	}
	// The new owner hears it first: were it the last, a client sent to it could be sent back.
	masters, err := c.Masters(ctx)
	if err != nil {
		return err
	}
	for _, n := range append([]*Server{to}, masters...) {
		if _, err := n.Do(ctx, "CLUSTER", "SETSLOT", name, "NODE", toID); err != nil {
			return err
		}
	}
	return nil
}

// anyone asks the first running node.
func (c *Cluster) anyone(ctx context.Context, args ...string) (string, error) {
	for _, n := range c.running() {
		reply, err := n.Do(ctx, args...)
		if err == nil || ctx.Err() != nil {
			return reply, err
		}
	}
	return "", fmt.Errorf("%w: no node of the cluster answers %s", ErrNotReady, args[0])
}

// node finds the server of an address as CLUSTER NODES prints it: ip:port@bus[,host].
func (c *Cluster) node(addr string) (*Server, error) {
	addr, _, _ = strings.Cut(addr, "@")
	for _, n := range c.nodes {
		if n.Addr() == addr {
			return n, nil
		}
	}
	return nil, fmt.Errorf("redisproc: %s is no node of this cluster", addr)
}

// holds reports whether a slot range of CLUSTER NODES ("5", "0-99"; a move in
// progress is in brackets) includes slot.
func holds(r string, slot int) bool {
	if strings.HasPrefix(r, "[") {
		return false
	}
	low, high, ranged := strings.Cut(r, "-")
	if !ranged {
		high = low
	}
	from, err1 := strconv.Atoi(low)
	to, err2 := strconv.Atoi(high)
	return err1 == nil && err2 == nil && from <= slot && slot <= to
}
