package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/glob"
)

func commandCommands() []command {
	const g = "server"
	const f = loading | stale
	return []command{
		{name: "command", arity: -1, flags: f, run: cmdCommand, group: g, since: "2.8.13", summary: "Returns detailed information about all commands.", subs: []*command{
			{name: "command|count", arity: 2, flags: f, run: cmdCommandCount, group: g, since: "2.8.13", summary: "Returns a count of commands."},
			{name: "command|info", arity: -2, flags: f, run: cmdCommandInfo, group: g, since: "2.8.13", summary: "Returns information about one, multiple or all commands."},
			{name: "command|docs", arity: -2, flags: f, run: cmdCommandDocs, group: g, since: "7.0.0", summary: "Returns documentary information about one, multiple or all commands."},
			{name: "command|getkeys", arity: -4, flags: f, run: cmdCommandGetKeys, group: g, since: "2.8.13", summary: "Extracts the key names from an arbitrary command."},
			{name: "command|list", arity: -2, flags: f, run: cmdCommandList, group: g, since: "7.0.0", summary: "Returns a list of command names."},
			{name: "command|help", arity: 2, flags: f, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

// sortedCommands returns the commands by name, without subcommands.
func (e *Engine) sortedCommands() []*command {
	var list []*command
	for _, name := range slices.Sorted(maps.Keys(e.commands)) {
		list = append(list, e.commands[name])
	}
	return list
}

func cmdCommand(c *call) {
	list := c.e.sortedCommands()
	c.w.Array(len(list))
	for _, cmd := range list {
		c.describeCommand(cmd)
	}
}

func cmdCommandCount(c *call) { c.w.Int(int64(len(c.e.commands))) }

// named finds a command by the name of COMMAND INFO: "get", "config|get".
func (e *Engine) named(name []byte) *command {
	container, sub, ok := strings.Cut(string(name), "|")
	cmd := e.lookup([]byte(container))
	if cmd == nil || !ok {
		return cmd
	}
	return cmd.sub([]byte(sub))
}

func cmdCommandInfo(c *call) {
	if len(c.args) == 2 {
		cmdCommand(c)
		return
	}
	c.w.Array(len(c.args) - 2)
	for _, name := range c.args[2:] {
		if cmd := c.e.named(name); cmd != nil {
			c.describeCommand(cmd)
		} else {
			c.w.Null()
		}
	}
}

// flagNames names the flags as COMMAND INFO does, in its order.
var flagNames = []struct {
	flag flag
	name string
}{
	{write, "write"}, {readonly, "readonly"}, {denyOOM, "denyoom"}, {admin, "admin"}, {pubSub, "pubsub"},
	{noScript, "noscript"}, {blockingCmd, "blocking"}, {loading, "loading"}, {stale, "stale"}, {skipMonitor, "skip_monitor"},
	{skipSlowlog, "skip_slowlog"}, {fast, "fast"}, {noAuth, "no_auth"}, {noMulti, "no_multi"}, {noKeysNeeded, "no_mandatory_keys"},
	{movableKeys, "movablekeys"}, {allowBusy, "allow_busy"}, {noAsyncLoading, "no_async_loading"},
}

// ownCategories are those of commands that are not in the category of their group.
var ownCategories = map[string][]string{
	"command": {"connection"}, "pubsub|help": {}, "wait": {"connection"}, "dbsize": {"keyspace"}, "flushdb": {"keyspace", "dangerous"},
	"flushall": {"keyspace", "dangerous"}, "swapdb": {"keyspace", "dangerous"}, "keys": {"keyspace", "dangerous"},
	"info": {"dangerous"}, "lastsave": {"admin", "dangerous"}, "role": {"admin", "dangerous"},
	"sort": {"set", "sortedset", "list", "dangerous"}, "sort_ro": {"set", "sortedset", "list", "dangerous"},
}

func (c *command) flagNames() []string {
	var names []string
	for _, f := range flagNames {
		if c.flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// categories are the access categories of the command, as COMMAND INFO shows them.
func (c *command) categories() []string {
	var list []string
	add := func(on bool, name string) {
		if on {
			list = append(list, "@"+name)
		}
	}
	family := map[string]string{
		"generic": "keyspace", "string": "string", "list": "list", "set": "set", "sorted-set": "sortedset", "hash": "hash",
		"stream": "stream", "pubsub": "pubsub", "hyperloglog": "hyperloglog", "bitmap": "bitmap", "geo": "geo",
		"connection": "connection", "transactions": "transaction", "scripting": "scripting",
	}[c.group]
	own, others := ownCategories[c.name]
	if container, _, sub := strings.Cut(c.name, "|"); sub && !others {
		own, others = ownCategories[container]
	}
	if c.run == nil || others {
		family = "" // of a container, its subcommands tell
	}
	add(family == "keyspace", family)
	add(c.flags&readonly != 0 && family != "scripting", "read")
	add(c.flags&write != 0, "write")
	add(family != "" && family != "keyspace", family)
	add(c.flags&admin != 0, "admin")
	add(c.flags&fast != 0, "fast")
	add(c.flags&fast == 0, "slow")
	add(c.flags&blockingCmd != 0, "blocking")
	add(c.flags&admin != 0, "dangerous")
	for _, name := range own {
		add(true, name)
	}
	return list
}

func (c *call) statuses(list []string) {
	c.w.Set(len(list))
	for _, s := range list {
		c.w.Status(s)
	}
}

// describeCommand writes a row of COMMAND INFO. Tips and key specifications are left empty.
func (c *call) describeCommand(cmd *command) {
	c.w.Array(10)
	c.w.BulkString(cmd.name)
	c.w.Int(int64(cmd.arity))
	c.statuses(cmd.flagNames())
	c.w.Int(int64(cmd.keys.first))
	c.w.Int(int64(cmd.keys.last))
	c.w.Int(int64(cmd.keys.step))
	c.statuses(cmd.categories())
	c.w.Array(0)
	c.w.Array(0)
	c.w.Array(len(cmd.subs))
	for _, s := range cmd.subs {
		c.describeCommand(s)
	}
}

func cmdCommandDocs(c *call) {
	var list []*command
	if len(c.args) == 2 {
		list = c.e.sortedCommands()
	}
	for _, name := range c.args[2:] {
		if cmd := c.e.named(name); cmd != nil {
			list = append(list, cmd)
		}
	}
	c.documentAll(list)
}

func (c *call) documentAll(list []*command) {
	c.w.Map(len(list))
	for _, cmd := range list {
		c.w.BulkString(cmd.name)
		fields := 3
		if len(cmd.subs) > 0 {
			fields++
		}
		c.w.Map(fields)
		c.w.BulkString("summary")
		c.w.BulkString(cmd.summary)
		c.w.BulkString("since")
		c.w.BulkString(cmd.since)
		c.w.BulkString("group")
		c.w.BulkString(cmd.group)
		if len(cmd.subs) > 0 {
			c.w.BulkString("subcommands")
			c.documentAll(cmd.subs)
		}
	}
}

func cmdCommandGetKeys(c *call) {
	args := c.args[2:]
	cmd := c.e.lookup(args[0])
	if cmd != nil && cmd.subs != nil && len(args) > 1 {
		if sub := cmd.sub(args[1]); sub != nil {
			cmd = sub
		}
	}
	switch {
	case cmd == nil:
		c.fail("ERR Invalid command specified")
		return
	case cmd.keys.first == 0 && cmd.find == nil:
		c.fail("ERR The command has no key arguments")
		return
	case cmd.arity > 0 && cmd.arity != len(args) || len(args) < -cmd.arity:
		c.fail("ERR Invalid number of arguments specified for command")
		return
	}
	indexes := cmd.keyIndexes(args)
	if len(indexes) == 0 && cmd.flags&noKeysNeeded == 0 {
		c.fail("ERR Invalid arguments specified for command")
		return
	}
	c.w.Array(len(indexes))
	for _, i := range indexes {
		c.w.Bulk(args[i])
	}
}

func cmdCommandList(c *call) {
	pattern := ""
	switch {
	case len(c.args) == 2:
	case len(c.args) == 5 && is(c.args[2], "filterby") && is(c.args[3], "pattern"):
		pattern = strings.ToLower(string(c.args[4]))
	case len(c.args) == 5 && is(c.args[2], "filterby") && is(c.args[3], "aclcat"):
		c.listCommands(func(cmd *command) bool {
			return slices.Contains(cmd.categories(), "@"+strings.ToLower(string(c.args[4])))
		})
		return
	case len(c.args) == 5 && is(c.args[2], "filterby") && is(c.args[3], "module"):
		c.w.Array(0) // there are no modules
		return
	default:
		c.fail(errSyntax)
		return
	}
	c.listCommands(func(cmd *command) bool { return pattern == "" || glob.Fold(pattern, cmd.name) })
}

func (c *call) listCommands(wanted func(*command) bool) {
	var names []string
	for _, cmd := range c.e.sortedCommands() {
		for _, one := range append([]*command{cmd}, cmd.subs...) {
			if wanted(one) {
				names = append(names, one.name)
			}
		}
	}
	c.w.Array(len(names))
	for _, name := range names {
		c.w.BulkString(name)
	}
}
