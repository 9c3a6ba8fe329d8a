package token

import (
	"context"
	"time"
)

// Session is the login that a token belongs to: what package session says of its current session.
type Session struct {
	// UserID is whose login it is.
	UserID string
	// Route and PublicID name the session; Epoch tells it from what was before a logout everywhere.
	Route    string
	PublicID string
	Epoch    int64
}

// Sessions knows which logins live. *session.Manager does, from the process's memory as a rule.
type Sessions interface {
	// Alive reports whether the session lives under that epoch. An error means that it is not known.
	Alive(ctx context.Context, route, publicID string, epoch int64) (bool, error)
}

// endTimeout bounds what follows upon a reuse, whoever of the clients goes away meanwhile.
const endTimeout = 5 * time.Second
