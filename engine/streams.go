package engine

import "math"

func streamCommands() []command {
	const g = "stream"
	const w = write | denyOOM
	second := keySpec{2, 2, 1}
	return []command{
		{name: "xadd", arity: -5, flags: w | fast, keys: oneKey, run: cmdXAdd, group: g, since: "5.0.0", summary: "Appends a new message to a stream. Creates the key if it doesn't exist."},
		{name: "xlen", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdXLen, group: g, since: "5.0.0", summary: "Return the number of messages in a stream."},
		{name: "xrange", arity: -4, flags: readonly, keys: oneKey, run: cmdXRange, group: g, since: "5.0.0", summary: "Returns the messages from a stream within a range of IDs."},
		{name: "xrevrange", arity: -4, flags: readonly, keys: oneKey, run: cmdXRevRange, group: g, since: "5.0.0", summary: "Returns the messages from a stream within a range of IDs in reverse order."},
		{name: "xread", arity: -4, flags: readonly | blockingCmd | movableKeys, find: readKeys(1), run: cmdXRead, group: g, since: "5.0.0", summary: "Returns messages from multiple streams with IDs greater than the ones requested. Blocks until a message is available otherwise."},
		{name: "xreadgroup", arity: -7, flags: write | blockingCmd | movableKeys, find: readKeys(4), run: cmdXRead, group: g, since: "5.0.0", summary: "Returns new or historical messages from a stream for a consumer in a group. Blocks until a message is available otherwise."},
		{name: "xdel", arity: -3, flags: write | fast, keys: oneKey, run: cmdXDel, group: g, since: "5.0.0", summary: "Returns the number of messages after removing them from a stream."},
		{name: "xtrim", arity: -4, flags: write, keys: oneKey, run: cmdXTrim, group: g, since: "5.0.0", summary: "Deletes messages from the beginning of a stream."},
		{name: "xsetid", arity: -3, flags: w | fast, keys: oneKey, run: cmdXSetID, group: g, since: "5.0.0", summary: "An internal command for replicating stream values."},
		{name: "xgroup", arity: -2, group: g, since: "5.0.0", summary: "A container for consumer groups commands.", subs: []*command{
			{name: "xgroup|create", arity: -5, flags: w, keys: second, run: cmdXGroupCreate, group: g, since: "5.0.0", summary: "Creates a consumer group."},
			{name: "xgroup|setid", arity: -5, flags: write, keys: second, run: cmdXGroupSetID, group: g, since: "5.0.0", summary: "Sets the last-delivered ID of a consumer group."},
			{name: "xgroup|destroy", arity: 4, flags: write, keys: second, run: cmdXGroupDestroy, group: g, since: "5.0.0", summary: "Destroys a consumer group."},
			{name: "xgroup|createconsumer", arity: 5, flags: w, keys: second, run: cmdXGroupCreateConsumer, group: g, since: "6.2.0", summary: "Creates a consumer in a consumer group."},
			{name: "xgroup|delconsumer", arity: 5, flags: write, keys: second, run: cmdXGroupDelConsumer, group: g, since: "5.0.0", summary: "Deletes a consumer from a consumer group."},
			{name: "xgroup|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
		{name: "xack", arity: -4, flags: write | fast, keys: oneKey, run: cmdXAck, group: g, since: "5.0.0", summary: "Returns the number of messages that were successfully acknowledged by the consumer group member of a stream."},
		{name: "xpending", arity: -3, flags: readonly, keys: oneKey, run: cmdXPending, group: g, since: "5.0.0", summary: "Returns the information and entries from a stream consumer group's pending entries list."},
		{name: "xclaim", arity: -6, flags: write | fast, keys: oneKey, run: cmdXClaim, group: g, since: "5.0.0", summary: "Changes, or acquires, ownership of a message in a consumer group, as if the message was delivered a consumer group member."},
		{name: "xautoclaim", arity: -6, flags: write | fast, keys: oneKey, run: cmdXAutoClaim, group: g, since: "6.2.0", summary: "Changes, or acquires, ownership of messages in a consumer group, as if the messages were delivered to as consumer group member."},
		{name: "xinfo", arity: -2, group: g, since: "5.0.0", summary: "A container for stream introspection commands.", subs: []*command{
			{name: "xinfo|stream", arity: -3, flags: readonly, keys: second, run: cmdXInfoStream, group: g, since: "5.0.0", summary: "Returns information about a stream."},
			{name: "xinfo|groups", arity: 3, flags: readonly, keys: second, run: cmdXInfoGroups, group: g, since: "5.0.0", summary: "Returns a list of the consumer groups of a stream."},
			{name: "xinfo|consumers", arity: 4, flags: readonly, keys: second, run: cmdXInfoConsumers, group: g, since: "5.0.0", summary: "Returns a list of the consumers in a consumer group."},
			{name: "xinfo|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

// Words of effects of streams.
var (
	bXAdd   = []byte("XADD")
	bXTrim  = []byte("XTRIM")
	bXGroup = []byte("XGROUP")
	bXClaim = []byte("XCLAIM")
	bXAck   = []byte("XACK")
	bMaxLen = []byte("MAXLEN")
)

func (c *call) blockLimits() blockLimits {
	t := &c.e.config.thresholds
	return blockLimits{bytes: t.blockBytes, entries: t.blockEntries}
}

// addArgs is what XADD and XTRIM were asked.
type addArgs struct {
	noMake   bool
	trims    bool
	rule     trimRule
	id       streamID
	idGiven  bool
	seqGiven bool
	fields   [][]byte
}

// addArgs reads the arguments of XADD and XTRIM, or answers an error.
func (c *call) addArgs(adds bool) (a addArgs, ok bool) {
	limited, i := false, 2
options:
	for ; i < len(c.args); i++ {
		arg, more := c.args[i], len(c.args)-1-i
		switch {
		case adds && string(cText(arg)) == "*":
			break options
		case (is(arg, "maxlen") || is(arg, "minid")) && more > 0:
			if a.trims {
				c.fail("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
				return a, false
			}
			if next := c.args[i+1]; more > 1 && (string(next) == "~" || string(next) == "=") {
				a.rule.approx = next[0] == '~'
				i++
			}
			i++
			if a.trims, ok = true, c.trimArg(&a.rule, is(arg, "maxlen"), c.args[i]); !ok {
				return a, false
			}
		case is(arg, "limit") && more > 0:
			i++
			if a.rule.limit, ok = c.int64Arg(c.args[i]); !ok {
				return a, false
			}
			if a.rule.limit < 0 {
				c.fail("ERR The LIMIT argument must be >= 0.")
				return a, false
			}
			limited = true
		case adds && is(arg, "nomkstream"):
			a.noMake = true
		case adds:
			if a.id, a.seqGiven, ok = (idForm{auto: true}).parse(arg); !ok {
				c.fail(errStreamID)
				return a, false
			}
			a.idGiven = true
			break options
		default:
			c.fail(errSyntax)
			return a, false
		}
	}
	if adds {
		a.fields = c.args[min(i+1, len(c.args)):]
	}
	return a, c.checkTrim(&a, adds, limited)
}

// trimArg reads what MAXLEN or MINID was given.
func (c *call) trimArg(r *trimRule, byLength bool, arg []byte) (ok bool) {
	if !byLength {
		r.minID, ok = c.idArg(arg)
		return ok
	}
	r.byLength = true
	if r.maxLen, ok = c.int64Arg(arg); ok && r.maxLen < 0 {
		c.fail("ERR The MAXLEN argument must be >= 0.")
		return false
	}
	return ok
}

// checkTrim checks how the options go together, and gives approximate trimming its limit. What was trimmed once is
// trimmed again without one.
func (c *call) checkTrim(a *addArgs, adds, limited bool) bool {
	const most, byDefault = 1_000_000, 10_000
	switch {
	case a.rule.limit > 0 && !a.trims:
		c.fail("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	case !adds && !a.trims:
		c.fail("ERR syntax error, XTRIM must be called with a trimming strategy")
	case limited && !a.rule.approx:
		c.fail("ERR syntax error, LIMIT cannot be used without the special ~ option")
	default:
		if a.rule.approx && !limited {
			entries := c.blockLimits().entries
			a.rule.limit = min(100*min(max(entries, 0), most), most)
			if a.rule.limit == 0 {
				a.rule.limit = byDefault
			}
		}
		return true
	}
	return false
}

// newID chooses the id of a new entry, or says why there is none.
func (a *addArgs) newID(s *stream, now int64) (id streamID, refusal string) {
	switch {
	case a.idGiven && a.seqGiven:
		id = a.id
	case a.idGiven && a.id.ms == s.last.ms:
		if s.last.seq == math.MaxUint64 {
			return id, errLargeEntry // for want of a text of its own
		}
		id = streamID{a.id.ms, s.last.seq + 1}
	case a.idGiven:
		id = a.id
	case uint64(now) > s.last.ms:
		id = streamID{uint64(now), 0}
	default:
		id, _ = s.last.next()
	}
	if !s.last.less(id) {
		refusal = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	}
	return id, refusal
}

const errLargeEntry = "ERR Elements are too large to be stored"

func cmdXAdd(c *call) {
	a, ok := c.addArgs(true)
	if !ok {
		return
	}
	if len(a.fields) < 2 || len(a.fields)%2 == 1 {
		c.fail("ERR wrong number of arguments for 'xadd' command")
		return
	}
	if a.idGiven && a.seqGiven && a.id.zero() {
		c.fail("ERR The ID specified in XADD must be greater than 0-0")
		return
	}
	n, ok := c.writeKind(c.args[1], kindStream)
	if !ok {
		return
	}
	if n == nil && a.noMake {
		c.w.Null()
		return
	}
	s := &stream{}
	if n != nil {
		s = asStream(n)
	}
	if s.last == lastID {
		c.fail("ERR The stream has exhausted the last possible ID, unable to add more items")
		return
	}
	id, refusal := a.newID(s, c.e.clock.ms())
	if refusal != "" {
		c.fail(refusal)
		return
	}
	size := 0
	for _, f := range a.fields {
		size += len(f)
	}
	if size > largestEntry {
		c.fail(errLargeEntry)
		return
	}
	if n == nil {
		n = c.db.put(c.args[1], kindStream)
		n.Val.setObject(s)
	}
	s.add(id, a.fields, c.blockLimits())
	c.changed(eventStream, "xadd", c.args[1])
	dropped := 0
	if a.trims {
		if dropped = s.trim(&a.rule); dropped > 0 {
			c.e.notify(c.db, eventStream, "xtrim", c.args[1])
		}
	}
	if c.e.recorder != nil {
		c.recordAdd(s, id, a.fields, dropped > 0)
	}
	writeID(c.w, id)
}

// recordAdd reports an entry that was added, and how long the stream is afterwards if it was trimmed.
func (c *call) recordAdd(s *stream, id streamID, fields [][]byte, trimmed bool) {
	words := append(make([][]byte, 0, len(fields)+5), bXAdd, c.args[1])
	if trimmed {
		words = append(words, bMaxLen, appendInt(int64(s.length)))
	}
	c.effect(append(append(words, id.bytes()), fields...)...)
}

func cmdXTrim(c *call) {
	a, ok := c.addArgs(false)
	if !ok {
		return
	}
	n, ok := c.writeKind(c.args[1], kindStream)
	if !ok {
		return
	}
	dropped := 0
	if n != nil {
		s := asStream(n)
		if dropped = s.trim(&a.rule); dropped > 0 {
			c.changed(eventStream, "xtrim", c.args[1])
			if c.e.recorder != nil {
				c.effect(bXTrim, c.args[1], bMaxLen, appendInt(int64(s.length)))
			}
		}
	}
	c.w.Int(int64(dropped))
}

func cmdXLen(c *call) {
	n, ok := c.readKind(c.args[1], kindStream)
	switch {
	case !ok:
	case n == nil:
		c.w.Int(0)
	default:
		c.w.Int(int64(asStream(n).length))
	}
}

func cmdXDel(c *call) {
	n, ok := c.writeKind(c.args[1], kindStream)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	ids, ok := c.idArgs(c.args[2:])
	if !ok {
		return
	}
	s, deleted := asStream(n), 0
	for _, id := range ids {
		if s.remove(id) {
			deleted++
			if s.maxDeleted.less(id) {
				s.maxDeleted = id
			}
		}
	}
	if deleted > 0 {
		s.edges()
		c.changed(eventStream, "xdel", c.args[1])
	}
	c.w.Int(int64(deleted))
}

// unknownAdded is what XSETID has unless ENTRIESADDED says otherwise.
const unknownAdded = -1

func cmdXSetID(c *call) {
	id, ok := c.idArg(c.args[2])
	if !ok {
		return
	}
	added, deleted := int64(unknownAdded), streamID{}
	for i := 3; i < len(c.args); i += 2 {
		more := i+1 < len(c.args)
		switch arg := c.args[i]; {
		case is(arg, "entriesadded") && more:
			if added, ok = c.int64Arg(c.args[i+1]); !ok {
				return
			}
			if added < 0 && !c.e.replaying {
				c.fail("ERR entries_added must be positive")
				return
			}
		case is(arg, "maxdeletedid") && more:
			if deleted, ok = c.idArg(c.args[i+1]); !ok {
				return
			}
			if id.less(deleted) {
				c.fail("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
				return
			}
		default:
			c.fail(errSyntax)
			return
		}
	}
	n := c.write(c.args[1])
	if n == nil {
		c.fail(errNoKey)
		return
	}
	if n, ok = c.typed(n, kindStream); !ok {
		return
	}
	s := asStream(n)
	switch {
	case s.length > 0 && id.less(s.top):
		c.fail("ERR The ID specified in XSETID is smaller than the target stream top item")
		return
	case s.length > 0 && added != unknownAdded && int64(s.length) > added && !c.e.replaying:
		c.fail("ERR The entries_added specified in XSETID is smaller than the target stream length")
		return
	}
	s.last = id
	if added != unknownAdded {
		s.added = added
	}
	if !deleted.zero() {
		s.maxDeleted = deleted
	}
	c.noted("xsetid", c.args[1])
	c.ok()
}
