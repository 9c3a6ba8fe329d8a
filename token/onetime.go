package token

import (
	"context"
	"time"

	"github.com/redbrick-go/redbrick"
)

// OneTime issues tokens that are good for one use: of 100 who come with one at once, in any number of processes, one gets what
// it stands for. T is that, as JSON. It is safe for concurrent use.
//
// A token has 256 random bits; it is no code to be typed from a phone.
type OneTime[T any] struct{ v *vault }

// OneTimeOptions are the options of a OneTime. The zero value is good.
type OneTimeOptions struct {
	// TTL is how long a token is good. 0 means 10 minutes, the most that OWASP ASVS 6.5.5 allows for what is sent by mail.
	TTL time.Duration
	// Prefix is what tokens begin with, for scanners that look for leaked ones. Empty means "rbo".
	Prefix string
	// Max is how many tokens of a subject are good at once; one more drives out the one that ends first. So asking again and
	// again, which anybody may, costs no memory. 0 means 5.
	Max int
}

// NewOneTime makes a OneTime. A token of one purpose is nothing to another; letters, digits and `_ : . -`.
func NewOneTime[T any](rb *redbrick.Client, purpose string, o OneTimeOptions) (*OneTime[T], error) {
	v, err := newVault(rb, vault{
		kind: "one-time", head: "to:", name: purpose, giveWay: true,
		prefix: or(o.Prefix, "rbo"), ttl: or(o.TTL, 10*time.Minute), most: or(o.Max, 5),
	})
	if err != nil {
		return nil, err
	}
	return &OneTime[T]{v}, nil
}

// Issue makes a token. The subject is whom it belongs to, a user id as a rule; "" for nobody, as for an invitation, and then it
// can be taken back by nothing but its use. A value above 4 KiB is redbrick.ErrTooLarge.
func (o *OneTime[T]) Issue(ctx context.Context, subject string, value T) (Issued, error) {
	return o.v.put(ctx, subject, value)
}

// Peek tells what a token stands for and leaves it good: for the page with the form, which scanners of mail open too.
// ErrInvalid for any that Consume would refuse.
func (o *OneTime[T]) Peek(ctx context.Context, token string) (Grant[T], error) {
	r, id, err := o.v.look(ctx, o.v.rb.Hot(), token, false)
	if err != nil {
		return Grant[T]{}, err
	}
	return grantOf[T](r, id)
}

// Consume tells what a token stands for, once; it is ErrInvalid ever after. If the answer of Redis is lost
// (redbrick.ErrUnavailable, redbrick.ErrTimeout) the token may be used up.
func (o *OneTime[T]) Consume(ctx context.Context, token string) (Grant[T], error) {
	r, id, err := o.v.look(ctx, o.v.rb, token, true)
	if err != nil {
		return Grant[T]{}, err
	}
	return grantOf[T](r, id)
}

// Revoke makes all tokens of a subject invalid: a changed password ends the links that were sent before.
func (o *OneTime[T]) Revoke(ctx context.Context, subject string) error {
	return o.v.dropAll(ctx, subject)
}

func or[V comparable](value, fallback V) V {
	var zero V
	if value == zero {
		return fallback
	}
	return value
}
