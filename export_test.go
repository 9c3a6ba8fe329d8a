package redbrick

import "errors"

// WriteCertificate lends the maker of certificates to the tests outside of the package.
var WriteCertificate = writeCertificate

// LooksAfterCallers says whether the client still looks for callers who left.
func (c *Client) LooksAfterCallers() bool { return c.leavings.awake.Load() }

// EndLife does what Close does before it waits for the client's own work.
func (c *Client) EndLife() { c.end() }

// Trip does what happens when no server answers any more.
func Trip(c *Client) { c.breaker.trip(errors.New("a test")) }

// RecoversWithItsCheck says whether a cell that is open is not any more when the check of the layouts has ended.
func RecoversWithItsCheck(c *Client) bool {
	c.breaker.cells[0].state.Store(cellOpen)
	c.breaker.tripped.Add(1)
	return c.pending(c.conns.Load(), 0) == nil && c.breaker.cells[0].state.Load() == cellRecovering
}
