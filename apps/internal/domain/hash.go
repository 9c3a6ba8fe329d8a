package domain

import "log/slog"

// PasswordHash is a secret: it prints, logs and encodes as "[redacted]", so
// that no cached, exported or logged value can carry it by accident. An empty
// hash is one that no password matches.
type PasswordHash string

const redacted = "[redacted]"

// Reveal returns the hash itself, for the database and the comparison.
func (h PasswordHash) Reveal() string { return string(h) }

// String hides the hash from fmt.
func (PasswordHash) String() string { return redacted }

// GoString hides the hash from fmt's %#v.
func (PasswordHash) GoString() string { return redacted }

// MarshalText hides the hash from JSON and every other text encoding.
func (PasswordHash) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the hash from slog.
func (PasswordHash) LogValue() slog.Value { return slog.StringValue(redacted) }
