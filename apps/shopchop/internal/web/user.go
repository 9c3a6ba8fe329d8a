package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
)

// debugUserHeader names the user of a request, where that is believed.
const debugUserHeader = "X-Debug-User"

// DebugUser is an Options.Authenticate that believes the header X-Debug-User. It
// is for development on one machine: whoever reaches the service is whom they say.
func DebugUser(user func(ctx context.Context, id int64) (cache.Result[shop.User], error)) func(*http.Request) (shop.User, error) {
	return func(r *http.Request) (shop.User, error) {
		said := r.Header.Get(debugUserHeader)
		if said == "" {
			return shop.User{}, ErrUnauthenticated
		}
		id, err := httpjson.ID(debugUserHeader, said)
		if err != nil {
			return shop.User{}, ErrUnauthenticated
		}
		u, err := user(r.Context(), id)
		if errors.Is(err, shop.ErrNotFound) {
			err = ErrUnauthenticated
		}
		return u.Value, err
	}
}

// signedIn refuses requests of nobody.
func (h *handler) signedIn(handle func(http.ResponseWriter, *http.Request, shop.User) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		u, err := h.auth(r)
		if err != nil {
			return err
		}
		// What one user gets is for nobody else's cache.
		w.Header()["Cache-Control"] = []string{"private, no-store"}
		return handle(w, r, u)
	}
}

// setXCache tells where the data came from.
func setXCache(w http.ResponseWriter, level cache.Level) {
	said := "MISS"
	switch level {
	case cache.Near, cache.Remote:
		said = "HIT"
	case cache.Stale:
		said = "STALE"
	case cache.Loaded:
	}
	w.Header()["X-Cache"] = []string{said}
}

func (h *handler) readMe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	found, err := h.catalog.User(r.Context(), u.ID)
	if err != nil {
		return err
	}
	setXCache(w, found.Level)
	httpjson.Write(w, http.StatusOK, found.Value, "ok")
	return nil
}

func (h *handler) updateMe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	var patch shop.UserPatch
	if err := httpjson.Decode(w, r, &patch); err != nil {
		return err
	}
	u, err := h.catalog.UpdateUser(r.Context(), u.ID, patch)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, u, "Profile updated")
	return nil
}

func (h *handler) ownRecipes(w http.ResponseWriter, r *http.Request, u shop.User) error {
	page, limit, err := httpjson.Paging(r.URL.Query())
	if err != nil {
		return err
	}
	p, err := h.catalog.Own(r.Context(), u.ID, page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, p.Recipes, page, limit, p.Total, "ok")
	return nil
}

func (h *handler) favoriteRecipes(w http.ResponseWriter, r *http.Request, u shop.User) error {
	page, limit, err := httpjson.Paging(r.URL.Query())
	if err != nil {
		return err
	}
	p, err := h.catalog.Favorites(r.Context(), u.ID, page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, p.Recipes, page, limit, p.Total, "ok")
	return nil
}

func (h *handler) recentRecipes(w http.ResponseWriter, r *http.Request, u shop.User) error {
	recipes, err := h.catalog.Recent(r.Context(), u.ID)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, recipes, "ok")
	return nil
}

func (h *handler) readActivity(w http.ResponseWriter, r *http.Request, u shop.User) error {
	page, limit, err := httpjson.Paging(r.URL.Query())
	if err != nil {
		return err
	}
	p, err := h.catalog.Activities(r.Context(), u.ID, page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, p.Activities, page, limit, p.Total, "ok")
	return nil
}
