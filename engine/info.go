package engine

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// infoSection is a part of INFO. Extra ones are shown if asked for by name, or with "all" or "everything".
type infoSection struct {
	name  string
	extra bool
	write func(e *Engine, b *strings.Builder)
}

var infoSections = []infoSection{
	{"Server", false, infoServer}, {"Clients", false, infoClients}, {"Memory", false, infoMemory},
	{"Persistence", false, infoPersistence}, {"Stats", false, infoStats}, {"Replication", false, infoReplication},
	{"CPU", false, infoCPU}, {"Modules", false, func(*Engine, *strings.Builder) {}}, {"Commandstats", true, infoCommands},
	{"Errorstats", false, infoErrors}, {"Latencystats", true, infoLatency}, {"Cluster", false, infoCluster}, {"Keyspace", false, infoKeyspace},
}

func cmdInfo(c *call) {
	wanted := map[string]bool{}
	all, standard := false, len(c.args) == 1
	for _, arg := range c.args[1:] {
		switch name := strings.ToLower(string(arg)); name {
		case "all", "everything":
			all = true
		case "default":
			standard = true
		default:
			wanted[name] = true
		}
	}
	var b strings.Builder
	for _, s := range infoSections {
		if all || standard && !s.extra || wanted[strings.ToLower(s.name)] {
			if b.Len() > 0 {
				b.WriteString("\r\n")
			}
			b.WriteString("# " + s.name + "\r\n")
			s.write(c.e, &b)
		}
	}
	c.w.Verbatim("txt", b.String())
}

// line writes "name:value".
func line(b *strings.Builder, name string, value any) { fmt.Fprintf(b, "%s:%v\r\n", name, value) }

func infoServer(e *Engine, b *strings.Builder) {
	up := int64(e.clock.real.Sub(e.started).Seconds())
	line(b, "redis_version", version)
	line(b, "redis_git_sha1", "00000000")
	line(b, "redis_git_dirty", 0)
	line(b, "redis_build_id", "0")
	line(b, "redis_mode", "standalone")
	line(b, "os", runtime.GOOS)
	line(b, "arch_bits", 64)
	line(b, "multiplexing_api", "go")
	line(b, "process_id", os.Getpid())
	line(b, "run_id", e.runID)
	line(b, "tcp_port", e.port())
	line(b, "server_time_usec", e.clock.us)
	line(b, "uptime_in_seconds", up)
	line(b, "uptime_in_days", up/86400)
	line(b, "hz", 10)
	line(b, "configured_hz", 10)
	line(b, "executable", "")
	line(b, "config_file", "")
	line(b, "redbrick_engine", 1)
	line(b, "go_processors", runtime.GOMAXPROCS(0))
}

func infoClients(e *Engine, b *strings.Builder) {
	watching := 0
	for _, cl := range e.clients.byID {
		if len(cl.watch.keys) > 0 {
			watching++
		}
	}
	line(b, "connected_clients", len(e.clients.byID))
	line(b, "cluster_connections", 0)
	line(b, "maxclients", e.config.maxClients)
	line(b, "client_recent_max_input_buffer", 0)
	line(b, "client_recent_max_output_buffer", 0)
	line(b, "blocked_clients", e.blocking.waiters)
	line(b, "tracking_clients", e.tracking.clients)
	line(b, "clients_in_timeout_table", 0)
	line(b, "watching_clients", watching)
}

func infoMemory(e *Engine, b *strings.Builder) {
	used := e.usedMemory()
	line(b, "used_memory", used)
	line(b, "used_memory_human", humanBytes(used))
	line(b, "used_memory_rss", residentBytes())
	line(b, "used_memory_rss_human", humanBytes(residentBytes()))
	e.peak = max(e.peak, used)
	line(b, "used_memory_peak", e.peak)
	line(b, "used_memory_peak_human", humanBytes(e.peak))
	line(b, "used_memory_dataset", e.dataBytes())
	line(b, "used_memory_heap", heapBytes())
	line(b, "used_memory_lua", 0)
	line(b, "maxmemory", e.config.maxMemory)
	line(b, "maxmemory_human", humanBytes(e.config.maxMemory))
	line(b, "maxmemory_policy", e.config.policy)
	line(b, "mem_fragmentation_ratio", fmt.Sprintf("%.2f", float64(residentBytes())/float64(max(used, 1))))
	line(b, "mem_allocator", "go")
	line(b, "active_defrag_running", 0)
	line(b, "lazyfree_pending_objects", 0)
}

func infoStats(e *Engine, b *strings.Builder) {
	line(b, "total_connections_received", e.clients.total)
	line(b, "total_commands_processed", e.stats.commands)
	line(b, "instantaneous_ops_per_sec", 0)
	line(b, "rejected_connections", e.clients.refused)
	line(b, "expired_keys", e.stats.expired)
	line(b, "evicted_keys", e.stats.evicted)
	line(b, "evicted_clients", e.stats.cutOff)
	line(b, "keyspace_hits", e.stats.hits)
	line(b, "keyspace_misses", e.stats.misses)
	line(b, "pubsub_channels", len(e.pubsub.channels))
	line(b, "pubsub_patterns", len(e.pubsub.patterns))
	line(b, "pubsubshard_channels", len(e.pubsub.shards))
	line(b, "latest_fork_usec", 0)
	line(b, "total_forks", 0)
	line(b, "total_error_replies", e.stats.errors)
	line(b, "tracking_total_keys", e.tracking.keys.Len())
	line(b, "tracking_total_items", e.tracking.items)
	line(b, "tracking_total_prefixes", len(e.tracking.prefixes))
}

func infoReplication(e *Engine, b *strings.Builder) {
	line(b, "role", "master")
	line(b, "connected_slaves", 0)
	line(b, "master_failover_state", "no-failover")
	line(b, "master_replid", e.runID)
	line(b, "master_replid2", strings.Repeat("0", 40))
	line(b, "master_repl_offset", 0)
	line(b, "second_repl_offset", -1)
	line(b, "repl_backlog_active", 0)
}

func infoCPU(_ *Engine, b *strings.Builder) {
	system, user := cpuTimes()
	line(b, "used_cpu_sys", fmt.Sprintf("%.6f", system.Seconds()))
	line(b, "used_cpu_user", fmt.Sprintf("%.6f", user.Seconds()))
}

// usedCommands are those that were called or refused, by name.
func (e *Engine) usedCommands() []*command {
	var list []*command
	for _, name := range slices.Sorted(maps.Keys(e.commands)) {
		for _, cmd := range append([]*command{e.commands[name]}, e.commands[name].subs...) {
			if cmd.calls+cmd.rejected+cmd.failures > 0 {
				list = append(list, cmd)
			}
		}
	}
	return list
}

func infoCommands(e *Engine, b *strings.Builder) {
	for _, cmd := range e.usedCommands() {
		line(b, "cmdstat_"+cmd.name, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			cmd.calls, cmd.usec, float64(cmd.usec)/float64(max(cmd.calls, 1)), cmd.rejected, cmd.failures))
	}
}

func infoErrors(e *Engine, b *strings.Builder) {
	for _, code := range e.stats.codes() {
		line(b, "errorstat_"+code, fmt.Sprintf("count=%d", e.stats.byCode[code]))
	}
}

func infoLatency(e *Engine, b *strings.Builder) {
	for _, cmd := range e.usedCommands() {
		if cmd.calls > 0 {
			line(b, "latency_percentiles_usec_"+cmd.name, fmt.Sprintf("p50=%d.000,p99=%d.000,p99.9=%d.000",
				cmd.durations.percentile(0.5), cmd.durations.percentile(0.99), cmd.durations.percentile(0.999)))
		}
	}
}

func infoCluster(_ *Engine, b *strings.Builder) { line(b, "cluster_enabled", 0) }

func infoKeyspace(e *Engine, b *strings.Builder) {
	for _, db := range e.dbs {
		if db.keys.Len() == 0 {
			continue
		}
		line(b, fmt.Sprintf("db%d", db.id), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", db.keys.Len(), len(db.expiring), db.averageTTL()))
	}
}

// averageTTL estimates the average time left, in milliseconds, from a few keys.
func (db *database) averageTTL() int64 {
	const sample = 20
	if len(db.expiring) == 0 {
		return 0
	}
	step, sum, n := max(1, len(db.expiring)/sample), int64(0), int64(0)
	for i := 0; i < len(db.expiring); i += step {
		sum += max(0, db.expiring[i].Val.expire-db.e.clock.ms()) / sample
		n++
	}
	return sum * sample / n
}

// humanBytes shows bytes as Redis does: 1.50M.
func humanBytes(n int64) string {
	units := []string{"B", "K", "M", "G", "T", "P"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%dB", n)
	}
	return fmt.Sprintf("%.2f%s", f, units[i])
}

func millisecondsOf(n int64) time.Duration { return time.Duration(min(n, 9e12)) * time.Millisecond }
