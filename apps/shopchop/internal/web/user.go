package web

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/session"
)

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

// stepUpAge is how long after a login what is sensitive can be changed.
const stepUpAge = 15 * time.Minute

func (h *handler) updateMe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	var patch shop.UserPatch
	if err := httpjson.Decode(w, r, &patch); err != nil {
		return err
	}
	// Who changes the address can have a new password sent there.
	if patch.Email != nil && shop.NormalizeEmail(*patch.Email) != u.Email && !session.From(r.Context()).RecentAuth(stepUpAge) {
		return &httpjson.Error{Status: http.StatusForbidden, Text: "The login is too long ago to change the address: log in again"}
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
