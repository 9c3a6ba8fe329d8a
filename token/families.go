package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/route"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Family is a login that goes on by refresh tokens.
type Family struct {
	// ID is of no use as a token.
	ID string
	// Session is the login.
	Session Session
	// Created and LastUsed are by the server's clock.
	Created, LastUsed time.Time
	// Expires is when it ends if it is not used, Ends when it ends in any case.
	Expires, Ends time.Time
}

// family is one as Redis holds it.
type family struct {
	Family
	ended string // why, "" for one that goes on
}

var familyFields = []string{"u", "r", "p", "e", "c", "l", "a", "x"}

// look finds the family of a token, ended or not.
func (r *Refresh) look(ctx context.Context, t ticket) (family, error) {
	hot := r.rb.Hot()
	key := r.keysOf(t.route, t.familyID())[0]
	f, ok, err := readFamily(t.familyID(), hot.Do(ctx, hot.B().Hmget().Key(key).Field(familyFields...).Build()))
	switch {
	case err != nil:
		return family{}, err
	case !ok:
		return family{}, invalid("a family that Redis does not know: idle for too long, or at its end")
	case routeOf(r.rb.Namespace(), f.Session.UserID) != t.route:
		// The token names its user's route under our signature; what Redis says may have been written by anybody.
		return family{}, invalid("a family of another user")
	}
	return f, nil
}

func readFamily(id string, reply rueidis.RedisResult) (f family, ok bool, err error) {
	fields, err := reply.ToArray()
	if err != nil {
		return family{}, false, fmt.Errorf("token: read a family: %w", err)
	}
	var text [8]string
	for i := range min(len(text), len(fields)) {
		if !fields[i].IsNil() {
			text[i], _ = fields[i].ToString()
		}
	}
	numbers := [4]int64{}
	for i := range numbers { // e, c, l, a
		if numbers[i], err = strconv.ParseInt(text[3+i], 10, 64); err != nil {
			return family{}, false, nil //nolint:nilerr // no family of ours
		}
	}
	f = family{ended: text[7]}
	f.ID = id
	f.Session = Session{UserID: text[0], Route: text[1], PublicID: text[2], Epoch: numbers[0]}
	f.Created, f.LastUsed, f.Ends = time.UnixMilli(numbers[1]), time.UnixMilli(numbers[2]), time.UnixMilli(numbers[3])
	return f, true, nil
}

// List gives the families of a user that go on, the one used last first, and by ID where two were at once. Those whose session has ended are among them, of no
// use, until their time is up.
func (r *Refresh) List(ctx context.Context, userID string) ([]Family, error) {
	route, ids, err := r.families(ctx, userID)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	hot := r.rb.Hot()
	cmds := make([]rueidis.Completed, 0, 2*len(ids))
	for _, id := range ids {
		key := r.keysOf(route, id)[0]
		cmds = append(cmds, hot.B().Hmget().Key(key).Field(familyFields...).Build(), hot.B().Pexpiretime().Key(key).Build())
	}
	replies := hot.DoMulti(ctx, cmds...)
	var all []Family
	for i, id := range ids {
		f, ok, err := readFamily(id, replies[2*i])
		if err != nil {
			return nil, err
		}
		ends, err := replies[2*i+1].AsInt64()
		if err != nil {
			return nil, fmt.Errorf("token: read a family: %w", err)
		}
		if !ok || f.ended != "" || ends < 0 || f.Session.UserID != userID {
			continue // ended meanwhile, or of a user with the same route
		}
		f.Expires = time.UnixMilli(ends)
		all = append(all, f.Family)
	}
	slices.SortFunc(all, func(a, b Family) int { return cmp.Or(b.LastUsed.Compare(a.LastUsed), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// RevokeFamily ends a family of a user and reports whether it went on until then. The session lives on.
func (r *Refresh) RevokeFamily(ctx context.Context, userID, id string) (bool, error) {
	if err := needSubject(userID); err != nil || len(id) != 26 || !route.IsBase32(id) {
		return false, err
	}
	return r.end(ctx, routeOf(r.rb.Namespace(), userID), id)
}

// RevokeAll ends all families of a user in one command, however many there are. The sessions live on.
func (r *Refresh) RevokeAll(ctx context.Context, userID string) error {
	if err := needSubject(userID); err != nil {
		return err
	}
	index := r.keysOf(routeOf(r.rb.Namespace(), userID), "")[1]
	if err := r.rb.Do(ctx, r.rb.B().Unlink().Key(index).Build()).Error(); err != nil {
		return fmt.Errorf("token: end all families: %w", err)
	}
	return nil
}

// Rebind gives the families of a session its new epoch. Ending all other sessions of a user gives the current one another
// epoch; without Rebind, called at once, its refresh tokens would be refused like those of the others.
func (r *Refresh) Rebind(ctx context.Context, old, now Session) error {
	route, ids, err := r.families(ctx, old.UserID)
	if err != nil || len(ids) == 0 {
		return err
	}
	calls := make([]script.Call, len(ids))
	for i, id := range ids {
		calls[i] = script.Call{Script: rebindScript, Keys: r.keysOf(route, id)[:1], Args: []string{
			old.PublicID, strconv.FormatInt(old.Epoch, 10), strconv.FormatInt(now.Epoch, 10),
		}}
	}
	var faults []error
	for _, reply := range script.DoMulti(ctx, r.rb, calls...) {
		if err := reply.Error(); err != nil {
			faults = append(faults, fmt.Errorf("token: rebind a family: %w", err))
		}
	}
	return errors.Join(faults...)
}

// families are the ids in a user's index.
func (r *Refresh) families(ctx context.Context, userID string) (route string, ids []string, err error) {
	if err := needSubject(userID); err != nil {
		return "", nil, err
	}
	route = routeOf(r.rb.Namespace(), userID)
	hot := r.rb.Hot()
	ids, err = hot.Do(ctx, hot.B().Zrange().Key(r.keysOf(route, "")[1]).Min("0").Max("-1").Build()).AsStrSlice()
	if err != nil {
		return "", nil, fmt.Errorf("token: list families: %w", err)
	}
	return route, ids, nil
}
