package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrMessage means that a message cannot be sent as it is.
var ErrMessage = errors.New("mail: bad message")

// Sender sends a message. It returns when the message is accepted for delivery:
// from then on the sender has to see to it.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Message is one mail of plain text to one person.
type Message struct {
	// To is an address, ada@example.com. Required.
	To string
	// Subject is one line. Required.
	Subject string
	// Text is the body in UTF-8; lines end with \n.
	Text string
}

const maxSubject = 200 // characters

// render returns the message as RFC 5322 has it. What came from a user cannot become a header.
func (m Message) render(from *mail.Address, id string, at time.Time) ([]byte, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || strings.ContainsAny(m.To, "\r\n") {
		return nil, fmt.Errorf("%w: To is no address such as ada@example.com", ErrMessage)
	}
	if n := utf8.RuneCountInString(m.Subject); n == 0 || n > maxSubject || strings.ContainsAny(m.Subject, "\r\n") {
		return nil, fmt.Errorf("%w: Subject has %d characters, expected one line of 1 to %d", ErrMessage, n, maxSubject)
	}
	var b bytes.Buffer
	for _, header := range [][2]string{
		{"From", from.String()},
		{"To", to.String()},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", at.Format(time.RFC1123Z)},
		{"Message-ID", "<" + id + "@" + domain(from.Address) + ">"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no holiday replies, please
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", header[0], header[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	if _, err := body.Write([]byte(m.Text)); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return b.Bytes(), nil
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
