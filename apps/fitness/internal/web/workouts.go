package web

import (
	"net/http"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
)

func (h *handler) listWorkouts(w http.ResponseWriter, r *http.Request, v visitor) error {
	page, err := paging(r)
	if err != nil {
		return err
	}
	list, err := h.o.Studio.Workouts(r.Context(), v.ID, page)
	if err != nil {
		return err
	}
	api.SetXCache(w, list.Level)
	httpjson.WriteRawObject(w, list.Value)
	return nil
}

func (h *handler) logWorkout(w http.ResponseWriter, r *http.Request, v visitor) error {
	var draft train.WorkoutDraft
	if err := httpjson.Decode(w, r, &draft); err != nil {
		return err
	}
	workout, err := h.o.Studio.LogWorkout(r.Context(), v.ID, draft)
	if err != nil {
		return err
	}
	say(w, r, http.StatusCreated, workout, "Workout logged")
	return nil
}

func (h *handler) popularWorkouts(w http.ResponseWriter, r *http.Request) error {
	popular, err := h.o.Studio.Popular(r.Context())
	if err != nil {
		return err
	}
	api.SetXCache(w, popular.Level)
	httpjson.Write(w, http.StatusOK, popular.Value, "ok")
	return nil
}
