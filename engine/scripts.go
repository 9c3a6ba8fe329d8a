package engine

import (
	"crypto/sha1" //nolint:gosec // the name of a script is the digest Redis gives it
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/luabox"
	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// scripts is what an engine knows of Lua.
type scripts struct {
	known  map[string]*script // by digest, in lower case
	box    *luabox.Box        // a state that is free; a script that is ended takes its state with it
	run    *scriptRun         // the script that runs now, nil if none does
	busy   bool               // it has let go of the lock for a moment: others are told to wait
	over   sync.Cond          // busy has ended
	spare  *scriptRun         // used again for each script
	random luabox.Random
	args   scriptArgs
	reply  resp.Writer // of the command that the script calls
}

// script is one that was sent.
type script struct {
	sha     string
	program *luabox.Program
	flags   scriptFlags
}

// scriptFlags are those of the first line of a script: "#!lua flags=no-writes".
type scriptFlags struct {
	declared bool // there is such a line
	noWrites bool
	allowOOM bool
}

// scriptRun is a script that runs.
type scriptRun struct {
	call     *call
	client   *client // calls the commands
	inner    call
	readOnly bool
	wrote    bool // it cannot be killed any more
	killed   bool
	since    time.Time
	looked   time.Time // when the heap was last measured
	heap     int64     // what it was at the beginning
}

const (
	errNoScript   = "NOSCRIPT No matching script. Please use EVAL."
	errBusy       = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	errNotBusy    = "NOTBUSY No scripts in execution right now."
	errUnkillable = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
)

func scriptCommands() []command {
	const g = "scripting"
	const f = noScript | stale | skipMonitor | noKeysNeeded | movableKeys
	return []command{
		{name: "eval", arity: -3, flags: f, find: scriptKeys, run: cmdEval, group: g, since: "2.6.0", summary: "Executes a server-side Lua script."},
		{name: "evalsha", arity: -3, flags: f, find: scriptKeys, run: cmdEvalSHA, group: g, since: "2.6.0", summary: "Executes a server-side Lua script by SHA1 digest."},
		{name: "eval_ro", arity: -3, flags: readonly | f, find: scriptKeys, run: cmdEval, group: g, since: "7.0.0", summary: "Executes a read-only server-side Lua script."},
		{name: "evalsha_ro", arity: -3, flags: readonly | f, find: scriptKeys, run: cmdEvalSHA, group: g, since: "7.0.0", summary: "Executes a read-only server-side Lua script by SHA1 digest."},
		{name: "script", arity: -2, group: g, since: "2.6.0", summary: "A container for Lua scripts management commands.", subs: []*command{
			{name: "script|debug", arity: 3, flags: noScript, run: cmdScriptDebug, group: g, since: "3.2.0", summary: "Sets the debug mode of server-side Lua scripts."},
			{name: "script|exists", arity: -3, flags: noScript, run: cmdScriptExists, group: g, since: "2.6.0", summary: "Determines whether server-side Lua scripts exist in the script cache."},
			{name: "script|flush", arity: -2, flags: noScript, run: cmdScriptFlush, group: g, since: "2.6.0", summary: "Removes all server-side Lua scripts from the script cache."},
			{name: "script|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
			{name: "script|kill", arity: 2, flags: noScript | allowBusy, run: cmdScriptKill, group: g, since: "2.6.0", summary: "Terminates a server-side Lua script during execution."},
			{name: "script|load", arity: 3, flags: noScript | stale, run: cmdScriptLoad, group: g, since: "2.6.0", summary: "Loads a server-side Lua script to the script cache."},
		}},
	}
}

// scriptKeys finds the keys of EVAL and its kin.
func scriptKeys(args [][]byte) (out []int) {
	n, ok := num.Int(args[2])
	if !ok || n < 0 || n > int64(len(args)-3) {
		return nil
	}
	for i := range int(n) {
		out = append(out, 3+i)
	}
	return out
}

func cmdEval(c *call) {
	keys, args, ok := c.scriptArgs()
	if !ok {
		return
	}
	s, ok := c.loadScript(c.args[1])
	if !ok {
		return
	}
	c.runScript(s, keys, args)
}

func cmdEvalSHA(c *call) {
	keys, args, ok := c.scriptArgs()
	if !ok {
		return
	}
	s := c.e.scripts.find(c.args[1])
	if s == nil {
		c.fail(errNoScript)
		return
	}
	c.runScript(s, keys, args)
}

// find returns the script of a digest, whatever its case.
func (s *scripts) find(sha []byte) *script {
	var lower [2 * sha1.Size]byte
	if len(sha) != len(lower) {
		return nil
	}
	for i, c := range sha {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return s.known[string(lower[:])]
}

// scriptArgs splits the arguments of EVAL into keys and others.
func (c *call) scriptArgs() (keys, args [][]byte, ok bool) {
	n, ok := c.int64Arg(c.args[2])
	switch {
	case !ok:
	case n > int64(len(c.args)-3):
		c.fail("ERR Number of keys can't be greater than number of args")
	case n < 0:
		c.fail("ERR Number of keys can't be negative")
	default:
		return c.args[3 : 3+n], c.args[3+n:], true
	}
	return nil, nil, false
}

// loadScript returns a script by its text, which is compiled once.
func (c *call) loadScript(source []byte) (*script, bool) {
	sum := sha1.Sum(source) //nolint:gosec // see above
	var name [2 * sha1.Size]byte
	hex.Encode(name[:], sum[:])
	known := c.e.scripts.known
	if s := known[string(name[:])]; s != nil {
		return s, true
	}
	body, flags, refusal := shebang(string(source))
	if refusal != "" {
		c.fail(refusal)
		return nil, false
	}
	program, err := luabox.Compile(body)
	if err != nil {
		c.fail("ERR Error compiling script (new function): " + err.Error())
		return nil, false
	}
	s := &script{sha: string(name[:]), program: program, flags: flags}
	if known == nil {
		known = map[string]*script{}
		c.e.scripts.known = known
	}
	known[s.sha] = s
	return s, true
}

// shebang reads the first line of a script, if it is one like "#!lua flags=no-writes". The body keeps an empty line in
// its place, so that messages count the lines as they are.
func shebang(source string) (body string, flags scriptFlags, refusal string) {
	if !strings.HasPrefix(source, "#!") {
		return source, flags, ""
	}
	line, rest, ok := strings.Cut(source, "\n")
	if !ok {
		return "", flags, "ERR Invalid script shebang"
	}
	words := strings.Fields(line)
	if words[0] != "#!lua" {
		return "", flags, "ERR Unexpected engine in script shebang: " + words[0]
	}
	flags.declared = true
	for _, w := range words[1:] {
		list, ok := strings.CutPrefix(w, "flags=")
		if !ok {
			return "", flags, "ERR Unknown lua shebang option: " + w
		}
		if list == "" {
			continue
		}
		for name := range strings.SplitSeq(list, ",") {
			switch name {
			case "no-writes":
				flags.noWrites = true
			case "allow-oom":
				flags.allowOOM = true
			case "allow-stale", "no-cluster", "allow-cross-slot-keys":
			default:
				return "", flags, "ERR Unexpected flag in script shebang: " + name
			}
		}
	}
	return "\n" + rest, flags, ""
}

func cmdScriptLoad(c *call) {
	if s, ok := c.loadScript(c.args[2]); ok {
		c.w.BulkString(s.sha)
	}
}

func cmdScriptExists(c *call) {
	c.w.Array(len(c.args) - 2)
	for _, sha := range c.args[2:] {
		if c.e.scripts.find(sha) != nil {
			c.w.Int(1)
		} else {
			c.w.Int(0)
		}
	}
}

func cmdScriptFlush(c *call) {
	if len(c.args) > 3 || len(c.args) == 3 && !is(c.args[2], "sync") && !is(c.args[2], "async") {
		c.fail("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	c.e.scripts.known, c.e.scripts.box = nil, nil
	c.ok()
}

func cmdScriptDebug(c *call) { c.fail("ERR SCRIPT DEBUG is not supported by this engine") }

// cmdScriptKill ends the script that runs, if it has changed nothing.
func cmdScriptKill(c *call) {
	switch r := c.e.scripts.run; {
	case r == nil:
		c.fail(errNotBusy)
	case r.wrote:
		c.fail(errUnkillable)
	default:
		r.killed = true
		c.ok()
	}
}
