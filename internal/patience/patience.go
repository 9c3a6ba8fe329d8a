// Package patience lets tests open clients that bear with a busy machine where those of a service must not: the context
// that opens a client says so. It is kept out of the client's options because a service that sets it breaks a promise.
package patience

import (
	"context"
	"time"
)

type key struct{}

// With returns a context for opening a client whose connections that hear of changes may leave a ping unanswered for d, whose
// probes of a server wait as long, and whose HotTimeout is d if its options leave it open.
func With(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, key{}, d)
}

// Of returns what With was given, or else.
func Of(ctx context.Context, otherwise time.Duration) time.Duration {
	if d, ok := ctx.Value(key{}).(time.Duration); ok {
		return d
	}
	return otherwise
}
