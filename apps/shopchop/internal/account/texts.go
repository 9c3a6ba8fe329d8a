package account

// The mails. Each %s is named beside it.
const (
	welcome = `Hello %s,

your account at Shop & Chop is ready: %s
` // name, address of the page

	forgotten = `Somebody, perhaps you, asked for a new password at Shop & Chop.

Choose it here, within 10 minutes, once:

%s

If it was not you, nothing has to be done: without this link nothing changes.
` // link

	changed = `Hello %s,

your password at Shop & Chop was changed just now, and you were logged out everywhere.

If it was not you, ask for a new one at once: %s
` // name, address of the page

	noticed = `Hello %s,

you have logged in to Shop & Chop. Before, %d attempts with a wrong password had failed.

If those were not yours, somebody tries to guess it: choose one that nobody else can
know, and look at your devices: %s
` // name, failures, address of the page
)
