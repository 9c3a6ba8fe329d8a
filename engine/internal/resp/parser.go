package resp

import (
	"bytes"
)

const (
	// InlineLimit is the longest line, in bytes: an inline command, or the header of an array or a bulk string.
	InlineLimit = 64 << 10
	// MaxArgs is how many arguments a command may have.
	MaxArgs = 1 << 20
	// MaxBulk is the length in bytes that an argument may have unless [Parser.MaxBulk] says otherwise.
	MaxBulk = 512 << 20

	// Limits before a client has given its password, as in Redis: strangers get no memory.
	strangerArgs = 10
	strangerBulk = 16384
)

// ProtocolError is input that is no command. The connection cannot go on after it; Error gives the text that Redis
// answers, without "-ERR ".
type ProtocolError string

func (e ProtocolError) Error() string { return "Protocol error: " + string(e) }

// Parser finds commands in a buffer. The zero value is ready. Between calls the buffer may grow and may move, but its
// bytes from where the last command ended have to stay.
type Parser struct {
	// MaxBulk is the longest argument allowed, in bytes; 0 is the package's MaxBulk.
	MaxBulk int
	// Stranger sets the low limits for clients that have not given their password.
	Stranger bool

	at    int // where the next look begins, from the start of the current command
	left  int // arguments still to come; 0 before the header of an array
	bulk  int // length of the argument that comes next, or -1 before its header
	spans []span
}

type span struct{ from, to int }

// Next looks for one command at the start of b. It appends the arguments, which share b's memory, to args and returns
// how many bytes the command took; 0 means that there is no complete command yet. A command without arguments (an empty
// line) takes bytes and appends nothing. The error is a [ProtocolError].
func (p *Parser) Next(b []byte, args [][]byte) (_ [][]byte, taken int, _ error) {
	if len(b) == 0 {
		return args, 0, nil
	}
	if p.at == 0 {
		if b[0] != '*' {
			return p.inline(b, args)
		}
		line, next, err := p.line(b, 0, "too big mbulk count string")
		if next == 0 {
			return args, 0, err
		}
		n, ok := parseLen(line[1:])
		switch {
		case !ok || n > MaxArgs:
			return args, 0, ProtocolError("invalid multibulk length")
		case n > strangerArgs && p.Stranger:
			return args, 0, ProtocolError("unauthenticated multibulk length")
		case n <= 0:
			return args, next, nil
		}
		p.at, p.left, p.bulk = next, n, -1
	}
	for p.left > 0 {
		if p.bulk < 0 {
			line, next, err := p.line(b, p.at, "too big bulk count string")
			if next == 0 {
				return args, 0, err
			}
			if len(line) == 0 || line[0] != '$' {
				c := byte('\r')
				if len(line) > 0 {
					c = line[0]
				}
				return args, 0, ProtocolError("expected '$', got '" + string([]byte{c}) + "'")
			}
			n, ok := parseLen(line[1:])
			switch {
			case !ok || n < 0 || n > p.maxBulk():
				return args, 0, ProtocolError("invalid bulk length")
			case n > strangerBulk && p.Stranger:
				return args, 0, ProtocolError("unauthenticated bulk length")
			}
			p.at, p.bulk = next, n
		}
		end := p.at + p.bulk
		if len(b) < end+2 {
			return args, 0, nil
		}
		p.spans = append(p.spans, span{p.at, end})
		p.at, p.bulk = end+2, -1
		p.left--
	}
	for _, s := range p.spans {
		args = append(args, b[s.from:s.to:s.to])
	}
	taken = p.at
	p.at = 0
	if cap(p.spans) > 1024 {
		p.spans = nil
	}
	p.spans = p.spans[:0]
	return args, taken, nil
}

// Want returns how many bytes, from the start of the current command, are needed before another look is worth the
// while; 0 if any byte may do. A reader uses it to make room for a large argument.
func (p *Parser) Want() int {
	if p.left > 0 && p.bulk >= 0 {
		return p.at + p.bulk + 2
	}
	return 0
}

func (p *Parser) maxBulk() int {
	if p.MaxBulk > 0 {
		return p.MaxBulk
	}
	return MaxBulk
}

// line returns the line that begins at from and where the next one begins, or 0.
func (p *Parser) line(b []byte, from int, tooLong string) (line []byte, next int, _ error) {
	i := bytes.IndexByte(b[from:], '\r')
	if i < 0 || from+i+1 >= len(b) {
		if len(b)-from > InlineLimit {
			return nil, 0, ProtocolError(tooLong)
		}
		return nil, 0, nil
	}
	return b[from : from+i], from + i + 2, nil
}

func (p *Parser) inline(b []byte, args [][]byte) ([][]byte, int, error) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if len(b) > InlineLimit {
			return args, 0, ProtocolError("too big inline request")
		}
		return args, 0, nil
	}
	line := b[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	args, ok := SplitArgs(line, args)
	if !ok {
		return args, 0, ProtocolError("unbalanced quotes in request")
	}
	return args, i + 1, nil
}

// parseLen reads a decimal integer as Redis's string2ll does: no sign but a minus, no leading zero, no space.
func parseLen(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 11 {
		return 0, false
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if b[0] == '-' {
		n = -n
	}
	return n, true
}
