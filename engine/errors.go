package engine

import (
	"errors"

	"github.com/redbrick-go/redbrick/engine/internal/journal"
)

// ErrOptions is wrapped by the errors of Open about Options: each names the field, its value and what was expected.
var ErrOptions = errors.New("engine: bad option")

// ErrClosed is what a call on an engine that was closed returns. Dial's error wraps net.ErrClosed too.
var ErrClosed = errors.New("engine: closed")

// ErrLocked is wrapped by Open's error about a folder that another engine has open.
var ErrLocked = journal.ErrLocked

// ErrNewer is wrapped by Open's error about a folder in a format that this version does not read.
var ErrNewer = journal.ErrFormat

// What commands answer, in Redis's words.
const (
	errSyntax      = "ERR syntax error"
	errWrongType   = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errNotInt      = "ERR value is not an integer or out of range"
	errNotFloat    = "ERR value is not a valid float"
	errNoKey       = "ERR no such key"
	errOutOfRange  = "ERR index out of range"
	errOverflow    = "ERR increment or decrement would overflow"
	errNaN         = "ERR increment would produce NaN or Infinity"
	errTooLong     = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errSameObject  = "ERR source and destination objects are the same"
	errTimeout     = "ERR timeout is not a float or out of range"
	errNegTimeout  = "ERR timeout is negative"
	errDBIndex     = "ERR DB index is out of range"
	errNoAuth      = "NOAUTH Authentication required."
	errExecAbort   = "EXECABORT Transaction discarded because of previous errors."
	errCursor      = "ERR invalid cursor"
	errNotPositive = "ERR value is out of range, must be positive"
)
