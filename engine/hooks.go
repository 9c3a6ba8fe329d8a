package engine

// invalidate tells clients that keep a copy of a key that it has changed. by is the client that changed it, nil for the
// engine itself.
func (e *Engine) invalidate(key []byte, by *client) {}

// invalidateAll tells every client that keeps copies that a database was emptied.
func (e *Engine) invalidateAll() {}

// track notes which keys a client has read.
func (e *Engine) track(c *call) {}

// untrack forgets what a client has read.
func (e *Engine) untrack(cl *client) {}

// trackingClients counts the clients that keep copies.
func (e *Engine) trackingClients() int { return 0 }
