package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// Errors that a caller branches on, beside those of package shop.
var (
	// ErrCredentials means a wrong password, or an account that is not there: which of
	// them is nobody's business.
	ErrCredentials = errors.New("account: invalid email or password")
	// ErrToken means a link that was made up, used, or is too old.
	ErrToken = errors.New("account: bad token")
	// ErrBusy means that too much is under way: try again later.
	ErrBusy = errors.New("account: busy")
)

// Options are what a [Service] works with. All but Logger, Refused, PublicURL and ResetLimit are required.
type Options struct {
	Repository shop.Repository
	Catalog    *catalog.Catalog
	Redis      *redbrick.Client
	Sessions   *session.Manager
	Logins     *guard.Login
	Passwords  *password.Hasher
	Mail       mail.Sender
	// ResetLimit bounds how often a link may be asked for, by account. Nil is no limit.
	ResetLimit *ratelimit.Limiter
	// PublicURL is where people reach the page, for links in mails; never what a
	// request says of itself. With a slash at the end.
	PublicURL func() string
	// Refused are passwords that open nothing, whoever has them.
	Refused []string
	// Logger is never told a password, an address or a token. Nil is silent.
	Logger *slog.Logger
}

// Service is the service behind the routes of accounts. It is safe for
// concurrent use.
type Service struct {
	o      Options
	resets *token.OneTime[struct{}]

	mu      sync.Mutex
	stopped bool
	later   sync.WaitGroup
	slots   chan struct{}
}

// Bounds of what is done after the answer.
const (
	laterAtOnce = 16
	laterTime   = 30 * time.Second
)

// New makes the service. Redis need not be there.
func New(o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	resets, err := token.NewOneTime[struct{}](o.Redis, "password-reset", token.OneTimeOptions{})
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return &Service{o: o, resets: resets, slots: make(chan struct{}, laterAtOnce)}, nil
}

// Stop waits for the mails that are under way, within ctx, and takes no more.
func (s *Service) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.later.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("account: mails under way: %w", ctx.Err())
	}
}

// afterwards runs f when the caller has gone on; its failure is the log's. It
// reports whether there was room.
func (s *Service) afterwards(ctx context.Context, what string, f func(ctx context.Context) error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return false
	}
	ctx = context.WithoutCancel(ctx)
	s.later.Go(func() {
		defer func() { <-s.slots }()
		ctx, cancel := context.WithTimeout(ctx, laterTime)
		defer cancel()
		if err := f(ctx); err != nil {
			s.o.Logger.ErrorContext(ctx, "not done after the answer", "what", what, "error", err)
		}
	})
	return true
}

// Registration is what a new account is made of.
type Registration struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Register makes an account. shop.ErrInvalid names every bad field,
// shop.ErrConflict means that the address has an account.
func (s *Service) Register(ctx context.Context, r Registration) (shop.User, error) {
	draft, err := shop.UserDraft{Name: r.Name, Email: r.Email}.Normalize()
	if weak := s.weakness(r.Password, r.Email, r.Name); weak != nil {
		return shop.User{}, both(err, weak)
	}
	if err != nil {
		return shop.User{}, err
	}
	hash, err := s.hash(ctx, r.Password)
	if err != nil {
		return shop.User{}, err
	}
	draft.Hash = hash
	u, err := s.o.Repository.CreateUser(ctx, draft)
	if err != nil {
		return shop.User{}, err
	}
	s.afterwards(ctx, "welcome mail", func(ctx context.Context) error {
		return s.o.Mail.Send(ctx, mail.Message{To: u.Email, Subject: "Welcome to Shop & Chop", Text: fmt.Sprintf(welcome, u.Name, s.o.PublicURL())})
	})
	return u, nil
}

// both puts the faults of a body and of its password into one error.
func both(err, weak error) error {
	var all, one *shop.InvalidError
	if !errors.As(err, &all) || !errors.As(weak, &one) {
		return weak
	}
	return &shop.InvalidError{Fields: append(all.Fields, one.Fields...)}
}

func (s *Service) weakness(secret string, known ...string) error {
	weak := password.Weakness(secret, known...)
	if weak == "" && s.refused(secret) {
		weak = "is known to everybody, expected one that is hard to guess"
	}
	if weak != "" {
		return shop.Invalid("password", "%s", weak)
	}
	return nil
}

// refused reports whether a password opens nothing.
func (s *Service) refused(secret string) bool {
	for _, r := range s.o.Refused {
		if secret == r {
			return true
		}
	}
	return false
}

// hash makes the hash of a new password.
func (s *Service) hash(ctx context.Context, secret string) (shop.PasswordHash, error) {
	hash, err := s.o.Passwords.Hash(ctx, secret)
	return shop.PasswordHash(hash), busy(err)
}

// busy translates what the hasher says.
func busy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// link is an address of the page, with the token behind the #, so that no server
// on the way logs it and no other site is told.
func (s *Service) link(path, token string) string {
	return strings.TrimSuffix(s.o.PublicURL(), "/") + "/#" + path + "?" + url.Values{"token": {token}}.Encode()
}
