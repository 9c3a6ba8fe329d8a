package engine

import (
	"strings"
)

// flag says how a command is treated. The names are Redis's.
type flag uint32

const (
	write flag = 1 << iota
	readonly
	denyOOM
	admin
	pubSub
	noScript
	blockingCmd
	loading
	stale
	fast
	noAuth
	noMulti
	skipMonitor
	skipSlowlog
	mayReplicate
	movableKeys
	allowBusy
	noAsyncLoading
	noKeysNeeded
)

// keySpec says which arguments are keys: from first to last (negative: counted from the end) in steps.
type keySpec struct{ first, last, step int }

var (
	oneKey  = keySpec{1, 1, 1}
	twoKeys = keySpec{1, 2, 1}
	allKeys = keySpec{1, -1, 1}
)

// command is a row of the command table.
type command struct {
	name  string // in lower case; of a subcommand "config|get"
	arity int    // number of words, the name included; negative: at least so many
	flags flag
	keys  keySpec
	run   func(*call)
	// find returns the indexes of keys that keySpec cannot tell; nil elsewhere.
	find func(args [][]byte) []int
	subs []*command // of a container; run is nil then, unless it works without a subcommand

	group   string // of COMMAND DOCS: string, generic, list ...
	since   string
	summary string

	// Counters of INFO commandstats.
	calls, usec, rejected, failures int64
	durations                       histogram
}

func (c *command) is(name string) bool { return c.name == name }

// container is the name of the command that a subcommand belongs to; of others their own.
func (c *command) container() string {
	name, _, _ := strings.Cut(c.name, "|")
	return name
}

// sub finds a subcommand by its name, whatever its case.
func (c *command) sub(name []byte) *command {
	for _, s := range c.subs {
		if _, own, _ := strings.Cut(s.name, "|"); is(name, own) {
			return s
		}
	}
	return nil
}

// keyIndexes returns which of args are keys.
func (c *command) keyIndexes(args [][]byte) []int {
	if c.find != nil {
		return c.find(args)
	}
	k := c.keys
	if k.first == 0 {
		return nil
	}
	last := k.last
	if last < 0 {
		last += len(args)
	}
	var out []int
	for i := k.first; i <= last && i < len(args); i += k.step {
		out = append(out, i)
	}
	return out
}

// families are the parts of the command table, one a file.
func families() [][]command {
	return [][]command{
		persistCommands(),
		stringCommands(), keyCommands(), sortCommands(), listCommands(), hashCommands(), setCommands(), bitmapCommands(), zsetCommands(), geoCommands(), pubsubCommands(), transactionCommands(), hyperLogLogCommands(),
		streamCommands(), scriptCommands(),
		connectionCommands(), clientCommands(), serverCommands(), configCommands(), commandCommands(), debugCommands(),
	}
}

// commandTable makes the table of an engine, which holds its counters too.
func commandTable() map[string]*command {
	table := map[string]*command{}
	for _, family := range families() {
		for i := range family {
			table[family[i].name] = &family[i]
		}
	}
	return table
}

// lookup finds a command by its name, whatever its case.
func (e *Engine) lookup(name []byte) *command {
	var lower [32]byte
	if len(name) > len(lower) {
		return nil
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return e.commands[string(lower[:len(name)])]
}
