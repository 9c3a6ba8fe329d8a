package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/glob"
	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// config is what CONFIG SET changes.
type config struct {
	password      string
	maxClients    int
	maxBulk       int // longest string, in bytes
	maxMemory     int64
	policy        string // of eviction
	samples       int64
	events        eventClass
	slowlogMicros int64 // negative: nothing is slow
	slowlogLen    int
	latencyMillis int64
	scriptLimit   int64 // milliseconds after which a script lets others be told so; 0 for never
	trackedKeys   int   // tracking-table-max-keys; 0 for any number
	backlog       int64 // repl-backlog-size, kept for those who read it
	// rewritePercent and rewriteLeast say when the log is long enough for a snapshot: see auto-aof-rewrite-percentage.
	rewritePercent, rewriteLeast int64
	output                       map[string]outputLimit // by type of client
	thresholds                   thresholds
	// inert are parameters that are kept for those who read them; the engine works without.
	inert map[string]string // by name, see inertParameters
}

// outputLimit is when a client that does not read is cut off. Soft limits are kept and not acted on: the hard one
// bounds memory.
type outputLimit struct{ hard, soft, seconds int64 }

func defaultConfig() config {
	return config{
		maxClients: 10000, maxBulk: resp.MaxBulk, policy: "noeviction", samples: 5, slowlogMicros: 10000, slowlogLen: 128, trackedKeys: 1_000_000,
		scriptLimit: 5000, backlog: 1 << 20, rewritePercent: 100, rewriteLeast: 64 << 20,
		output:     map[string]outputLimit{"normal": {256 << 20, 0, 0}, "replica": {256 << 20, 64 << 20, 60}, "pubsub": {32 << 20, 8 << 20, 60}},
		thresholds: defaultThresholds(),
		inert:      defaultInert(),
	}
}

// outputLimit returns how many bytes may wait for a client, 0 for any number.
func (c *config) outputLimit(cl *client) int {
	return int(c.output[cl.clientType()].hard)
}

// parameter is one of CONFIG GET and SET. A nil set is a parameter that cannot change at run time.
type parameter struct {
	get func(*Engine) string
	set func(e *Engine, value string) error
}

// parameters lists what there is.
func (e *Engine) parameters() map[string]parameter {
	p := map[string]parameter{
		"databases":  {get: func(*Engine) string { return strconv.Itoa(databases) }},
		"bind":       {get: func(e *Engine) string { return e.bind() }},
		"port":       {get: func(e *Engine) string { return e.port() }},
		"unixsocket": {get: func(e *Engine) string { return e.socket() }},
		"requirepass": {
			get: func(e *Engine) string { return e.config.password },
			set: func(e *Engine, v string) error { e.config.password = v; return nil },
		},
		"maxclients":              intParameter(1, math.MaxInt32, func(c *config) *int { return &c.maxClients }),
		"slowlog-max-len":         intParameter(0, math.MaxInt32, func(c *config) *int { return &c.slowlogLen }),
		"tracking-table-max-keys": intParameter(0, math.MaxInt32, func(c *config) *int { return &c.trackedKeys }),
		"slowlog-log-slower-than": int64Parameter(-1, math.MaxInt64, func(c *config) *int64 {
			return &c.slowlogMicros
		}),
		"latency-monitor-threshold": int64Parameter(0, math.MaxInt64, func(c *config) *int64 { return &c.latencyMillis }),
		"busy-reply-threshold":      int64Parameter(0, math.MaxInt64, func(c *config) *int64 { return &c.scriptLimit }),
		"lua-time-limit":            int64Parameter(0, math.MaxInt64, func(c *config) *int64 { return &c.scriptLimit }),
		"maxmemory-samples":         int64Parameter(1, math.MaxInt32, func(c *config) *int64 { return &c.samples }),
		"proto-max-bulk-len": memoryParameter(1<<20, math.MaxInt32, func(e *Engine) int64 { return int64(e.config.maxBulk) },
			func(e *Engine, n int64) { e.config.maxBulk = int(n) }),
		"maxmemory": memoryParameter(0, math.MaxInt64, func(e *Engine) int64 { return e.config.maxMemory },
			func(e *Engine, n int64) { e.config.maxMemory = n; e.after(0, func() { e.makeRoom() }) }),
		"repl-backlog-size": memoryParameter(1, math.MaxInt64, func(e *Engine) int64 { return e.config.backlog },
			func(e *Engine, n int64) { e.config.backlog = max(n, 16<<10) }),
		"maxmemory-policy": {
			get: func(e *Engine) string { return e.config.policy },
			set: func(e *Engine, v string) error {
				if !slices.Contains(policies, v) {
					return fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(policies, ", "))
				}
				e.config.policy = v
				e.forgetCandidates()
				return nil
			},
		},
		"notify-keyspace-events": {
			get: func(e *Engine) string { return e.config.events.String() },
			set: func(e *Engine, v string) error {
				events, ok := parseEvents(v)
				if !ok {
					return fmt.Errorf("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.") //nolint:staticcheck,revive // Redis's words, shown as they are
				}
				e.config.events = events
				return nil
			},
		},
		"client-output-buffer-limit": {get: showOutputLimits, set: setOutputLimits},
	}
	maps.Copy(p, e.persistParameters())
	maps.Copy(p, thresholdParameters())
	maps.Copy(p, inertParameters())
	return p
}

func onlyValue(want, why string) func(*Engine, string) error {
	return func(_ *Engine, v string) error {
		if v != want {
			return fmt.Errorf("%s", why)
		}
		return nil
	}
}

func parseBetween(v string, least, most int64) (int64, error) {
	n, ok := num.Int([]byte(v))
	if !ok {
		return 0, fmt.Errorf("argument couldn't be parsed into an integer")
	}
	if n < least || n > most {
		return 0, fmt.Errorf("argument must be between %d and %d inclusive", least, most)
	}
	return n, nil
}

func intParameter(least, most int64, field func(*config) *int) parameter {
	return parameter{
		get: func(e *Engine) string { return strconv.Itoa(*field(&e.config)) },
		set: func(e *Engine, v string) error {
			n, err := parseBetween(v, least, most)
			if err == nil {
				*field(&e.config) = int(n)
			}
			return err
		},
	}
}

func int64Parameter(least, most int64, field func(*config) *int64) parameter {
	return parameter{
		get: func(e *Engine) string { return strconv.FormatInt(*field(&e.config), 10) },
		set: func(e *Engine, v string) error {
			n, err := parseBetween(v, least, most)
			if err == nil {
				*field(&e.config) = n
			}
			return err
		},
	}
}

var outputClasses = []string{"normal", "replica", "pubsub"}

func showOutputLimits(e *Engine) string {
	var parts []string
	for _, class := range outputClasses {
		l := e.config.output[class]
		if class == "replica" {
			class = "slave"
		}
		parts = append(parts, fmt.Sprintf("%s %d %d %d", class, l.hard, l.soft, l.seconds))
	}
	return strings.Join(parts, " ")
}

func setOutputLimits(e *Engine, v string) error {
	words := strings.Fields(v)
	if len(words) == 0 || len(words)%4 != 0 {
		return fmt.Errorf("Wrong number of arguments in buffer limit configuration.") //nolint:staticcheck,revive // Redis's words, shown as they are
	}
	limits := maps.Clone(e.config.output)
	for ; len(words) > 0; words = words[4:] {
		class := strings.Replace(words[0], "slave", "replica", 1)
		hard, ok1 := parseMemory(words[1])
		soft, ok2 := parseMemory(words[2])
		seconds, ok3 := num.Int([]byte(words[3]))
		if !slices.Contains(outputClasses, class) {
			return fmt.Errorf("Invalid client class specified in buffer limit configuration.") //nolint:staticcheck,revive // Redis's words, shown as they are
		}
		if !ok1 || !ok2 || !ok3 || seconds < 0 {
			return fmt.Errorf("Error in hard, soft or soft_seconds setting in buffer limit configuration.") //nolint:staticcheck,revive // Redis's words, shown as they are
		}
		limits[class] = outputLimit{hard, soft, seconds}
	}
	e.config.output = limits
	return nil
}

func configCommands() []command {
	const g = "server"
	const f = admin | noScript | loading | stale
	return []command{
		{name: "config", arity: -2, group: g, since: "2.0.0", summary: "A container for server configuration commands.", subs: []*command{
			{name: "config|get", arity: -3, flags: f, run: cmdConfigGet, group: g, since: "2.0.0", summary: "Returns the effective values of configuration parameters."},
			{name: "config|set", arity: -4, flags: f, run: cmdConfigSet, group: g, since: "2.0.0", summary: "Sets configuration parameters in-flight."},
			{name: "config|resetstat", arity: 2, flags: f, run: cmdConfigResetStat, group: g, since: "2.0.0", summary: "Resets the server's statistics."},
			{name: "config|rewrite", arity: 2, flags: f, run: cmdConfigRewrite, group: g, since: "2.8.0", summary: "Persists the effective configuration to file."},
			{name: "config|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

func cmdConfigGet(c *call) {
	all := c.e.parameters()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.ContainsFunc(c.args[2:], func(p []byte) bool { return glob.Fold(strings.ToLower(string(p)), name) }) {
			names = append(names, name)
		}
	}
	c.w.Map(len(names))
	for _, name := range names {
		c.w.BulkString(name)
		c.w.BulkString(all[name].get(c.e))
	}
}

// cmdConfigSet sets all parameters or none.
func cmdConfigSet(c *call) {
	if len(c.args)%2 != 0 {
		c.fail("ERR wrong number of arguments for 'config|set' command")
		return
	}
	all := c.e.parameters()
	seen := map[string]bool{}
	for i := 2; i < len(c.args); i += 2 {
		name := strings.ToLower(string(c.args[i]))
		p, known := all[name]
		switch {
		case !known:
			c.fail("ERR Unknown option or number of arguments for CONFIG SET - '" + string(c.args[i]) + "'")
			return
		case p.set == nil:
			c.fail("ERR CONFIG SET failed (possibly related to argument '" + name + "') - can't set immutable config")
			return
		case seen[name]:
			c.fail("ERR CONFIG SET failed (possibly related to argument '" + name + "') - duplicate parameter")
			return
		}
		seen[name] = true
	}
	undo := map[string]string{}
	for i := 2; i < len(c.args); i += 2 {
		name := strings.ToLower(string(c.args[i]))
		undo[name] = all[name].get(c.e)
		if err := all[name].set(c.e, string(c.args[i+1])); err != nil {
			for name, old := range undo {
				_ = all[name].set(c.e, old) // it was good before
			}
			c.fail("ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + err.Error())
			return
		}
	}
	c.ok()
}

func cmdConfigResetStat(c *call) {
	c.e.stats = stats{changes: c.e.stats.changes}
	for _, cmd := range c.e.commands {
		for _, one := range append([]*command{cmd}, cmd.subs...) {
			one.calls, one.usec, one.rejected, one.failures, one.durations = 0, 0, 0, 0, histogram{}
		}
	}
	c.e.clients.total, c.e.clients.refused = 0, 0
	c.ok()
}

func cmdConfigRewrite(c *call) {
	c.fail("ERR The server is running without a config file")
}

func (e *Engine) bind() string {
	host, _ := e.hostPort()
	return host
}

func (e *Engine) port() string {
	_, port := e.hostPort()
	return port
}

func (e *Engine) hostPort() (host, port string) {
	if e.listener == nil || e.listener.Addr().Network() == "unix" {
		return "", "0"
	}
	at := strings.LastIndexByte(e.listener.Addr().String(), ':')
	addr := e.listener.Addr().String()
	return strings.Trim(addr[:at], "[]"), addr[at+1:]
}

func (e *Engine) socket() string {
	if e.listener == nil || e.listener.Addr().Network() != "unix" {
		return ""
	}
	return e.listener.Addr().String()
}
