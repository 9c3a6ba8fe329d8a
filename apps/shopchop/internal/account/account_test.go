package account_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const (
	email  = "ada@example.com"
	before = "the password before"
	after  = "the password after"
)

// longTime is for what takes milliseconds unless the machine is busy.
const longTime = 30 * time.Second

// outbox keeps mails.
type outbox struct {
	mu   sync.Mutex
	all  []mail.Message
	hold chan struct{} // no mail is sent before it is closed, if there is one
}

func (o *outbox) Send(ctx context.Context, m mail.Message) error {
	if o.hold != nil {
		select {
		case <-o.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, m)
	return nil
}

// token waits for the n-th mail with a link, and returns the link's token.
func (o *outbox) token(t *testing.T, n int) (token string) {
	t.Helper()
	redistest.Eventually(t, longTime, func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		seen := 0
		for _, m := range o.all {
			if _, rest, ok := strings.Cut(m.Text, "#/reset?token="); ok {
				if seen++; seen == n {
					token = strings.Fields(rest)[0]
					return nil
				}
			}
		}
		return errors.New("no mail with a link yet")
	})
	return token
}

// hooked is a repository in whose readers of credentials something else happens, once.
type hooked struct {
	shop.Repository

	mu    sync.Mutex
	calls int
	when  string // "before 2": before the second call
	hook  func()
}

func (h *hooked) at(when string, hook func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls, h.when, h.hook = 0, when, hook
}

func (h *hooked) pass(when string, n int) {
	h.mu.Lock()
	hook := h.hook
	if h.when != fmt.Sprint(when, " ", n) {
		hook = nil
	}
	if hook != nil {
		h.when = ""
	}
	h.mu.Unlock()
	if hook != nil {
		hook()
	}
}

func (h *hooked) Credentials(ctx context.Context, email string) (shop.Credentials, error) {
	h.mu.Lock()
	h.calls++
	n := h.calls
	h.mu.Unlock()
	h.pass("before", n)
	c, err := h.Repository.Credentials(ctx, email)
	h.pass("after", n)
	return c, err
}

// place is a service with one account.
type place struct {
	*account.Service

	t        *testing.T
	repo     *hooked
	mails    *outbox
	sessions *session.Manager
	hasher   *password.Hasher
}

func repository(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func hasher(t *testing.T) *password.Hasher {
	t.Helper()
	h, err := password.New(password.Options{Memory: 64, Passes: 1, AllowWeak: true, Wait: longTime})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func open(t *testing.T, rb *redbrick.Client) *place {
	t.Helper()
	p := &place{t: t, repo: &hooked{Repository: repository(t)}, mails: &outbox{}, hasher: hasher(t)}
	cat, err := catalog.New(catalog.Options{Repository: p.repo, Redis: rb})
	if err != nil {
		t.Fatal(err)
	}
	if p.sessions, err = session.New(rb, session.Options{}); err != nil {
		t.Fatal(err)
	}
	logins, err := guard.NewLogin(rb, guard.LoginOptions{Account: guard.Policy{Failures: 1000}, Pair: guard.Policy{Failures: 1000}, Prefix: guard.Policy{Failures: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	p.Service, err = account.New(account.Options{
		Repository: p.repo, Catalog: cat, Redis: rb, Sessions: p.sessions, Logins: logins, Passwords: p.hasher, Mail: p.mails,
		PublicURL: func() string { return "https://shop.example.com/" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := p.Register(t.Context(), account.Registration{Name: "Ada", Email: email, Password: before}); err != nil {
		t.Fatal(err)
	}
	return p
}

// login logs in through the middleware and returns the cookie, "" if there is none.
func (p *place) login(secret string) (cookie string, err error) {
	w := httptest.NewRecorder()
	p.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err = p.Login(r.Context(), account.Attempt{Email: email, Password: secret})
	})).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
	for _, c := range w.Result().Cookies() {
		if c.MaxAge >= 0 {
			cookie = c.Value
		}
	}
	return cookie, err
}

// reset changes the password by a mail that was asked for before.
func (p *place) reset(token string) {
	p.t.Helper()
	if err := p.Reset(context.Background(), token, after); err != nil {
		p.t.Error(err)
	}
}

// A login under way with the old password, whose session begins after all sessions were ended, is no way in.
func TestLoginWithTheOldPasswordDoesNotOutliveAReset(t *testing.T) {
	t.Parallel()
	// The password is read to be compared, and once more when the session has begun.
	for _, when := range []string{"before 1", "after 1", "before 2"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
				p := open(t, rb)
				if err := p.Forgot(t.Context(), email); err != nil {
					t.Fatal(err)
				}
				token := p.mails.token(t, 1)
				p.repo.at(when, func() { p.reset(token) })
				cookie, err := p.login(before)
				if !errors.Is(err, account.ErrCredentials) {
					t.Errorf("%v, want ErrCredentials", err)
				}
				if cookie != "" {
					if _, err := p.sessions.Load(t.Context(), cookie); !errors.Is(err, session.ErrNoSession) {
						t.Errorf("the session is alive: %v", err)
					}
				}
				if list, err := p.sessions.Devices(t.Context(), "1"); err != nil || len(list) != 0 {
					t.Errorf("devices %v, %v; want none", list, err)
				}
				if cookie, err = p.login(after); err != nil || cookie == "" {
					t.Errorf("the new password: cookie %q, %v", cookie, err)
				}
			})
		})
	}
}

// A hash of old parameters is made anew at a login, and two logins at once do not end each other.
func TestOldHashesAreMadeAnew(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Open(t, "embedded"))
	old, err := password.New(password.Options{Memory: 128, Passes: 1, AllowWeak: true, Wait: longTime})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := old.Hash(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.repo.SetPassword(t.Context(), 1, shop.PasswordHash(hash)); err != nil {
		t.Fatal(err)
	}
	// The other login comes between the comparison of this one and its last look.
	p.repo.at("after 1", func() {
		if _, err := p.login(before); err != nil {
			t.Errorf("the login in between: %v", err)
		}
	})
	if cookie, err := p.login(before); err != nil || cookie == "" {
		t.Errorf("cookie %q, %v", cookie, err)
	}
	c, err := p.repo.Credentials(t.Context(), email)
	if err != nil || p.hasher.Outdated(c.Hash.Reveal()) {
		t.Errorf("the hash is as old as before, %v", err)
	}
}

// The token of a mail is good once, for 20 who come at the same time.
func TestResetOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		p := open(t, rb)
		if err := p.Forgot(t.Context(), email); err != nil {
			t.Fatal(err)
		}
		token := p.mails.token(t, 1)
		results := make(chan error, 20)
		for i := range cap(results) {
			go func() { results <- p.Reset(context.Background(), token, fmt.Sprint("password number ", i)) }()
		}
		done := 0
		for range cap(results) {
			if err := <-results; err == nil {
				done++
			} else if !errors.Is(err, account.ErrToken) {
				t.Errorf("%v, want ErrToken", err)
			}
		}
		if done != 1 {
			t.Errorf("%d of %d changed the password, want 1", done, cap(results))
		}
	})
}

// A new password ends the links that were sent before.
func TestResetEndsOtherLinks(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Open(t, "embedded"))
	var tokens []string
	for n := 1; n <= 2; n++ {
		if err := p.Forgot(t.Context(), email); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, p.mails.token(t, n))
	}
	p.reset(tokens[1])
	if err := p.Reset(t.Context(), tokens[0], "yet another password"); !errors.Is(err, account.ErrToken) {
		t.Errorf("the other link: %v, want ErrToken", err)
	}
}

// What is done after the answer is bounded, and waited for at the end.
func TestMailsAreBoundedAndWaitedFor(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Open(t, "embedded"))
	redistest.Eventually(t, longTime, func() error { // the welcome
		p.mails.mu.Lock()
		defer p.mails.mu.Unlock()
		if len(p.mails.all) != 1 {
			return errors.New("no welcome yet")
		}
		p.mails.hold = make(chan struct{})
		return nil
	})
	taken := 0
	redistest.Eventually(t, longTime, func() error {
		err := p.Forgot(t.Context(), email)
		if err == nil {
			taken++
			return errors.New("all are taken")
		}
		if !errors.Is(err, account.ErrBusy) {
			t.Fatal(err)
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop with mails under way: %v", err)
	}
	close(p.mails.hold)
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(p.mails.all) != 1+taken {
		t.Errorf("%d mails, want %d", len(p.mails.all), 1+taken)
	}
	if err := p.Forgot(t.Context(), email); !errors.Is(err, account.ErrBusy) {
		t.Errorf("after Stop: %v, want ErrBusy", err)
	}
}
