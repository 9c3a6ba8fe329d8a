package engine

import (
	"fmt"
	"strings"
)

func cmdMonitor(c *call) {
	if c.cl.script || c.exec {
		c.fail("ERR MONITOR isn't allowed for DENY BLOCKING client")
		return
	}
	if !c.cl.monitor {
		c.cl.monitor = true
		c.e.monitors = append(c.e.monitors, c.cl)
	}
	c.ok()
}

func (cl *client) stopMonitor() {
	if cl.monitor {
		cl.monitor = false
		cl.e.monitors = without(cl.e.monitors, cl)
	}
}

// feedMonitors shows a command to the clients that sent MONITOR.
func (e *Engine) feedMonitors(c *call) {
	var line strings.Builder
	from := c.cl.addr
	if c.cl.script {
		from = "lua"
	}
	fmt.Fprintf(&line, "%d.%06d [%d %s]", e.clock.us/1e6, e.clock.us%1e6, c.db.id, from)
	for i, a := range c.args {
		if hidden := c.cmd.is("auth") && i > 0; hidden {
			line.WriteString(` "(redacted)"`)
			continue
		}
		line.WriteString(" " + quoted(a))
	}
	for _, cl := range e.monitors {
		if cl != c.cl {
			cl.w.Status(line.String())
			e.replies(cl)
		}
	}
}
