package token

import (
	"context"
	"time"

	"github.com/redbrick-go/redbrick"
)

// Opaque issues keys for programs: good until they are revoked or their time is up, and each use asks Redis. T is what a key
// stands for, as JSON: its rights, the name its owner gave it. It is safe for concurrent use.
type Opaque[T any] struct{ v *vault }

// OpaqueOptions are the options of an Opaque. The zero value is good.
type OpaqueOptions struct {
	// TTL is how long a token is good, at most 10 years. 0 means 90 days.
	TTL time.Duration
	// Prefix is what tokens begin with, for scanners that look for leaked ones; it should name the service. Empty means "rbk".
	Prefix string
	// Max is how many tokens a subject may have, at most 1,000; one more is ErrTooMany. 0 means 100.
	Max int
}

// NewOpaque makes an Opaque. A token of one name is nothing to another; letters, digits and `_ : . -`.
func NewOpaque[T any](rb *redbrick.Client, name string, o OpaqueOptions) (*Opaque[T], error) {
	v, err := newVault(rb, vault{
		kind: "opaque", head: "tk:", name: name,
		prefix: or(o.Prefix, "rbk"), ttl: or(o.TTL, 90*24*time.Hour), most: or(o.Max, 100),
	})
	if err != nil {
		return nil, err
	}
	return &Opaque[T]{v}, nil
}

// Issue makes a token. The subject is whom it belongs to, a user id as a rule; with "" it can be found by nothing but itself.
// A value above 4 KiB is redbrick.ErrTooLarge.
func (o *Opaque[T]) Issue(ctx context.Context, subject string, value T) (Issued, error) {
	return o.v.put(ctx, subject, value)
}

// Verify tells what a token stands for. What is mistyped or made up costs no round trip.
func (o *Opaque[T]) Verify(ctx context.Context, token string) (Grant[T], error) {
	r, id, err := o.v.look(ctx, o.v.rb.Hot(), token, false)
	if err != nil {
		return Grant[T]{}, err
	}
	return grantOf[T](r, id)
}

// List gives what the tokens of a subject stand for, the newest first. The tokens themselves are nowhere.
func (o *Opaque[T]) List(ctx context.Context, subject string) ([]Grant[T], error) {
	records, ids, err := o.v.list(ctx, subject)
	if err != nil {
		return nil, err
	}
	grants := make([]Grant[T], 0, len(records))
	for i, r := range records {
		g, err := grantOf[T](r, ids[i])
		if err != nil {
			return nil, err
		}
		grants = append(grants, g)
	}
	return grants, nil
}

// Revoke makes a token invalid. One that is not good any more is no error.
func (o *Opaque[T]) Revoke(ctx context.Context, token string) error { return o.v.drop(ctx, token) }

// RevokeID does so by the ID and reports whether there was such a token of the subject.
func (o *Opaque[T]) RevokeID(ctx context.Context, subject, id string) (bool, error) {
	return o.v.dropID(ctx, subject, id)
}

// RevokeAll makes all tokens of a subject invalid.
func (o *Opaque[T]) RevokeAll(ctx context.Context, subject string) error {
	return o.v.dropAll(ctx, subject)
}
