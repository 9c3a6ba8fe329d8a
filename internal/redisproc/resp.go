package redisproc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// maxBulk bounds what one reply may claim to hold, in bytes.
const maxBulk = 512 << 20

// call sends commands on a connection of its own and returns the last reply.
// It stands apart from the client library on purpose: the tests of that library's
// settings must not depend on it, and it must work on a server that is still loading.
func call(ctx context.Context, addr string, commands ...[]string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("redisproc: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	var request strings.Builder
	for _, args := range commands {
		fmt.Fprintf(&request, "*%d\r\n", len(args))
		for _, a := range args {
			fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	if _, err := io.WriteString(conn, request.String()); err != nil {
		return "", fmt.Errorf("redisproc: send to %s: %w", addr, err)
	}
	r := bufio.NewReader(conn)
	reply := ""
	for _, args := range commands {
		if reply, err = readReply(r); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return "", fmt.Errorf("%s at %s: %w", args[0], addr, err)
		}
	}
	return reply, nil
}

// readReply reads one RESP2 reply as text. The items of an array are put on
// lines of their own and a nil is the empty text, as redis-cli prints them.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("redisproc: read reply: %w", err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("%w: an empty line, expected a reply", ErrReply)
	}
	switch line[0] {
	case '+', ':':
		return line[1:], nil
	case '-':
		return "", fmt.Errorf("%w: %s", ErrReply, line[1:])
	case '$':
		n, err := strconv.Atoi(line[1:])
		if err != nil || n > maxBulk {
			return "", fmt.Errorf("%w: length %q, expected at most %d", ErrReply, line[1:], maxBulk)
		}
		if n < 0 {
			return "", nil
		}
		body := make([]byte, n+2)
		if _, err := io.ReadFull(r, body); err != nil {
			return "", fmt.Errorf("redisproc: read reply: %w", err)
		}
		return string(body[:n]), nil
	case '*':
		n, err := strconv.Atoi(line[1:])
		if err != nil {
			return "", fmt.Errorf("%w: array length %q, expected a number", ErrReply, line[1:])
		}
		var items []string
		for range n {
			item, err := readReply(r)
			if err != nil {
				return "", err
			}
			items = append(items, item)
		}
		return strings.Join(items, "\n"), nil
	default:
		return "", fmt.Errorf("%w: %q is no RESP2 reply", ErrReply, line)
	}
}

// field returns the value of a "name:value" line of an INFO-like text, or "".
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
