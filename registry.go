package redbrick

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"

	_ "embed"
)

// registry knows which brick owns which shape of key.
type registry struct {
	mu     sync.RWMutex
	shapes []keyspace.Shape
}

// KeyShape is one kind of key in the key registry: who owns it, its pattern, and what others may do with it.
type KeyShape = keyspace.Shape

// Register declares the keys that a brick is about to use. A shape that another owner has declared is refused with an
// error that wraps ErrConfig and names both.
func (c *Client) Register(shapes ...KeyShape) error {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	var added []keyspace.Shape
	for _, s := range shapes {
		i := slices.IndexFunc(c.registry.shapes, func(o keyspace.Shape) bool { return o.Pattern == s.Pattern })
		switch {
		case i < 0:
			added = append(added, s)
		case c.registry.shapes[i] != s:
			return fmt.Errorf("%w: keys %q of %s belong to %s already, expected one owner",
				ErrConfig, s.Pattern, s.Owner, c.registry.shapes[i].Owner)
		}
	}
	c.registry.shapes = append(c.registry.shapes, added...)
	return nil
}

// OwnedByOther reports whether a key (physical) has the shape of another owner: more words of its pattern are fixed than
// the prefix that the asker owns.
func (c *Client) OwnedByOther(owner, key string) bool {
	key = strings.TrimPrefix(key, c.options.Namespace)
	c.registry.mu.RLock()
	defer c.registry.mu.RUnlock()
	for _, s := range c.registry.shapes {
		if s.Owner != owner && strings.Count(s.Pattern, ">") > 0 && fits(s.Pattern, key) && !strings.HasSuffix(s.Pattern, ">") {
			return true
		}
	}
	return false
}

// fits matches a key with a pattern like "recipe:<id>:stats".
func fits(pattern, key string) bool {
	for {
		open := strings.IndexByte(pattern, '<')
		if open < 0 {
			return strings.HasSuffix(key, pattern)
		}
		if !strings.HasPrefix(key, pattern[:open]) {
			return false
		}
		key = key[open:]
		end := strings.IndexByte(pattern, '>')
		pattern = pattern[end+1:]
		if pattern == "" {
			return key != ""
		}
		next := pattern
		if i := strings.IndexByte(next, '<'); i >= 0 {
			next = next[:i]
		}
		at := strings.Index(key, next)
		if at < 1 {
			return false
		}
		if next == pattern { // the last fixed part has to end the key
			return len(key) > len(next) && strings.HasSuffix(key, next)
		}
		key = key[at:]
	}
}

// Shapes lists the registered shapes by pattern.
func (c *Client) Shapes() []keyspace.Shape {
	c.registry.mu.RLock()
	defer c.registry.mu.RUnlock()
	all := slices.Clone(c.registry.shapes)
	slices.SortFunc(all, func(a, b keyspace.Shape) int { return strings.Compare(a.Pattern, b.Pattern) })
	return all
}

// layouts are the versions of stored data that this process has asked for.
type layouts struct {
	mu    sync.Mutex
	asked map[string]*layout
}

// layout is the version of stored data that a brick writes, the lowest version of a program that may read it, and whether Redis
// has been asked.
type layout struct {
	written, reader int
	checked         bool
}

//go:embed lua/layout.lua
var layoutSource string

var layoutScript = script.New("layout", layoutSource)

// UseLayout declares that a brick writes layout version written, which programs of version reader and later can read.
// Both are kept in the hash `<ns>~layout`. A process whose own version is below the reader that is stored there is
// refused with an error that wraps ErrConfig; UseLayout returns no other error. A brick is checked once a client, unless it
// was refused.
//
// While Redis is away the check waits for it, and a client that is then refused stays unavailable and says why; on Cluster for
// the slots that were away. A server that leaves one check without an answer for ConnectTimeout counts as away: further bricks
// do not wait for it as well.
func (c *Client) UseLayout(brick string, written, reader int) error {
	c.layouts.mu.Lock()
	defer c.layouts.mu.Unlock()
	if c.layouts.asked == nil {
		c.layouts.asked = make(map[string]*layout)
	}
	v := c.layouts.asked[brick]
	if v == nil {
		v = &layout{written: written, reader: reader}
		c.layouts.asked[brick] = v
	}
	cn, key := c.conns.Load(), layoutKey(c.options.Namespace)
	if v.checked || cn == nil || !c.breaker.allow(keyspace.Slot(key), false) {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.life, c.options.ConnectTimeout)
	defer cancel()
	err := v.verify(ctx, cn.data, key, brick)
	if errors.Is(err, ErrConfig) {
		delete(c.layouts.asked, brick) // the program may go on without the brick
		return err
	}
	if err != nil {
		c.log.WarnContext(ctx, "checking a layout", "brick", brick, "error", err)
		if !answered(err) {
			c.breaker.blame(keyspace.Slot(key), err, breakerThreshold)
		}
	}
	return nil
}

// answered reports whether the error is an answer of the server, which then is there. IsRedisErr does not look into wrapped ones.
func answered(err error) bool {
	var reply *rueidis.RedisError
	return errors.As(err, &reply)
}

func layoutKey(namespace string) string { return namespace + "~layout" }

// verify checks the bricks that were not; up makes the connection that they wait for known before another can ask.
func (l *layouts) verify(ctx context.Context, data rueidis.Client, key string, up func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for brick, v := range l.asked {
		if v.checked {
			continue
		}
		if err := v.verify(ctx, data, key, brick); err != nil {
			return err
		}
	}
	up()
	return nil
}

func (v *layout) verify(ctx context.Context, data rueidis.Client, key, brick string) error {
	got, err := layoutScript.Do(ctx, data, []string{key}, []string{brick, strconv.Itoa(v.written), strconv.Itoa(v.reader)}).AsInt64()
	if err != nil {
		return fmt.Errorf("%w: checking the layout of %s: %w", ErrUnavailable, brick, err)
	}
	if int(got) > v.written {
		return fmt.Errorf("%w: the data of %s asks for a program of layout version %d or later, this one has version %d",
			ErrConfig, brick, got, v.written)
	}
	v.checked = true
	return nil
}
