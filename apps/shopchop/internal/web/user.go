package web

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/session"
)

func (h *handler) readMe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	found, err := h.o.Catalog.User(r.Context(), u.ID)
	if err != nil {
		return err
	}
	api.SetXCache(w, found.Level)
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
	u, err := h.o.Catalog.UpdateUser(r.Context(), u.ID, patch)
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
	p, err := h.o.Catalog.Own(r.Context(), u.ID, page, limit)
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
	p, err := h.o.Catalog.Favorites(r.Context(), u.ID, page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, p.Recipes, page, limit, p.Total, "ok")
	return nil
}

func (h *handler) recentRecipes(w http.ResponseWriter, r *http.Request, u shop.User) error {
	recipes, err := h.o.Catalog.Recent(r.Context(), u.ID)
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
	p, err := h.o.Catalog.Activities(r.Context(), u.ID, page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, p.Activities, page, limit, p.Total, "ok")
	return nil
}
