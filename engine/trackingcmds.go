package engine

import (
	"strings"
)

const (
	errTrackingMode = "before disabling tracking for this client, and then re-enabling it with a different mode."
	errNoTracking   = "NOPERM this user has no permissions to run the 'client|tracking' command"
)

// trackingSubcommands are those of CLIENT that have to do with copies that clients keep.
func trackingSubcommands() []*command {
	const g = "connection"
	const f = noScript | loading | stale
	return []*command{
		{name: "client|tracking", arity: -3, flags: f, run: cmdClientTracking, group: g, since: "6.0.0", summary: "Controls server-assisted client-side caching for the connection."},
		{name: "client|caching", arity: 3, flags: f, run: cmdClientCaching, group: g, since: "6.0.0", summary: "Instructs the server whether to track the keys in the next request."},
		{name: "client|getredir", arity: 2, flags: f, run: cmdClientGetRedir, group: g, since: "6.0.0", summary: "Returns the client ID to which the connection's tracking notifications are redirected."},
		{name: "client|trackinginfo", arity: 2, flags: f, run: cmdClientTrackingInfo, group: g, since: "6.2.0", summary: "Returns information about server-assisted client-side caching for the connection."},
	}
}

func cmdClientTracking(c *call) {
	if c.e.noTracking {
		c.fail(errNoTracking)
		return
	}
	m, ok := c.trackingOptions()
	if !ok {
		return
	}
	switch {
	case is(c.args[2], "on"):
		if why := c.cl.tracking.refuses(m); why != "" {
			c.fail(why)
			return
		}
		c.e.startTracking(c.cl, m)
	case is(c.args[2], "off"):
		c.e.untrack(c.cl)
	default:
		c.fail(errSyntax)
		return
	}
	c.ok()
}

func (c *call) trackingOptions() (m trackingMode, ok bool) {
	m.on = true
	for i := 3; i < len(c.args); i++ {
		switch arg, more := c.args[i], i+1 < len(c.args); {
		case is(arg, "redirect") && more:
			i++
			if m.redirect != 0 {
				c.fail("ERR A client can only redirect to a single other client")
				return m, false
			}
			if m.redirect, ok = c.int64Arg(c.args[i]); !ok {
				return m, false
			}
			if c.e.clients.byID[m.redirect] == nil {
				c.fail("ERR The client ID you want redirect to does not exist")
				return m, false
			}
		case is(arg, "bcast"):
			m.broadcast = true
		case is(arg, "optin"):
			m.optIn = true
		case is(arg, "optout"):
			m.optOut = true
		case is(arg, "noloop"):
			m.noLoop = true
		case is(arg, "prefix") && more:
			i++
			m.prefixes = append(m.prefixes, string(c.args[i]))
		default:
			c.fail(errSyntax)
			return m, false
		}
	}
	return m, true
}

// refuses returns why a client in mode m may not change to another, "" if it may.
func (m *trackingMode) refuses(next trackingMode) string {
	switch {
	case !next.broadcast && len(next.prefixes) > 0:
		return "ERR PREFIX option requires BCAST mode to be enabled"
	case m.on && m.broadcast != next.broadcast:
		return "ERR You can't switch BCAST mode on/off " + errTrackingMode
	case next.broadcast && (next.optIn || next.optOut):
		return "ERR OPTIN and OPTOUT are not compatible with BCAST"
	case next.optIn && next.optOut:
		return "ERR You can't specify both OPTIN mode and OPTOUT mode"
	case next.optIn && m.optOut || next.optOut && m.optIn:
		return "ERR You can't switch OPTIN/OPTOUT mode " + errTrackingMode
	}
	overlap := func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
	for i, p := range next.prefixes {
		for _, q := range m.prefixes {
			if overlap(p, q) {
				return "ERR Prefix '" + p + "' overlaps with an existing prefix '" + q + "'. Prefixes for a single client must not overlap."
			}
		}
		for _, q := range next.prefixes[i+1:] {
			if overlap(p, q) {
				return "ERR Prefix '" + p + "' overlaps with another provided prefix '" + q + "'. Prefixes for a single client must not overlap."
			}
		}
	}
	return ""
}

func cmdClientCaching(c *call) {
	m := &c.cl.tracking
	yes, no := is(c.args[2], "yes"), is(c.args[2], "no")
	switch {
	case !m.on:
		c.fail("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
	case yes && !m.optIn:
		c.fail("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	case no && !m.optOut:
		c.fail("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	case !yes && !no:
		c.fail(errSyntax)
	default:
		m.caching = true
		c.ok()
	}
}

func (m *trackingMode) told() int64 {
	if !m.on {
		return -1
	}
	return m.redirect
}

func cmdClientGetRedir(c *call) { c.w.Int(c.cl.tracking.told()) }

func cmdClientTrackingInfo(c *call) {
	m := &c.cl.tracking
	flags := []string{"off"}
	if m.on {
		flags[0] = "on"
	}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{m.broadcast, "bcast"}, {m.optIn, "optin"}, {m.optIn && m.caching, "caching-yes"}, {m.optOut, "optout"},
		{m.optOut && m.caching, "caching-no"}, {m.noLoop, "noloop"}, {m.lost, "broken_redirect"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	c.w.Map(3)
	c.w.BulkString("flags")
	c.w.Set(len(flags))
	for _, f := range flags {
		c.w.BulkString(f)
	}
	c.w.BulkString("redirect")
	c.w.Int(m.told())
	c.w.BulkString("prefixes")
	c.w.Array(len(m.prefixes))
	for _, p := range m.prefixes {
		c.w.BulkString(p)
	}
}
