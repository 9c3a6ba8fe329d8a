package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func files(t *testing.T) *mail.Files {
	t.Helper()
	f, err := mail.NewFiles(filepath.Join(t.TempDir(), "a", "mail"), "Shop & Chop <shop@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A mail program reads what was written: headers, umlauts, long lines.
func TestFilesAreMessages(t *testing.T) {
	t.Parallel()
	f := files(t)
	text := "Grüße = 100 %\n\n" + strings.Repeat("a long line ", 200) + "\n.\nFrom here\n"
	if err := f.Send(t.Context(), mail.Message{To: "ada@example.com", Subject: "Paßwort: " + strings.Repeat("ü", 100), Text: text}); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(f.Dir(), "*.eml"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files %q, %v", names, err)
	}
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes, RFC 5322 allows 998", len(line))
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Paßwort: "+strings.Repeat("ü", 100) {
		t.Errorf("subject %q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || got != text {
		t.Errorf("body %q, %v", got, err)
	}
	if _, err := m.Header.Date(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"To": "<ada@example.com>", "From": `"Shop & Chop" <shop@example.com>`} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, path := range []string{names[0], f.Dir()} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v; want nobody else to read it", path, info.Mode(), err)
		}
	}
}

// What a user gave cannot add a header or a receiver.
func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	f := files(t)
	for _, m := range []mail.Message{
		{To: "ada@example.com\r\nBcc: eve@example.com", Subject: "x"},
		{To: "Ada <ada@example.com>", Subject: "x"},
		{To: "ada@example.com, eve@example.com", Subject: "x"},
		{To: "", Subject: "x"},
		{To: "ada@example.com", Subject: ""},
		{To: "ada@example.com", Subject: "x\nBcc: eve@example.com"},
		{To: "ada@example.com", Subject: "x\rBcc: eve@example.com"},
		{To: "ada@example.com", Subject: strings.Repeat("x", 201)},
	} {
		if err := f.Send(t.Context(), m); !errors.Is(err, mail.ErrMessage) || strings.Contains(err.Error(), "eve") {
			t.Errorf("%+v: error %v, want ErrMessage without the text", m, err)
		}
	}
	if _, err := os.Stat(f.Dir()); err == nil {
		t.Error("a refused message left something behind")
	}
}

// Messages sent at once are all there, each whole.
func TestSendTogether(t *testing.T) {
	t.Parallel()
	const n = 50
	f := files(t)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f.Send(t.Context(), mail.Message{To: "ada@example.com", Subject: fmt.Sprintf("number %d", i), Text: "end"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	entries, err := os.ReadDir(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(f.Dir(), e.Name()))
		if err != nil || !bytes.HasSuffix(raw, []byte("\r\n\r\nend")) {
			t.Errorf("%s: %q, %v", e.Name(), raw, err)
			continue
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		seen[m.Header.Get("Subject")] = true
	}
	if len(seen) != n || len(entries) != n {
		t.Errorf("%d messages in %d files, want %d", len(seen), len(entries), n)
	}
}

func TestSendFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := mail.NewFiles(filepath.Join(file, "mail"), "shop@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), mail.Message{To: "ada@example.com", Subject: "x"}); err == nil {
		t.Error("a message was sent into a file that is no folder")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := files(t).Send(ctx, mail.Message{To: "ada@example.com", Subject: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := mail.NewFiles(t.TempDir(), "nobody"); err == nil {
		t.Error("a sender without an address was taken")
	}
}
