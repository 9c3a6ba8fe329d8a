package token

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick"
)

// Refresh issues refresh tokens in families: one family a login, one token of it good at a time. Each use gives the next; an
// older one is given the same successor again for a short while, since clients ask in parallel and answers get lost, and ends
// the family after that, since then somebody else has it (RFC 9700 section 4.14.2). It is safe for concurrent use, and so are
// several in any number of processes.
//
// A family lives no longer than its session: Rotate asks for that first.
type Refresh struct {
	rb   *redbrick.Client
	o    RefreshOptions
	keys []refreshKey
	head string // of a family's key, namespace included
	list string // of a user's index
}

// Refreshed is a refresh token that was given out.
type Refreshed struct {
	// Token is what the bearer gets.
	Token string
	// Session is the login it belongs to: what an access token is to be issued for.
	Session Session
	// Family names its family in lists and logs.
	Family string
	// Expires is when it ends if it is not used, Ends when the family ends however often it is.
	Expires, Ends time.Time
	// Again is true where this token was given out before, for the same predecessor.
	Again bool
}

// Issue begins a family, at login. client is any text that stays the same over parallel requests of one client and that a
// thief does not know or cannot send, or "": within Grace an old token is taken from the same client alone.
func (r *Refresh) Issue(ctx context.Context, s Session, client string) (Refreshed, error) {
	if s.UserID == "" || s.PublicID == "" || s.Route == "" {
		return Refreshed{}, fmt.Errorf("%w: Session is %+v, expected a session of a user", redbrick.ErrConfig, s)
	}
	t := r.keys[0].first(routeOf(r.rb.Namespace(), s.UserID))
	reply, err := beginScript.Do(ctx, r.rb, r.keysOf(t.route, t.familyID()), []string{
		t.familyID(), t.hash(), s.UserID, s.Route, s.PublicID, strconv.FormatInt(s.Epoch, 10),
		millis(r.o.Idle), millis(r.o.Absolute), strconv.Itoa(r.o.MaxFamilies),
	}).AsIntSlice()
	if err != nil {
		return Refreshed{}, fmt.Errorf("token: begin a family: %w", err)
	}
	return r.refreshed(t, s, reply[0], reply[1], false), nil
}

// Rotate exchanges a token for its successor. client is as for Issue.
//
// It fails with ErrEnded where the session or the family is over (between EndOthers and [Refresh.Rebind] the current session
// seems so, and the same token is good after that), with ErrReused where that is because of this very use of an old
// token, with ErrInvalid for what is no token of a family there is, and with an error that wraps redbrick.ErrUnavailable
// where nothing is known: then the client asks again with the same token.
func (r *Refresh) Rotate(ctx context.Context, token, client string) (Refreshed, error) {
	t, err := r.parse(token)
	if err != nil {
		return Refreshed{}, err
	}
	f, err := r.look(ctx, t)
	if err != nil {
		return Refreshed{}, err
	}
	if f.ended == "" && r.o.Sessions != nil {
		alive, err := r.o.Sessions.Alive(ctx, f.Session.Route, f.Session.PublicID, f.Session.Epoch)
		switch {
		case err != nil:
			return Refreshed{}, fmt.Errorf("token: is the session alive: %w", err)
		case !alive:
			// The family stays: where EndOthers has just given this session another epoch, Rebind is about to follow.
			return Refreshed{}, ErrEnded
		}
	}
	next := r.keys[0].next(t)
	reply, err := rotateScript.Do(ctx, r.rb, r.keysOf(t.route, f.ID), []string{
		f.ID, strconv.FormatUint(uint64(t.generation), 10), t.hash(), next.hash(), r.keys[0].id, fingerprint(f.ID, client),
		millis(r.o.Idle), r.grace(),
	}).ToArray()
	if err != nil {
		return Refreshed{}, fmt.Errorf("token: rotate: %w", err)
	}
	var words [2]string
	for i := range min(len(words), len(reply)) {
		if words[i], err = reply[i].ToString(); err != nil {
			return Refreshed{}, fmt.Errorf("token: rotate: %w", err)
		}
	}
	switch words[0] {
	case "reused":
		return Refreshed{}, r.reused(ctx, t, f, words[1] == "1")
	case "ended":
		return Refreshed{}, ErrEnded
	case "unknown":
		return Refreshed{}, invalid("a generation that Redis does not know")
	case "again":
		key, ok := r.key(words[1])
		if !ok {
			return Refreshed{}, invalid("the server key that made its successor is gone")
		}
		next = key.next(t)
	}
	var times [2]int64
	for i := range times {
		if times[i], err = reply[2+i].AsInt64(); err != nil {
			return Refreshed{}, fmt.Errorf("token: rotate: %w", err)
		}
	}
	return r.refreshed(next, f.Session, times[0], times[1], words[0] == "again"), nil
}

// reused ends what the family was for. It is not the client's to cut short: the client may be the thief.
func (r *Refresh) reused(ctx context.Context, t ticket, f family, news bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if news {
		r.rb.Logger().WarnContext(ctx, "token: a refresh token was used again; its family and its session end",
			"family", f.ID, "user", f.Session.UserID, "session", f.Session.PublicID)
		if r.o.OnReuse != nil {
			r.o.OnReuse(ctx, f.Family)
		}
		// Noted only now: whoever never got this far, because its answer was lost or its process died, leaves it to the next.
		if err := toldScript.Do(ctx, r.rb, r.keysOf(t.route, f.ID)[:1], nil).Error(); err != nil {
			r.rb.Logger().WarnContext(ctx, "token: a reuse may be told again", "family", f.ID, "error", err)
		}
	}
	if r.o.EndSession == nil {
		return ErrReused
	}
	if err := r.o.EndSession(ctx, f.Session); err != nil {
		r.rb.Logger().ErrorContext(ctx, "token: the session of a stolen refresh token could not be ended",
			"family", f.ID, "user", f.Session.UserID, "session", f.Session.PublicID, "error", err)
		return fmt.Errorf("%w, but its session could not be ended: %v", ErrReused, err) //nolint:errorlint // who asks whether Redis was away must not keep the token
	}
	return ErrReused
}

// Revoke ends the family of a token, which may be an old one; the session lives on. It is for clients that log out without a
// cookie. What is no token of ours is ErrInvalid, one of a family that has ended is no error.
func (r *Refresh) Revoke(ctx context.Context, token string) error {
	t, err := r.parse(token)
	if err != nil {
		return err
	}
	_, err = r.end(ctx, t.route, t.familyID())
	return err
}

func (r *Refresh) parse(token string) (ticket, error) {
	t, ok := parseTicket(refreshPrefix(r.o.Prefix), token)
	if !ok {
		return ticket{}, invalid("no refresh token")
	}
	for _, k := range r.keys {
		if k.signed(t) {
			return t, nil
		}
	}
	return ticket{}, invalid("a refresh token that is not ours")
}

// grace in ms; none is less than the same millisecond.
func (r *Refresh) grace() string {
	if r.o.Grace < 0 {
		return "-1"
	}
	return millis(r.o.Grace)
}

func (r *Refresh) key(id string) (refreshKey, bool) {
	for _, k := range r.keys {
		if k.id == id {
			return k, true
		}
	}
	return refreshKey{}, false
}

func (r *Refresh) end(ctx context.Context, route, family string) (bool, error) {
	n, err := endScript.Do(ctx, r.rb, r.keysOf(route, family), []string{family}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("token: end a family: %w", err)
	}
	return n == 1, nil
}

func (r *Refresh) refreshed(t ticket, s Session, ends, last int64, again bool) Refreshed {
	return Refreshed{
		Token: t.text(refreshPrefix(r.o.Prefix)), Session: s, Family: t.familyID(),
		Expires: time.UnixMilli(ends), Ends: time.UnixMilli(last), Again: again,
	}
}

// keysOf are the family and the index of its user.
func (r *Refresh) keysOf(route, family string) []string {
	return []string{r.head + "{" + route + "}:" + family, r.list + "{" + route + "}"}
}

// fingerprint tells clients apart and says nothing about them.
func fingerprint(family, client string) string {
	if client == "" {
		return "-"
	}
	return digest("client", family, client)[:idLen]
}
