package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/studio"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// ErrCredentials means a wrong password, or an account that is not there: which of
// them is nobody's business.
var ErrCredentials = errors.New("account: invalid email or password")

// Options are what a [Service] works with. All but Logger are required.
type Options struct {
	Repository train.Repository
	Studio     *studio.Studio
	Sessions   *session.Manager
	Refresh    *token.Refresh
	Access     *token.Access
	Passwords  *password.Hasher
	// Guard counts attempts before the password is looked at.
	Guard *guard.Login
	// Dummy is the hash of a password that nobody has: it is compared where there is no
	// account, so that the time tells nothing.
	Dummy domain.PasswordHash
	// Logger is never told a password, an address or a token. Nil is silent.
	Logger *slog.Logger
}

// Service is the service behind the routes of accounts. It is safe for
// concurrent use.
type Service struct{ o Options }

// New makes the service.
func New(o Options) (*Service, error) {
	if o.Repository == nil || o.Studio == nil || o.Sessions == nil || o.Refresh == nil || o.Access == nil || o.Passwords == nil || o.Guard == nil || o.Dummy == "" {
		return nil, errors.New("account: all Options but Logger are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o}, nil
}

// Registration is what a new account is made of.
type Registration struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Register makes an account. ErrInvalid, also for a weak password; ErrConflict if the
// address has one; password.ErrBusy.
func (s *Service) Register(ctx context.Context, r Registration) (train.User, error) {
	draft, err := train.UserDraft{Name: r.Name, Email: r.Email}.Normalize()
	if weak := password.Weakness(r.Password, r.Name, r.Email); weak != "" {
		err = withField(err, domain.FieldError{Field: "password", Message: weak, Format: weak})
	}
	if err != nil {
		return train.User{}, err
	}
	hash, err := s.o.Passwords.Hash(ctx, r.Password)
	if err != nil {
		return train.User{}, fmt.Errorf("account: register: %w", err)
	}
	draft.Hash = domain.PasswordHash(hash)
	return s.o.Repository.CreateUser(ctx, draft)
}

// withField adds a fault to those that were found already.
func withField(err error, f domain.FieldError) error {
	all := &domain.InvalidError{}
	errors.As(err, &all)
	return &domain.InvalidError{Fields: append(all.Fields, f)}
}

// Attempt is somebody who wants to log in.
type Attempt struct {
	Email, Password string
	Remember        bool
	// Addr is the client's address, Device what an earlier login left in the browser.
	Addr   netip.Addr
	Device string
	// Client tells the client from others that may have seen a token of it: its name for itself.
	Client string
}

// LoggedIn is what a login brings.
type LoggedIn struct {
	User   train.User
	Tokens Tokens
	// Device is for the browser to keep and to show at the next login: attempts of others do
	// not lock it out then. "" is nothing to keep.
	Device string
}

// Tokens are for clients that keep no cookies.
type Tokens struct {
	AccessToken  string `json:"accessToken"`
	TokenType    string `json:"tokenType"` // "Bearer"
	ExpiresIn    int    `json:"expiresIn"` // seconds that the access token is good for
	RefreshToken string `json:"refreshToken"`
}

// Login checks a password and begins a session in the request's. [ErrCredentials]; a
// *guard.Throttled after too many failures; password.ErrBusy; redbrick.ErrUnavailable, for a
// session needs Redis.
func (s *Service) Login(ctx context.Context, a Attempt) (LoggedIn, error) {
	var id string
	outcome, err := s.o.Guard.Check(ctx, guard.Attempt{Account: a.Email, Addr: a.Addr, Device: a.Device}, guard.Check{
		Lookup: func(ctx context.Context) (string, error) {
			c, err := s.o.Repository.Credentials(ctx, a.Email)
			if errors.Is(err, domain.ErrNotFound) {
				return "", guard.ErrNoAccount
			}
			id = c.UserID
			return c.Hash.Reveal(), err
		},
		Dummy: s.o.Dummy.Reveal(),
		Verify: func(ctx context.Context, hash string) (bool, error) {
			return s.o.Passwords.Verify(ctx, hash, a.Password)
		},
	})
	if errors.Is(err, guard.ErrCredentials) {
		return LoggedIn{}, ErrCredentials
	}
	if err != nil {
		return LoggedIn{}, fmt.Errorf("account: log in: %w", err)
	}
	mine := session.From(ctx)
	if err := mine.Login(ctx, id, session.Meta{Remember: a.Remember}); err != nil {
		return LoggedIn{}, err
	}
	in := LoggedIn{Device: outcome.Device}
	if in.User, err = s.o.Studio.LoggedIn(ctx, id, time.Now()); err == nil {
		in.Tokens, err = s.begin(ctx, in.User, mine, a.Client)
	}
	if err != nil {
		return LoggedIn{}, errors.Join(err, mine.Logout(ctx))
	}
	return in, nil
}

// begin makes the first tokens of a login.
func (s *Service) begin(ctx context.Context, u train.User, mine *session.Session, client string) (Tokens, error) {
	refreshed, err := s.o.Refresh.Issue(ctx, token.Session{UserID: u.ID, Route: mine.Route(), PublicID: mine.PublicID(), Epoch: mine.Epoch()}, client)
	if err != nil {
		return Tokens{}, err
	}
	return s.tokens(u, refreshed)
}

// tokens makes an access token beside a refresh token.
func (s *Service) tokens(u train.User, r token.Refreshed) (Tokens, error) {
	issued, err := s.o.Access.Issue(token.Claims{Session: r.Session, Roles: []string{string(u.Role)}})
	if err != nil {
		return Tokens{}, fmt.Errorf("account: access token: %w", err)
	}
	// Rounded up, as it was a moment ago that it was issued.
	left := (time.Until(issued.Expires) + time.Second - 1) / time.Second
	return Tokens{AccessToken: issued.Token, TokenType: "Bearer", ExpiresIn: int(left), RefreshToken: r.Token}, nil
}

// Rotate takes a refresh token and gives the next one, with a new access token. The
// session counts as used. token.ErrInvalid; redbrick.ErrUnavailable: the token is still good.
func (s *Service) Rotate(ctx context.Context, secret, client string) (Tokens, error) {
	r, err := s.o.Refresh.Rotate(ctx, secret, client)
	if err != nil {
		return Tokens{}, err
	}
	u, err := s.o.Studio.User(ctx, r.Session.UserID)
	if err != nil {
		return Tokens{}, err
	}
	if _, err := s.o.Sessions.Touch(ctx, r.Session.Route, r.Session.PublicID); err != nil {
		s.o.Logger.WarnContext(ctx, "a session does not count as used", "user", u.Value.ID, "error", err)
	}
	return s.tokens(u.Value, r)
}

// LogoutAll ends every session of a user, and with them every token.
func (s *Service) LogoutAll(ctx context.Context, userID string) error {
	// First the sessions: no token is worth anything without one.
	return errors.Join(s.o.Sessions.EndAll(ctx, userID), s.o.Refresh.RevokeAll(ctx, userID))
}
