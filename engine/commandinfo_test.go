package engine

import (
	"fmt"
	"slices"
	"testing"
)

// The table says of every command and subcommand what redis-server says: arity, flags, keys, categories. Those that
// Redis 7.0 has not are left out.
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
	compare := func(name string) {
		want := describe(theirs, name)
		if got := describe(ours, name); want != nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	for _, cmd := range slices.Concat(families()...) {
		if cmd.name == "zrank" || cmd.name == "zrevrank" {
			continue // they take WITHSCORE, as from Redis 7.2
		}
		compare(cmd.name)
		for _, sub := range cmd.subs {
			compare(sub.name)
		}
	}
}
