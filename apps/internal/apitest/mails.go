package apitest

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/redistest"
)

// Mails waits until a service that keeps its files in folder data has sent n mails to an address with a text in the
// subject ("" is any), and returns what they say.
func Mails(t testing.TB, data, to, subject string, n int) (texts []string) {
	t.Helper()
	redistest.Eventually(t, Patience, func() error {
		texts = nil
		names, err := filepath.Glob(filepath.Join(data, "mail", "*.eml"))
		if err != nil {
			return err
		}
		for _, name := range names {
			header, text, err := readMail(name)
			if err != nil {
				return err
			}
			if strings.Contains(header.Get("To"), "<"+to+">") && strings.Contains(header.Get("Subject"), subject) {
				texts = append(texts, text)
			}
		}
		if len(texts) != n {
			return fmt.Errorf("%d mails to %s about %s, want %d", len(texts), to, subject, n)
		}
		return nil
	})
	return texts
}

func readMail(name string) (mail.Header, string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	m, err := mail.ReadMessage(file)
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	return m.Header, string(text), err
}
