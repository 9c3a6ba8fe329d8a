package redbrick

// WriteCertificate lends the maker of certificates to the tests outside of the package.
var WriteCertificate = writeCertificate

// LooksAfterCallers says whether the client still looks for callers who left.
func (c *Client) LooksAfterCallers() bool { return c.leavings.awake.Load() }

// EndLife does what Close does before it waits for the client's own work.
func (c *Client) EndLife() { c.end() }
