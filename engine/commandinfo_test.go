package engine

import (
	"fmt"
	"slices"
	"testing"
)

// The table says of these families what redis-server says: arity, flags, keys, categories. Commands that Redis 7.0 has
// not are left out.
func TestCommandInfoLikeRedis(t *testing.T) {
	t.Parallel()
	ours, theirs := dialEngine(t, open(t, Options{})), dialServer(t, startServer(t))
	describe := func(p *peer, name string) []reply {
		row := p.do(t, "COMMAND", "INFO", name).parts[0].parts
		if row == nil {
			return nil
		}
		row[2], row[6] = sorted(row[2], 1), sorted(row[6], 1)
		return row[:7]
	}
	for _, cmd := range slices.Concat(hashCommands(), setCommands(), bitmapCommands(), zsetCommands(), geoCommands(), hyperLogLogCommands()) {
		if cmd.name == "zrank" || cmd.name == "zrevrank" {
			continue // they take WITHSCORE, as from Redis 7.2
		}
		want := describe(theirs, cmd.name)
		if got := describe(ours, cmd.name); want != nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
