package engine

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// process runs one command of a client, or refuses it. It returns false if the command has to be run again later,
// because clients are paused. The lock is held, and the clock was set since it is.
func (e *Engine) process(cl *client, args [][]byte) bool {
	cl.seen = e.clock.us
	cmd, refusal := e.find(cl, args)
	if refusal == "" {
		refusal = e.allowed(cl, cmd)
	}
	if refusal == "" && e.pausedFor(cl, cmd) {
		return false
	}
	if e.tracking.clients > 0 {
		e.limitTracked()
	}
	began := len(cl.w.Buf)
	switch {
	case refusal != "":
		e.refuse(cl, cmd, refusal)
	case cl.multi != nil && !cmd.controlsMulti():
		cl.multi.add(cmd, args)
		cl.w.Status("QUEUED")
	default:
		cl.last = cmd
		c := &cl.call
		*c = call{e: e, cl: cl, db: cl.db, cmd: cmd, args: args, w: &cl.w}
		e.runWhole(c)
		c.args, e.running = nil, nil
	}
	switch cl.reply {
	case replyOff, replySkip:
		cl.w.Buf = cl.w.Buf[:min(began, len(cl.w.Buf))] // a slow script lets replies out before its own
	}
	switch cl.reply {
	case replySkip:
		cl.reply = replyOn
	case replySkipNext:
		cl.reply = replySkip
	}
	if cl.tracking.caching && cl.multi == nil && (cmd == nil || cmd.container() != "client") {
		cl.tracking.caching = false // it was for this command
	}
	if len(e.tracking.pending) > 0 && !e.midScript() {
		e.tellPending()
	}
	if len(e.blocking.ready) > 0 && !e.midScript() {
		e.serveReady()
	}
	e.measure()
	if s := e.store; s != nil && s.wanted && !s.saving && !e.midScript() {
		s.begun()
	}
	return true
}

// runWhole runs a command whose effects count together.
func (e *Engine) runWhole(c *call) {
	if e.recorder == nil {
		e.run(c)
		return
	}
	e.beginGroup()
	e.run(c)
	e.endGroup()
}

// find looks a command up and checks its number of arguments.
func (e *Engine) find(cl *client, args [][]byte) (*command, string) {
	cmd := e.lookup(args[0])
	if cmd == nil {
		return nil, unknownCommand(args)
	}
	if cmd.subs != nil && len(args) > 1 {
		sub := cmd.sub(args[1])
		if sub == nil {
			return nil, unknownSubcommand(cmd, args[1])
		}
		cmd = sub
	}
	if cmd.arity > 0 && len(args) != cmd.arity || len(args) < -cmd.arity {
		return cmd, "ERR wrong number of arguments for '" + cmd.name + "' command"
	}
	return cmd, ""
}

func unknownCommand(args [][]byte) string {
	const most = 128
	var list strings.Builder
	for _, a := range args[1:] {
		if list.Len() >= most {
			break
		}
		fmt.Fprintf(&list, "'%.*s' ", most-list.Len(), a)
	}
	return fmt.Sprintf("ERR unknown command '%.*s', with args beginning with: %s", most, args[0], list.String())
}

func unknownSubcommand(cmd *command, name []byte) string {
	return fmt.Sprintf("ERR unknown subcommand '%.128s'. Try %s HELP.", name, strings.ToUpper(cmd.name))
}

// allowed returns why a client may not run a command now, "" if it may.
func (e *Engine) allowed(cl *client, cmd *command) string {
	switch {
	case !cl.authed && cmd.flags&noAuth == 0:
		return errNoAuth
	case e.config.maxMemory > 0 && e.refusesMemory(cl, cmd):
		return errOOM
	case cl.subscriber() && !cmd.inSubscriber():
		return fmt.Sprintf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", cmd.name)
	case cl.multi != nil && cmd.flags&noMulti != 0:
		return "ERR Command not allowed inside a transaction"
	case e.midScript() && cmd.flags&allowBusy == 0:
		return errBusy
	}
	return e.store.refuses(cl, cmd)
}

// inSubscriber reports whether a subscriber of version 2 may run the command.
func (c *command) inSubscriber() bool {
	switch c.name {
	case "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "ping", "quit", "reset":
		return true
	}
	return false
}

// controlsMulti reports whether the command is run, not queued, within a transaction.
func (c *command) controlsMulti() bool {
	switch c.name {
	case "multi", "exec", "discard", "watch", "quit", "reset":
		return true
	}
	return false
}

func (e *Engine) refuse(cl *client, cmd *command, text string) {
	if cl.multi != nil {
		cl.multi.broken = true
	}
	if cmd != nil {
		cmd.rejected++
	}
	if cmd != nil && cmd.name == "exec" {
		cl.endMulti()
		text = "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
	}
	e.stats.countError(text)
	cl.w.Error(text)
}

// run runs a command that is allowed: of a connection, a transaction or a script.
func (e *Engine) run(c *call) {
	cmd := c.cmd
	if len(e.monitors) > 0 && cmd.flags&skipMonitor == 0 {
		e.feedMonitors(c)
	}
	if cmd.run == nil {
		// A container without a subcommand.
		cmd.rejected++
		c.fail("ERR wrong number of arguments for '" + cmd.name + "' command")
		return
	}
	if !c.cl.script {
		e.running = c
	}
	began := e.clock.real
	if c.inner() {
		began = time.Now()
	}
	cmd.run(c)
	ended := time.Now()
	took := ended.Sub(began)
	if !c.inner() {
		e.clock.set(ended) // the next command begins where this one ends
	}
	e.ran(c, took)
}

// ran counts a run and reports its effects.
func (e *Engine) ran(c *call, took time.Duration) {
	cmd := c.cmd
	if cmd.flags&readonly != 0 {
		e.track(c)
	}
	if c.parked {
		return // counted when it is served
	}
	e.stats.commands++
	cmd.calls++
	cmd.usec += took.Microseconds()
	cmd.durations.add(took)
	if c.failed {
		cmd.failures++
	}
	if c.changes > 0 {
		e.stats.changes += int64(c.changes)
		if !c.recorded {
			e.effect(c.db, c.args...)
		}
	}
	if micros := took.Microseconds(); micros >= e.config.slowlogMicros && e.config.slowlogMicros >= 0 && cmd.flags&skipSlowlog == 0 {
		e.slowlog.add(c, micros, e.config.slowlogLen)
	}
	if limit := e.config.latencyMillis; limit > 0 && took.Milliseconds() >= limit {
		event := "command"
		if cmd.flags&fast != 0 {
			event = "fast-command"
		}
		e.latency.add(event, e.clock.us/1e6, took.Milliseconds())
	}
}

// quoted shows bytes as redis-cli and MONITOR do.
func quoted(b []byte) string {
	var out bytes.Buffer
	out.WriteByte('"')
	for _, c := range b {
		switch {
		case c == '\\' || c == '"':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c == '\a':
			out.WriteString(`\a`)
		case c == '\b':
			out.WriteString(`\b`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
