package token

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/route"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Issued is a token that was made. This is the one time that it can be read.
type Issued struct {
	// Token is what the bearer gets.
	Token string
	// ID names it in lists and logs; it is of no use as a token.
	ID string
	// Expires is its end.
	Expires time.Time
}

// Grant is what a token stands for.
type Grant[T any] struct {
	// ID names the token in lists and logs.
	ID string
	// Subject and Value are those of Issue.
	Subject string
	Value   T
	// Issued and Expires are by the server's clock.
	Issued, Expires time.Time
}

// idLen is how much of a token's hash is its ID: 80 bits.
const idLen = 16

// maxRecord bounds what is kept for a token: subject and value as JSON, in bytes.
const maxRecord = 4096

// vault keeps the hashes of random tokens, one Redis hash a subject: what OneTime and Opaque share.
type vault struct {
	rb      *redbrick.Client
	kind    string // goes into the digest, so that the kinds are strangers to each other
	head    string // of keys, namespace included
	name    string
	prefix  string
	ttl     time.Duration
	most    int
	giveWay bool // one too many drives out the one that ends first
}

// record is what Redis holds for a token.
type record struct {
	Expires int64           `json:"exp"` // ms
	Issued  int64           `json:"iat"` // ms
	Subject string          `json:"sub"`
	Value   json.RawMessage `json:"v"`
}

func (v *vault) key(route string) string { return v.head + "{" + route + "}:" + v.name }

func (v *vault) digest(body string) string { return digest(v.kind, v.name, body) }

// put issues a token.
func (v *vault) put(ctx context.Context, subject string, value any) (Issued, error) {
	if !utf8.ValidString(subject) {
		return Issued{}, notText("subject", subject)
	}
	kept, err := json.Marshal(struct {
		Subject string `json:"sub"`
		Value   any    `json:"v"`
	}{subject, value})
	if err != nil {
		return Issued{}, fmt.Errorf("token: value of %s: %w", v.name, err)
	}
	if len(kept) > maxRecord {
		return Issued{}, fmt.Errorf("%w: subject and value of %s are %d bytes of JSON, expected at most %d", redbrick.ErrTooLarge, v.name, len(kept), maxRecord)
	}
	route := routeOf(v.rb.Namespace(), subject)
	body := route + randomText(32)
	hash := v.digest(body)
	way := "0"
	if v.giveWay {
		way = "1"
	}
	reply, err := putScript.Do(ctx, v.rb, []string{v.key(route)},
		[]string{hash, string(kept[1:]), millis(v.ttl), strconv.Itoa(v.most), way}).AsIntSlice()
	switch {
	case err != nil:
		return Issued{}, fmt.Errorf("token: issue %s: %w", v.name, err)
	case len(reply) == 0:
		return Issued{}, fmt.Errorf("%w: %s, expected at most %d", ErrTooMany, v.name, v.most)
	}
	return Issued{Token: seal(v.prefix, body), ID: hash[:idLen], Expires: time.UnixMilli(reply[1])}, nil
}

// look finds what a token stands for; take also takes it away, for the first who asks.
func (v *vault) look(ctx context.Context, d script.Doer, token string, take bool) (record, string, error) {
	body, ok := open(v.prefix, token, routeLen+secretLen)
	if !ok {
		return record{}, "", invalid("no " + v.name + " token")
	}
	mode := "0"
	if take {
		mode = "1"
	}
	hash := v.digest(body)
	text, err := takeScript.Do(ctx, d, []string{v.key(body[:routeLen])}, []string{hash, mode}).AsBytes()
	switch {
	case rueidis.IsRedisNil(err):
		return record{}, "", invalid("no such " + v.name + " token: used, revoked, expired or made up")
	case err != nil:
		return record{}, "", fmt.Errorf("token: look up %s: %w", v.name, err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, "", invalid("what Redis holds for a " + v.name + " token is not ours")
	}
	return r, hash[:idLen], nil
}

// drop takes a token away.
func (v *vault) drop(ctx context.Context, token string) error {
	body, ok := open(v.prefix, token, routeLen+secretLen)
	if !ok {
		return invalid("no " + v.name + " token")
	}
	err := v.rb.Do(ctx, v.rb.B().Hdel().Key(v.key(body[:routeLen])).Field(v.digest(body)).Build()).Error()
	if err != nil {
		return fmt.Errorf("token: revoke %s: %w", v.name, err)
	}
	return nil
}

// dropID takes the token with an ID away.
func (v *vault) dropID(ctx context.Context, subject, id string) (bool, error) {
	if err := needSubject(subject); err != nil {
		return false, err
	}
	if len(id) != idLen || !route.IsBase32(id) {
		return false, nil
	}
	n, err := dropScript.Do(ctx, v.rb, []string{v.key(routeOf(v.rb.Namespace(), subject))}, []string{id}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("token: revoke %s: %w", v.name, err)
	}
	return n == 1, nil
}

// dropAll takes all tokens of a subject away.
func (v *vault) dropAll(ctx context.Context, subject string) error {
	if err := needSubject(subject); err != nil {
		return err
	}
	key := v.key(routeOf(v.rb.Namespace(), subject))
	if err := v.rb.Do(ctx, v.rb.B().Unlink().Key(key).Build()).Error(); err != nil {
		return fmt.Errorf("token: revoke all %s: %w", v.name, err)
	}
	return nil
}

// list gives the records of a subject with their IDs, the newest first, and by ID where they are equally old.
func (v *vault) list(ctx context.Context, subject string) (records []record, ids []string, err error) {
	if err := needSubject(subject); err != nil {
		return nil, nil, err
	}
	reply, err := listScript.Do(ctx, v.rb.Hot(), []string{v.key(routeOf(v.rb.Namespace(), subject))}, nil).AsStrSlice()
	if err != nil {
		return nil, nil, fmt.Errorf("token: list %s: %w", v.name, err)
	}
	type named struct {
		record
		id string
	}
	var all []named
	for i := 0; i+1 < len(reply); i += 2 {
		n := named{id: reply[i][:min(idLen, len(reply[i]))]}
		// Subjects may share a route, however unlikely: each sees its own.
		if json.Unmarshal([]byte(reply[i+1]), &n.record) == nil && n.Subject == subject {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b named) int { return cmp.Or(cmp.Compare(b.Issued, a.Issued), cmp.Compare(a.id, b.id)) })
	for _, n := range all {
		records, ids = append(records, n.record), append(ids, n.id)
	}
	return records, ids, nil
}

// grantOf decodes what a token stands for.
func grantOf[T any](r record, id string) (Grant[T], error) {
	g := Grant[T]{ID: id, Subject: r.Subject, Issued: time.UnixMilli(r.Issued), Expires: time.UnixMilli(r.Expires)}
	if err := json.Unmarshal(r.Value, &g.Value); err != nil {
		return Grant[T]{}, fmt.Errorf("%w: its value does not fit %T: %w", ErrInvalid, g.Value, err)
	}
	return g, nil
}

func needSubject(subject string) error {
	if subject == "" {
		return fmt.Errorf("%w: subject is empty, expected the id of whom the tokens belong to", redbrick.ErrConfig)
	}
	return nil
}

// vaultOptions are the checked options of either kind.
func newVault(rb *redbrick.Client, v vault) (*vault, error) {
	var faults []error
	if v.name == "" || keyspace.ValidName(v.name) != nil {
		faults = append(faults, badOption("name", v.name, "letters, digits and _ : . -"))
	}
	if !validPrefix(v.prefix) {
		faults = append(faults, badOption("Prefix", v.prefix, "2 to 24 lower-case letters, digits and _ between them"))
	}
	if v.ttl < time.Second || v.ttl > maxTTL {
		faults = append(faults, badOption("TTL", v.ttl, "1s to 10 years"))
	}
	if v.most < 1 || v.most > maxOfSubject {
		faults = append(faults, badOption("Max", v.most, fmt.Sprintf("1 to %d", maxOfSubject)))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	v.rb = rb
	shape := v.head + "{<route>}:" + v.name
	v.head = rb.Namespace() + v.head
	err := rb.Register(keyspace.Shape{
		Owner: "token " + v.name, Pattern: shape, Type: "hash", TTL: "until the last of them ends", Slot: "{<route>}",
		Purpose: "hashes of the " + v.kind + " tokens of a subject, with what they stand for",
	})
	if err != nil {
		return nil, err
	}
	return &v, rb.UseLayout("token", layoutVersion, layoutVersion)
}

const (
	maxTTL       = 10 * 365 * 24 * time.Hour
	maxOfSubject = 1000
)

// layoutVersion is that of all keys of this package.
const layoutVersion = 1

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
