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
	// Logger is never told a password, an address or a token. Nil is silent.
	Logger *slog.Logger
}

// Service is the service behind the routes of accounts. It is safe for
// concurrent use.
type Service struct{ o Options }

// New makes the service.
func New(o Options) (*Service, error) {
	if o.Repository == nil || o.Studio == nil || o.Sessions == nil || o.Refresh == nil || o.Access == nil || o.Passwords == nil {
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
	// Addr is the client's address; Client is what tells it from others that may
	// have seen a token of it: its name for itself.
	Addr   netip.Addr
	Client string
}

// Tokens are for clients that keep no cookies.
type Tokens struct {
	AccessToken  string `json:"accessToken"`
	TokenType    string `json:"tokenType"` // "Bearer"
	ExpiresIn    int    `json:"expiresIn"` // seconds that the access token is good for
	RefreshToken string `json:"refreshToken"`
}

// Login checks a password and begins a session in the request's. [ErrCredentials];
// password.ErrBusy; redbrick.ErrUnavailable, for a session needs Redis.
func (s *Service) Login(ctx context.Context, a Attempt) (train.User, Tokens, error) {
	id, err := s.check(ctx, a)
	if err != nil {
		return train.User{}, Tokens{}, err
	}
	mine := session.From(ctx)
	if err := mine.Login(ctx, id, session.Meta{Remember: a.Remember}); err != nil {
		return train.User{}, Tokens{}, err
	}
	u, err := s.o.Studio.LoggedIn(ctx, id, time.Now())
	if err != nil {
		return train.User{}, Tokens{}, errors.Join(err, mine.Logout(ctx))
	}
	login := token.Session{UserID: id, Route: mine.Route(), PublicID: mine.PublicID(), Epoch: mine.Epoch()}
	refreshed, err := s.o.Refresh.Issue(ctx, login, a.Client)
	if err != nil {
		return train.User{}, Tokens{}, errors.Join(err, mine.Logout(ctx))
	}
	tokens, err := s.tokens(u, refreshed)
	return u, tokens, err
}

// check returns whose password it is, in the same time whether there is an account or not.
func (s *Service) check(ctx context.Context, a Attempt) (userID string, err error) {
	c, err := s.o.Repository.Credentials(ctx, a.Email)
	if errors.Is(err, domain.ErrNotFound) {
		c, err = train.Credentials{}, nil
	}
	if err != nil {
		return "", err
	}
	ok, err := s.o.Passwords.Verify(ctx, c.Hash.Reveal(), a.Password)
	if err != nil {
		return "", fmt.Errorf("account: user %s: %w", c.UserID, err)
	}
	if !ok {
		return "", ErrCredentials
	}
	return c.UserID, nil
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
