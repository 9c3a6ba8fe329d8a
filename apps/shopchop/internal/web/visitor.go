package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/session"
)

// known is for what reads the session, and may end it.
func (h *handler) known(handle api.Handle) http.Handler {
	return h.o.Sessions.Middleware(h.Answer(handle))
}

// member is for what only somebody who is known gets an answer to.
func (h *handler) member(handle func(http.ResponseWriter, *http.Request, shop.User) error) http.Handler {
	return h.known(func(w http.ResponseWriter, r *http.Request) error {
		u, err := h.who(r.Context())
		if err != nil {
			return err
		}
		// What one user gets is for nobody else's cache.
		w.Header()["Cache-Control"] = []string{"private, no-store"}
		return handle(w, r, u)
	})
}

// door is for what begins a session: everybody may try.
func (h *handler) door(handle api.Handle) http.Handler { return h.o.AuthLimit(h.known(handle)) }

// letter is for what everybody may try, and what begins no session.
func (h *handler) letter(handle api.Handle) http.Handler { return h.o.AuthLimit(h.Answer(handle)) }

// who returns the user of the request's session, or api.ErrUnauthenticated. The session
// says who it is, the database what he may do: a role that was taken away is gone at once.
func (h *handler) who(ctx context.Context) (shop.User, error) {
	id, err := strconv.ParseInt(session.From(ctx).UserID(), 10, 64)
	if err != nil {
		return shop.User{}, api.ErrUnauthenticated
	}
	u, err := h.o.Catalog.User(ctx, id)
	if errors.Is(err, shop.ErrNotFound) {
		err = api.ErrUnauthenticated
	}
	return u.Value, err
}

type visitorKey struct{}

// reader is for what is the same for everybody: who reads is remembered, if that can be known.
func (h *handler) reader(handle api.Handle) http.Handler {
	plain := h.Answer(handle)
	known := h.o.Sessions.Middleware(plain)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, plain)))
	})
}

// Unavailable answers in place of a handler while the session of a request cannot
// be read: 503, for nobody is taken for a visitor silently; what is for every reader is answered without one.
// It is for session.Options.Unavailable.
func Unavailable(w http.ResponseWriter, r *http.Request, _ error) {
	if plain, ok := r.Context().Value(visitorKey{}).(http.Handler); ok {
		w.Header().Del("Retry-After")
		w.Header().Del("Cache-Control")
		plain.ServeHTTP(w, r)
		return
	}
	Refuse(w, r, api.Unavailable())
}

// Refuse sends a failure.
func Refuse(w http.ResponseWriter, _ *http.Request, e *httpjson.Error) { httpjson.WriteError(w, e) }
