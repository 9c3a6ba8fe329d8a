package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/glob"
)

// pubsub knows who listens to what. It is the same for all databases.
type pubsub struct {
	channels, patterns, shards map[string]map[*client]struct{}
}

func newPubSub() pubsub {
	return pubsub{map[string]map[*client]struct{}{}, map[string]map[*client]struct{}{}, map[string]map[*client]struct{}{}}
}

// subscriptions are those of one client, in the order they were made.
type subscriptions struct {
	channels, patterns, shards []string
}

func (s *subscriptions) count() int { return len(s.channels) + len(s.patterns) + len(s.shards) }

// audience is one of the three kinds of subscription, of the engine and of a client.
type audience struct {
	of   func(*pubsub) map[string]map[*client]struct{}
	mine func(*subscriptions) *[]string
	// counted is what the answers count: shards apart from channels and patterns.
	counted                func(*subscriptions) int
	subscribe, unsubscribe string
}

func both(s *subscriptions) int { return len(s.channels) + len(s.patterns) }

var (
	toChannels = &audience{
		func(p *pubsub) map[string]map[*client]struct{} { return p.channels },
		func(s *subscriptions) *[]string { return &s.channels }, both, "subscribe", "unsubscribe",
	}
	toPatterns = &audience{
		func(p *pubsub) map[string]map[*client]struct{} { return p.patterns },
		func(s *subscriptions) *[]string { return &s.patterns }, both, "psubscribe", "punsubscribe",
	}
	toShards = &audience{
		func(p *pubsub) map[string]map[*client]struct{} { return p.shards },
		func(s *subscriptions) *[]string { return &s.shards },
		func(s *subscriptions) int { return len(s.shards) }, "ssubscribe", "sunsubscribe",
	}
)

func (a *audience) add(cl *client, name string) {
	all := a.of(&cl.e.pubsub)
	if _, there := all[name][cl]; there {
		return
	}
	if all[name] == nil {
		all[name] = map[*client]struct{}{}
	}
	all[name][cl] = struct{}{}
	mine := a.mine(&cl.subs)
	*mine = append(*mine, name)
}

func (a *audience) remove(cl *client, name string) {
	all := a.of(&cl.e.pubsub)
	if _, there := all[name][cl]; !there {
		return
	}
	delete(all[name], cl)
	if len(all[name]) == 0 {
		delete(all, name)
	}
	mine := a.mine(&cl.subs)
	*mine = without(*mine, name)
}

func (cl *client) unsubscribeAll() {
	for _, a := range []*audience{toChannels, toPatterns, toShards} {
		for _, name := range slices.Clone(*a.mine(&cl.subs)) {
			a.remove(cl, name)
		}
	}
}

// publish sends a message to those who listen to a channel, and returns how many that are.
func (e *Engine) publish(channel string, message []byte) (receivers int64) {
	for cl := range e.pubsub.channels[channel] {
		cl.w.Push(3)
		cl.w.BulkString("message")
		cl.w.BulkString(channel)
		cl.w.Bulk(message)
		e.replies(cl)
		receivers++
	}
	for pattern, list := range e.pubsub.patterns {
		if !glob.Match([]byte(pattern), []byte(channel)) {
			continue
		}
		for cl := range list {
			cl.w.Push(4)
			cl.w.BulkString("pmessage")
			cl.w.BulkString(pattern)
			cl.w.BulkString(channel)
			cl.w.Bulk(message)
			e.replies(cl)
			receivers++
		}
	}
	return receivers
}

func (e *Engine) publishShard(channel string, message []byte) (receivers int64) {
	for cl := range e.pubsub.shards[channel] {
		cl.w.Push(3)
		cl.w.BulkString("smessage")
		cl.w.BulkString(channel)
		cl.w.Bulk(message)
		e.replies(cl)
		receivers++
	}
	return receivers
}

func pubsubCommands() []command {
	const g = "pubsub"
	const f = pubSub | noScript | loading | stale
	return []command{
		{name: "subscribe", arity: -2, flags: f, run: cmdSubscribe, group: g, since: "2.0.0", summary: "Listens for messages published to channels."},
		{name: "unsubscribe", arity: -1, flags: f, run: cmdUnsubscribe, group: g, since: "2.0.0", summary: "Stops listening to messages posted to channels."},
		{name: "psubscribe", arity: -2, flags: f, run: cmdPSubscribe, group: g, since: "2.0.0", summary: "Listens for messages published to channels that match one or more patterns."},
		{name: "punsubscribe", arity: -1, flags: f, run: cmdPUnsubscribe, group: g, since: "2.0.0", summary: "Stops listening to messages published to channels that match one or more patterns."},
		{name: "ssubscribe", arity: -2, flags: f, keys: allKeys, run: cmdSSubscribe, group: g, since: "7.0.0", summary: "Listens for messages published to shard channels."},
		{name: "sunsubscribe", arity: -1, flags: f, keys: allKeys, run: cmdSUnsubscribe, group: g, since: "7.0.0", summary: "Stops listening to messages posted to shard channels."},
		{name: "publish", arity: 3, flags: pubSub | loading | stale | fast | mayReplicate, run: cmdPublish, group: g, since: "2.0.0", summary: "Posts a message to a channel."},
		{name: "spublish", arity: 3, flags: pubSub | loading | stale | fast | mayReplicate, keys: oneKey, run: cmdSPublish, group: g, since: "7.0.0", summary: "Post a message to a shard channel."},
		{name: "pubsub", arity: -2, group: g, since: "2.8.0", summary: "A container for Pub/Sub commands.", subs: []*command{
			{name: "pubsub|channels", arity: -2, flags: pubSub | loading | stale, run: cmdPubSubChannels, group: g, since: "2.8.0", summary: "Returns the active channels."},
			{name: "pubsub|numsub", arity: -2, flags: pubSub | loading | stale, run: cmdPubSubNumSub, group: g, since: "2.8.0", summary: "Returns a count of subscribers to channels."},
			{name: "pubsub|numpat", arity: 2, flags: pubSub | loading | stale, run: cmdPubSubNumPat, group: g, since: "2.8.0", summary: "Returns a count of unique pattern subscriptions."},
			{name: "pubsub|shardchannels", arity: -2, flags: pubSub | loading | stale, run: cmdPubSubShardChannels, group: g, since: "7.0.0", summary: "Returns the active shard channels."},
			{name: "pubsub|shardnumsub", arity: -2, flags: pubSub | loading | stale, run: cmdPubSubShardNumSub, group: g, since: "7.0.0", summary: "Returns the count of subscribers of shard channels."},
			{name: "pubsub|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "6.2.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

func cmdSubscribe(c *call)    { c.subscribe(toChannels) }
func cmdPSubscribe(c *call)   { c.subscribe(toPatterns) }
func cmdSSubscribe(c *call)   { c.subscribe(toShards) }
func cmdUnsubscribe(c *call)  { c.unsubscribe(toChannels) }
func cmdPUnsubscribe(c *call) { c.unsubscribe(toPatterns) }
func cmdSUnsubscribe(c *call) { c.unsubscribe(toShards) }

func (c *call) subscribe(a *audience) {
	if c.cl.script || c.exec && a == toShards {
		c.fail("ERR " + strings.ToUpper(a.subscribe) + " isn't allowed for a DENY BLOCKING client")
		return
	}
	for _, name := range c.args[1:] {
		a.add(c.cl, string(name))
		c.subscribed(a.subscribe, name, a)
	}
}

func (c *call) subscribed(word string, name []byte, a *audience) {
	c.w.Push(3)
	c.w.BulkString(word)
	if name == nil {
		c.w.Null()
	} else {
		c.w.Bulk(name)
	}
	c.w.Int(int64(a.counted(&c.cl.subs)))
}

func (c *call) unsubscribe(a *audience) {
	names := c.args[1:]
	if len(names) == 0 {
		for _, name := range *a.mine(&c.cl.subs) {
			names = append(names, []byte(name))
		}
	}
	for _, name := range names {
		a.remove(c.cl, string(name))
		c.subscribed(a.unsubscribe, name, a)
	}
	if len(names) == 0 {
		c.subscribed(a.unsubscribe, nil, a)
	}
}

func cmdPublish(c *call)  { c.w.Int(c.e.publish(string(c.args[1]), c.args[2])) }
func cmdSPublish(c *call) { c.w.Int(c.e.publishShard(string(c.args[1]), c.args[2])) }

func cmdPubSubChannels(c *call)      { c.activeChannels(c.e.pubsub.channels) }
func cmdPubSubShardChannels(c *call) { c.activeChannels(c.e.pubsub.shards) }

func (c *call) activeChannels(all map[string]map[*client]struct{}) {
	if len(c.args) > 3 {
		c.fail("ERR wrong number of arguments for '" + c.cmd.name + "' command")
		return
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(c.args) < 3 || glob.Match(c.args[2], []byte(name)) {
			names = append(names, name)
		}
	}
	c.w.Array(len(names))
	for _, name := range names {
		c.w.BulkString(name)
	}
}

func cmdPubSubNumSub(c *call)      { c.subscribers(c.e.pubsub.channels) }
func cmdPubSubShardNumSub(c *call) { c.subscribers(c.e.pubsub.shards) }

func (c *call) subscribers(all map[string]map[*client]struct{}) {
	c.w.Array(2 * len(c.args[2:]))
	for _, name := range c.args[2:] {
		c.w.Bulk(name)
		c.w.Int(int64(len(all[string(name)])))
	}
}

func cmdPubSubNumPat(c *call) { c.w.Int(int64(len(c.e.pubsub.patterns))) }
