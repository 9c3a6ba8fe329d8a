package secret

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Variable is the name of the environment variable, for messages.
const Variable = "SESSION_SECRET"

// MinBytes is the least that a secret has in production.
const MinBytes = 32

// ErrSecret means that there is no secret that may be used. It never shows one.
var ErrSecret = errors.New("invalid setting: " + Variable)

// Options say where the secret comes from.
type Options struct {
	// Configured is the list in SESSION_SECRET, the first signs.
	Configured []string
	// Production refuses a missing, a short and a placeholder secret.
	Production bool
	// File keeps the one that is made in development when none is configured.
	File string
	// Logger hears of a weak secret. Nil is silent.
	Logger *slog.Logger
}

// Load returns the keys. In production every secret of the list must have
// [MinBytes] and be no placeholder (your-..., your_...), and there must be one. In
// development a short one is a warning; without any a random one is made and kept in File
// with mode 0600, and it is the same at the next start.
func Load(ctx context.Context, o Options) (Keys, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Configured) == 0 {
		if o.Production {
			return Keys{}, fmt.Errorf("%w is not set, expected at least %d random bytes in production, such as openssl rand -hex 32 gives", ErrSecret, MinBytes)
		}
		key, err := kept(ctx, o)
		return Keys{[][]byte{key}}, err
	}
	var keys Keys
	var faults []error
	for i, s := range o.Configured {
		weak := ""
		switch low := strings.ToLower(s); {
		case s == "":
			faults = append(faults, fmt.Errorf("%w: entry %d is empty, expected at least %d bytes", ErrSecret, i+1, MinBytes))
		case strings.Contains(low, "your-") || strings.Contains(low, "your_"):
			weak = "is a placeholder (your-... or your_...), expected a secret of your own"
		case len(s) < MinBytes:
			weak = fmt.Sprintf("has %d bytes, expected at least %d", len(s), MinBytes)
		}
		if weak != "" && o.Production {
			faults = append(faults, fmt.Errorf("%w: entry %d %s", ErrSecret, i+1, weak))
		} else if weak != "" {
			o.Logger.WarnContext(ctx, Variable+" is weak: for development alone", "entry", i+1, "reason", weak)
		}
		keys.keys = append(keys.keys, []byte(s))
	}
	if err := errors.Join(faults...); err != nil {
		return Keys{}, err
	}
	return keys, nil
}

// kept reads the secret of the file, or makes it. Of processes that start
// together one makes it and all have the same.
func kept(ctx context.Context, o Options) ([]byte, error) {
	text, err := os.ReadFile(o.File)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = create(o.File); err == nil {
			o.Logger.InfoContext(ctx, Variable+" is not set: made one", "file", o.File)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if len(key) < MinBytes {
		return nil, fmt.Errorf("%w: file %s has %d bytes, expected at least %d: remove it and a new one is made", ErrSecret, o.File, len(key), MinBytes)
	}
	info, err := os.Stat(o.File)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		o.Logger.WarnContext(ctx, "others could read the file of the secret: closed it", "file", o.File, "mode", info.Mode().Perm())
		if err := os.Chmod(o.File, 0o600); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
	}
	return []byte(key), nil
}

// create makes the file and returns what is in it: ours, or that of whoever was first.
func create(path string) ([]byte, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	part, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(part.Name()) // a name too many: the file itself has its own by then
	_, err = part.WriteString(rand.Text() + rand.Text() + "\n")
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return nil, err
	}
	// A link, unlike a rename, does not replace what is there.
	if err := os.Link(part.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Keys are secrets, the one that signs first. They print, log and encode as
// "[redacted]". The zero value has none.
type Keys struct{ keys [][]byte }

const redacted = "[redacted]"

// Bytes returns the keys themselves, the one that signs first. They are shared
// and must not be changed.
func (k Keys) Bytes() [][]byte { return k.keys }

// Derive makes a key of n bytes (at most 255 x 32) from each key, for one purpose:
// HKDF-SHA256 (RFC 5869) without salt, with the purpose as info. Keys of different
// purposes tell nothing about each other.
func (k Keys) Derive(purpose string, n int) ([][]byte, error) {
	derived := make([][]byte, len(k.keys))
	for i, key := range k.keys {
		var err error
		if derived[i], err = hkdf.Key(sha256.New, key, nil, purpose, n); err != nil {
			return nil, fmt.Errorf("secret: derive %s: %w", purpose, err)
		}
	}
	return derived, nil
}

// String hides the keys from fmt.
func (Keys) String() string { return redacted }

// GoString hides the keys from fmt's %#v.
func (Keys) GoString() string { return redacted }

// Format hides the keys from every verb of fmt, %x among them.
func (Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText hides the keys from JSON and every other text encoding.
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the keys from slog.
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }
