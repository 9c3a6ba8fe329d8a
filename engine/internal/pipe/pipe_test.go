package pipe

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

func TestConnCarriesBytesBothWays(t *testing.T) {
	t.Parallel()
	client, server := New()
	sent := make([]byte, 5*Limit+17)
	rand.Read(sent)
	echoed := make(chan error, 1)
	go func() {
		_, err := io.Copy(server, server)
		server.Close()
		echoed <- err
	}()
	written := make(chan error, 1)
	go func() {
		_, err := client.Write(sent)
		written <- err
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(client, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Fatal("bytes changed on their way")
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := <-echoed; err != nil {
		t.Fatalf("the peer of a closed connection got %v, want a clean end", err)
	}
}

func TestConnReadsWhatWasWrittenBeforeClose(t *testing.T) {
	t.Parallel()
	client, server := New()
	if _, err := server.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	server.Close()
	got, err := io.ReadAll(client)
	if err != nil || string(got) != "last words" {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("Write to a closed peer: %v, want io.ErrClosedPipe", err)
	}
	client.Close()
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Read after Close: %v, want net.ErrClosed", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Write after Close: %v, want net.ErrClosed", err)
	}
}

func TestConnDeadlines(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Second)
	soon := func() time.Time { return time.Now().Add(5 * time.Millisecond) }
	one := make([]byte, 1)
	full := make([]byte, Limit)
	for _, tt := range []struct {
		name string
		run  func(c *Conn) error
	}{
		{"read, already over", func(c *Conn) error {
			c.SetReadDeadline(past)
			_, err := c.Read(one)
			return err
		}},
		{"read, while it waits", func(c *Conn) error {
			c.SetReadDeadline(soon())
			_, err := c.Read(one)
			return err
		}},
		{"read, by SetDeadline", func(c *Conn) error {
			c.SetDeadline(soon())
			_, err := c.Read(one)
			return err
		}},
		{"write, already over", func(c *Conn) error {
			c.SetWriteDeadline(past)
			_, err := c.Write(one)
			return err
		}},
		{"write, while it waits for room", func(c *Conn) error {
			if _, err := c.Write(full); err != nil {
				return err
			}
			c.SetWriteDeadline(soon())
			_, err := c.Write(one)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := New()
			defer server.Close()
			defer client.Close()
			err := tt.run(client)
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Fatalf("got %v, want os.ErrDeadlineExceeded", err)
			}
		})
	}
}

func TestConnDeadlineCanBeTakenBack(t *testing.T) {
	t.Parallel()
	client, server := New()
	defer client.Close()
	defer server.Close()
	client.SetDeadline(time.Now().Add(-time.Second))
	client.SetDeadline(time.Now().Add(time.Hour))
	client.SetDeadline(time.Time{})
	go server.Write([]byte("x"))
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestConnCloseWakesWaiters(t *testing.T) {
	t.Parallel()
	client, server := New()
	defer server.Close()
	if _, err := client.Write(make([]byte, Limit)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read: %v, want net.ErrClosed", err)
		}
	})
	wg.Go(func() {
		if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v, want net.ErrClosed", err)
		}
	})
	client.Close()
	wg.Wait()
}

func TestTryWriteNeverWaits(t *testing.T) {
	t.Parallel()
	client, server := New()
	defer client.Close()
	if n, err := server.TryWrite(make([]byte, Limit+5)); n != Limit || err != nil {
		t.Fatalf("TryWrite: %d, %v; want %d, nil", n, err, Limit)
	}
	if n, err := server.TryWrite([]byte("x")); n != 0 || err != nil {
		t.Fatalf("TryWrite at the limit: %d, %v; want 0, nil", n, err)
	}
	if _, err := io.ReadFull(client, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if n, err := server.TryWrite(make([]byte, 20)); n != 10 || err != nil {
		t.Fatalf("TryWrite with room for 10: %d, %v", n, err)
	}
	client.Close()
	if _, err := server.TryWrite([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("TryWrite to a closed peer: %v, want io.ErrClosedPipe", err)
	}
}

func TestConnGivesLargeBuffersBack(t *testing.T) {
	t.Parallel()
	s := newStream()
	if _, err := s.write(make([]byte, 2*keepBuffer), true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(make([]byte, 2*keepBuffer)); err != nil {
		t.Fatal(err)
	}
	if cap(s.buf) > keepBuffer {
		t.Fatalf("an idle stream keeps %d bytes", cap(s.buf))
	}
}
