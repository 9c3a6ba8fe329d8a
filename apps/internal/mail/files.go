package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"time"
)

// Files is a [Sender] that writes into a folder. Make it with [NewFiles]. It is
// safe for concurrent use, also by several processes.
type Files struct {
	dir  string
	from *mail.Address
}

// NewFiles makes a sender into a folder, which is made when it is first needed,
// readable for its owner alone: messages hold what lets somebody into an account. from is
// an address, "Shop & Chop <shop@example.com>".
func NewFiles(dir, from string) (*Files, error) {
	address, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: from is %q, expected an address: %w", from, err)
	}
	return &Files{dir, address}, nil
}

// Dir returns the folder.
func (f *Files) Dir() string { return f.dir }

// Send writes a message as <time>-<id>.eml: names sort by time, and a file that
// is there is whole.
func (f *Files) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	now, id := time.Now().UTC(), rand.Text()
	text, err := m.render(f.from, id, now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	part, err := os.CreateTemp(f.dir, ".part-*") // mode 0600
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), filepath.Join(f.dir, now.Format("20060102T150405.000000Z")+"-"+id[:8]+".eml"))
	}
	if err != nil {
		return fmt.Errorf("mail: %w", errors.Join(err, os.Remove(part.Name())))
	}
	return nil
}
