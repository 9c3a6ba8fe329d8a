package engine

// transaction is what a client has queued since MULTI.
type transaction struct {
	commands []queuedCommand
	broken   bool // one of them was refused: EXEC will be too
	writes   bool
	grows    bool // a command is one of those that are refused when memory is short
}

type queuedCommand struct {
	cmd  *command
	args [][]byte
}

func (t *transaction) add(cmd *command, args [][]byte) {
	if t.broken {
		return // it will not run: nothing is to be kept
	}
	t.commands = append(t.commands, queuedCommand{cmd, cloneArgs(args)})
	t.grows = t.grows || cmd.flags&denyOOM != 0
	t.writes = t.writes || cmd.flags&(write|mayReplicate) != 0
}

// watching is what a client gave to WATCH.
type watching struct {
	keys   []watchedKey
	broken bool // one of the keys was changed
}

type watchedKey struct {
	db      *database
	key     string
	expired bool // its time was over when WATCH came: its disappearance is no change
}

func (cl *client) unwatch() {
	for _, w := range cl.watch.keys {
		w.db.watched[w.key] = without(w.db.watched[w.key], cl)
		if len(w.db.watched[w.key]) == 0 {
			delete(w.db.watched, w.key)
		}
	}
	cl.watch = watching{}
}

// endMulti leaves the transaction, without running it.
func (cl *client) endMulti() {
	cl.multi = nil
	cl.unwatch()
}

func without[T comparable](list []T, x T) []T {
	for i := range list {
		if list[i] == x {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

func transactionCommands() []command {
	return []command{
		{name: "multi", arity: 1, flags: noScript | loading | stale | fast | allowBusy, run: cmdMulti, group: "transactions", since: "1.2.0", summary: "Starts a transaction."},
		{name: "exec", arity: 1, flags: noScript | loading | stale | skipSlowlog, run: cmdExec, group: "transactions", since: "1.2.0", summary: "Executes all commands in a transaction."},
		{name: "discard", arity: 1, flags: noScript | loading | stale | fast | allowBusy, run: cmdDiscard, group: "transactions", since: "2.0.0", summary: "Discards a transaction."},
		{name: "watch", arity: -2, flags: noScript | loading | stale | fast | allowBusy, keys: allKeys, run: cmdWatch, group: "transactions", since: "2.2.0", summary: "Monitors changes to keys to determine the execution of a transaction."},
		{name: "unwatch", arity: 1, flags: noScript | loading | stale | fast | allowBusy, run: cmdUnwatch, group: "transactions", since: "2.2.0", summary: "Forgets about watched keys of a transaction."},
	}
}

func cmdMulti(c *call) {
	if c.cl.multi != nil {
		c.fail("ERR MULTI calls can not be nested")
		return
	}
	c.cl.multi = &transaction{}
	c.ok()
}

func cmdDiscard(c *call) {
	if c.cl.multi == nil {
		c.fail("ERR DISCARD without MULTI")
		return
	}
	c.cl.endMulti()
	c.ok()
}

func cmdWatch(c *call) {
	if c.cl.multi != nil {
		c.fail("ERR WATCH inside MULTI is not allowed")
		return
	}
	if !c.cl.watch.broken { // else the transaction fails whatever is watched
		for _, key := range c.args[1:] {
			c.cl.watchKey(c.db, key)
		}
	}
	c.ok()
}

func (cl *client) watchKey(db *database, key []byte) {
	for _, w := range cl.watch.keys {
		if w.db == db && w.key == string(key) {
			return
		}
	}
	if db.watched == nil {
		db.watched = map[string][]*client{}
	}
	n := db.keys.Get(key)
	w := watchedKey{db: db, key: string(key), expired: n != nil && db.over(n)}
	db.watched[w.key] = append(db.watched[w.key], cl)
	cl.watch.keys = append(cl.watch.keys, w)
}

func cmdUnwatch(c *call) {
	c.cl.unwatch()
	c.ok()
}

func cmdExec(c *call) {
	t := c.cl.multi
	if t == nil {
		c.fail("ERR EXEC without MULTI")
		return
	}
	for _, w := range c.cl.watch.keys {
		if n := w.db.keys.GetString(w.key); n != nil && !w.expired && w.db.over(n) {
			c.cl.watch.broken = true
		}
	}
	broken := c.cl.watch.broken
	c.cl.endMulti()
	switch {
	case t.broken:
		c.fail(errExecAbort)
		return
	case broken:
		c.w.NullArray()
		return
	}
	c.w.Array(len(t.commands))
	c.e.beginGroup()
	for _, q := range t.commands {
		inner := call{e: c.e, cl: c.cl, db: c.cl.db, cmd: q.cmd, args: q.args, w: c.w, exec: true}
		c.cl.last = q.cmd
		c.e.run(&inner)
	}
	c.e.endGroup()
}
