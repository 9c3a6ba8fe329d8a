package collection

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// keys makes the keys of one pattern.
type keys struct {
	prefix, suffix string // namespace included
	hole           string // the placeholder's name, for errors
}

// parsePattern reads a pattern such as "user:<id>:favorites". argument is its name in errors.
func parsePattern(rb *redbrick.Client, argument, pattern string) (keys, error) {
	fault := func(why string) (keys, error) {
		return keys{}, fmt.Errorf("%w: %s is %q, %s", redbrick.ErrConfig, argument, pattern, why)
	}
	prefix, rest, ok := strings.Cut(pattern, "<")
	hole, suffix, closed := strings.Cut(rest, ">")
	switch {
	case !ok, !closed, hole == "":
		return fault(`expected one placeholder, as in "user:<id>:favorites"`)
	case prefix == "":
		return fault("expected something before the placeholder: the keys of others would fit it too")
	}
	for _, part := range []string{prefix, hole, suffix} {
		if keyspace.ValidName(part) != nil {
			return fault("expected one placeholder, and letters, digits and _ : . - around it")
		}
	}
	return keys{prefix: rb.Namespace() + prefix, suffix: suffix, hole: hole}, nil
}

func (k keys) of(id string) string { return k.prefix + keyspace.EscapeID(id) + k.suffix }

// check refuses the id that would make a key of nobody.
func (k keys) check(ids ...string) error {
	for _, id := range ids {
		if id == "" {
			return invalid(k.hole, id, "an id")
		}
	}
	return nil
}

// maxExact is the greatest integer that Lua and JavaScript count to exactly.
const maxExact = 1<<53 - 1

// checkTTL refuses lifetimes that the server would round to nothing.
func checkTTL(field string, ttl time.Duration) error {
	if ttl == 0 || ttl >= time.Millisecond {
		return nil
	}
	return fmt.Errorf("%w: %s is %v, expected at least 1ms, or 0 for no expiry", redbrick.ErrConfig, field, ttl)
}

func millis(ttl time.Duration) string { return strconv.FormatInt(ttl.Milliseconds(), 10) }

// ttlText says in the key registry how long a key lives.
func ttlText(ttl time.Duration, since string) string {
	if ttl == 0 {
		return "none"
	}
	return ttl.String() + " " + since
}

// checkStep refuses a step that is not between least and the greatest exact integer.
func checkStep(name string, n, least int64) error {
	if n < least || n > maxExact {
		return invalid(name, n, fmt.Sprintf("%d to %d", least, int64(maxExact)))
	}
	return nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// batch is how many commands or members go over the wire at once.
const batch = 256

// layoutVersion is that of all keys of this package.
const layoutVersion = 1

// register declares keys, and asks whether this release may read what lies in Redis.
func register(rb *redbrick.Client, shapes ...keyspace.Shape) error {
	if err := rb.Register(shapes...); err != nil {
		return err
	}
	return rb.UseLayout("collection", layoutVersion, layoutVersion)
}
