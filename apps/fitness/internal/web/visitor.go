package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// visitor is who asks, and by which login.
type visitor struct {
	train.User

	level cache.Level // where the profile came from
	login token.Session
}

// handleMember answers a request of somebody.
type handleMember func(w http.ResponseWriter, r *http.Request, v visitor) error

// realm is what tokens open.
const realm = "fitness"

// bearsToken reports whether a request says by a header who sends it. Its cookies are then
// not looked at: they neither help it nor stand against it.
func bearsToken(r *http.Request) bool { return r.Header.Get("Authorization") != "" }

// open is for what is the same for everybody: who asks is not found out, so it is
// answered without Redis, too.
func (h *handler) open(handle api.Handle) http.Handler {
	return h.o.Limit(h.Answer(handle))
}

// window is for what everybody may try, and what begins no session.
func (h *handler) window(handle api.Handle) http.Handler {
	return h.o.Limit(h.o.AuthLimit(h.Answer(handle)))
}

// door is for what begins a session: everybody may try.
func (h *handler) door(handle api.Handle) http.Handler {
	return h.o.Limit(h.o.AuthLimit(h.o.Sessions.Middleware(h.Answer(handle))))
}

// member is for what only somebody who is known gets an answer to.
func (h *handler) member(handle handleMember) http.Handler {
	return h.known(h.o.Limit(own(h.Answer(withVisitor(handle)))))
}

// auth is member for what is about the login itself.
func (h *handler) auth(handle handleMember) http.Handler {
	return h.known(h.o.Limit(h.o.AuthLimit(own(h.Answer(withVisitor(handle))))))
}

// kept is member for what is kept for each by a rule.
func (h *handler) kept(rule httpcache.Rule, handle handleMember) http.Handler {
	return h.known(h.o.Limit(api.Cached(h.o.Pages, rule)(h.Answer(withVisitor(handle)))))
}

// own is for what one user gets: it is for nobody else's cache.
func own(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"private, no-store"}
		next.ServeHTTP(w, r)
	})
}

type visitorKey struct{}

// found is what known found out: somebody, or why nobody is known.
type found struct {
	visitor visitor
	err     error
}

// known finds out who asks, by token or by cookie, for what comes behind it: the limits count
// by it, and the handle heeds it.
func (h *handler) known(next http.Handler) http.Handler {
	byToken := h.identify(next, h.byToken)
	byCookie := h.o.Sessions.Middleware(h.identify(next, byCookie))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bearsToken(r) {
			byToken.ServeHTTP(w, r)
			return
		}
		byCookie.ServeHTTP(w, r)
	})
}

func (h *handler) identify(next http.Handler, login func(w http.ResponseWriter, r *http.Request) (token.Session, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f found
		if f.visitor.login, f.err = login(w, r); f.err == nil {
			// The login says who it is, the database what he may do: a role that was taken away is gone at once.
			u, err := h.o.Studio.User(r.Context(), f.visitor.login.UserID)
			if errors.Is(err, domain.ErrNotFound) {
				err = api.ErrUnauthenticated
			}
			f.visitor.User, f.visitor.level, f.err = u.Value, u.Level, err
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, &f)))
	})
}

func (h *handler) byToken(w http.ResponseWriter, r *http.Request) (token.Session, error) {
	claims, err := h.o.Access.Authenticate(r)
	if err != nil {
		if token.Challenge(w.Header(), realm, err) == http.StatusUnauthorized {
			err = errors.Join(api.ErrUnauthenticated, err)
		}
		return token.Session{}, err
	}
	return claims.Session, nil
}

func byCookie(_ http.ResponseWriter, r *http.Request) (token.Session, error) {
	s := session.From(r.Context())
	if !s.LoggedIn() {
		return token.Session{}, api.ErrUnauthenticated
	}
	return token.Session{UserID: s.UserID(), Route: s.Route(), PublicID: s.PublicID(), Epoch: s.Epoch()}, nil
}

// withVisitor refuses requests of nobody.
func withVisitor(handle handleMember) api.Handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, ok := r.Context().Value(visitorKey{}).(*found)
		switch {
		case !ok:
			return api.ErrUnauthenticated
		case f.err != nil:
			return f.err
		}
		return handle(w, r, f.visitor)
	}
}

// knownID is the id of the user who asks, "" of somebody unknown.
func knownID(r *http.Request) string {
	if f, ok := r.Context().Value(visitorKey{}).(*found); ok && f.err == nil {
		return f.visitor.ID
	}
	return ""
}

// LimitKey is by what both limits count: the user where one is known, else the client.
func LimitKey(clients Clients) func(*http.Request) string {
	return func(r *http.Request) string {
		if id := knownID(r); id != "" {
			return "user:" + id
		}
		return clients.ID(r)
	}
}
