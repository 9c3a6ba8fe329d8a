package web

import (
	"net/http"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
)

func (h *handler) readProfile(w http.ResponseWriter, _ *http.Request, v visitor) error {
	api.SetXCache(w, v.level)
	httpjson.Write(w, http.StatusOK, v.User, "ok")
	return nil
}

func (h *handler) updateProfile(w http.ResponseWriter, r *http.Request, v visitor) error {
	var patch train.UserPatch
	if err := httpjson.Decode(w, r, &patch); err != nil {
		return err
	}
	u, err := h.o.Studio.UpdateUser(r.Context(), v.ID, patch)
	if err != nil {
		return err
	}
	say(w, r, http.StatusOK, u, "Profile updated")
	return nil
}

// RoleBody is what an admin sends.
type RoleBody struct {
	Role train.Role `json:"role"`
}

func (h *handler) setRole(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "user")
	if err != nil {
		return err
	}
	var body RoleBody
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	u, err := h.o.Studio.SetRole(r.Context(), v.User, id, body.Role)
	if err != nil {
		return err
	}
	say(w, r, http.StatusOK, u, "Role set")
	return nil
}

// follow follows somebody, or not any more.
func (h *handler) follow(on bool) handleMember {
	return func(w http.ResponseWriter, r *http.Request, v visitor) error {
		id, err := pathID(r, "user")
		if err != nil {
			return err
		}
		if err := h.o.Studio.SetFollow(r.Context(), v.ID, id, on); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
