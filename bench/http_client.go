package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// httpClient is a connection that speaks as much HTTP/1.1 as one request needs again and again. The client of net/http costs
// more than either of the servers that are compared and shares their processors: it would hide the difference.
type httpClient struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
	etag    []byte // of the last reply
	stop    func() bool
}

// dialHTTP makes a connection that ends with ctx, and after limit at the latest.
func dialHTTP(ctx context.Context, addr string, limit time.Duration) (*httpClient, error) {
	conn, err := (&net.Dialer{Timeout: httpPatience}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		conn.Close()
		return nil, err
	}
	return &httpClient{
		conn: conn, in: bufio.NewReaderSize(conn, 16<<10),
		request: []byte("GET " + httpPath + " HTTP/1.1\r\nHost: " + addr + "\r\n\r\n"),
		stop:    context.AfterFunc(ctx, func() { conn.Close() }),
	}, nil
}

func (c *httpClient) close() {
	c.stop()
	c.conn.Close()
}

var (
	statusOK      = []byte("HTTP/1.1 200 ")
	statusSame    = []byte("HTTP/1.1 304 ")
	contentLength = []byte("Content-Length")
	encoding      = []byte("Transfer-Encoding")
	entityTag     = []byte("ETag")
	xCache        = []byte("X-Cache")
)

// get sends the request and reads the reply to its end. said is its X-Cache.
func (c *httpClient) get(body io.Writer) (said string, err error) {
	return c.ask(c.request, statusOK, body)
}

// ask is get for any request, and for replies of the given status.
func (c *httpClient) ask(request, want []byte, body io.Writer) (said string, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return "", err
	}
	status, err := c.line()
	if err != nil {
		return "", err
	}
	if !bytes.HasPrefix(status, want) {
		return "", fmt.Errorf("%q is answered with %q, expected %q", request, status, want)
	}
	length, chunked := int64(-1), false
	c.etag = c.etag[:0]
	for {
		line, err := c.line()
		if err != nil {
			return "", err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, contentLength):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return "", err
			}
		case bytes.EqualFold(name, encoding):
			chunked = string(value) == "chunked"
		case bytes.EqualFold(name, entityTag):
			c.etag = append(c.etag, value...)
		case bytes.EqualFold(name, xCache) && string(value) == "HIT":
			said = "HIT" // costs nothing
		case bytes.EqualFold(name, xCache):
			said = string(value)
		}
	}
	switch {
	case bytes.Equal(want, statusSame): // it has no body
		return said, nil
	case chunked:
		return said, c.chunks(body)
	case length >= 0:
		return said, c.copy(body, length)
	}
	return "", errors.New("a reply with neither a length nor chunks")
}

// chunks reads a body that comes in chunks.
func (c *httpClient) chunks(body io.Writer) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(line), 16, 64)
		if err != nil {
			return err
		}
		if err := c.copy(body, size); err != nil {
			return err
		}
		if end, err := c.line(); err != nil {
			return err
		} else if len(end) != 0 {
			return fmt.Errorf("a chunk of %d bytes has %q after it", size, end)
		}
		if size == 0 {
			return nil
		}
	}
}

// copy takes n bytes of body out of the buffer.
func (c *httpClient) copy(body io.Writer, n int64) error {
	for n > 0 {
		if _, err := c.in.Peek(1); err != nil { // fills the buffer
			return err
		}
		piece, err := c.in.Peek(int(min(n, int64(c.in.Buffered()))))
		if err != nil {
			return err
		}
		if _, err := body.Write(piece); err != nil {
			return err
		}
		if _, err := c.in.Discard(len(piece)); err != nil {
			return err
		}
		n -= int64(len(piece))
	}
	return nil
}

// line reads a line, valid until the next read.
func (c *httpClient) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), err
}
