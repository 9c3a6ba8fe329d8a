package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/studio"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/httpcache"
)

// maxQuery bounds a searched text, in characters: each is a cached list of its own.
const maxQuery = 200

// pathID reads the id of a path: what cannot be one is not there.
func pathID(r *http.Request, what string) (string, error) {
	id := r.PathValue("id")
	if !train.IsID(id) {
		return "", domain.Refuse(domain.ErrNotFound, what+" %s is not there", id)
	}
	return id, nil
}

// paging reads the page of a query.
func paging(r *http.Request) (train.Page, error) {
	page, limit, err := httpjson.Paging(r.URL.Query())
	return train.Page{Number: page, Limit: limit}, err
}

// oneOf reads a word of a query; "" is any.
func oneOf(r *http.Request, name string, of []string) (string, error) {
	word := train.Fold(r.URL.Query().Get(name))
	if word != "" && !slices.Contains(of, word) {
		return "", httpjson.BadRequest(name, "%q, expected one of: %s", word, strings.Join(of, ", "))
	}
	return word, nil
}

// How long lists are kept that no change of an exercise, or of the favourites, ends.
const (
	listTTL      = time.Hour
	favoritesTTL = 30 * time.Minute
)

// exerciseLists keeps the lists of exercises, which are the same for everybody.
func exerciseLists() httpcache.Rule {
	return httpcache.Rule{TTL: listTTL, Key: listKey, Tags: func(*http.Request) []string { return []string{studio.ExercisesTag} }, Shared: true, ETag: true}
}

// favoriteLists keeps the favourites of each user for himself.
func favoriteLists() httpcache.Rule {
	return httpcache.Rule{
		TTL: favoritesTTL, Query: []string{"limit", "page"}, Private: knownID, ETag: true,
		Tags: func(r *http.Request) []string { return []string{studio.ExercisesTag, studio.FavoritesTag(knownID(r))} },
	}
}

// listKey is one for all ways to ask one question, "" for what is none.
func listKey(r *http.Request) string {
	f, err := listFilter(r)
	if err != nil {
		return ""
	}
	q := url.Values{
		"equipment": {f.Equipment}, "limit": {strconv.Itoa(f.Page.Limit)}, "muscle": {f.Muscle}, "page": {strconv.Itoa(f.Page.Number)}, "q": {f.Query},
	}
	return base + "/exercises?" + q.Encode()
}

// listFilter reads the question for a list.
func listFilter(r *http.Request) (f train.ExerciseFilter, err error) {
	f.Query = r.URL.Query().Get("q")
	if f.Page, err = paging(r); err != nil {
		return f, err
	}
	if f.Muscle, err = oneOf(r, "muscle", train.Muscles); err != nil {
		return f, err
	}
	if f.Equipment, err = oneOf(r, "equipment", train.Equipments); err != nil {
		return f, err
	}
	if n := utf8.RuneCountInString(f.Query); n > maxQuery || !utf8.ValidString(f.Query) {
		return f, httpjson.BadRequest("q", "%d characters, expected at most %d of UTF-8", n, maxQuery)
	}
	if strings.ContainsRune(f.Query, 0) { // which PostgreSQL takes in no text
		return f, httpjson.BadRequest("q", "%q has a control character", f.Query)
	}
	return f.Normalize(), nil
}

func (h *handler) listExercises(w http.ResponseWriter, r *http.Request) error {
	f, err := listFilter(r)
	if err != nil {
		return err
	}
	list, total, err := h.o.Studio.Exercises(r.Context(), f)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, list, f.Page.Number, f.Page.Limit, total, "ok")
	return nil
}

func (h *handler) readExercise(w http.ResponseWriter, r *http.Request) error {
	e, err := h.o.Studio.Exercise(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	api.SetXCache(w, e.Level)
	httpjson.WriteRaw(w, e.Value)
	return nil
}

func (h *handler) createExercise(w http.ResponseWriter, r *http.Request, v visitor) error {
	var draft train.ExerciseDraft
	if err := httpjson.Decode(w, r, &draft); err != nil {
		return err
	}
	e, err := h.o.Studio.CreateExercise(r.Context(), v.User, draft)
	if err != nil {
		return err
	}
	w.Header().Set("Location", base+"/exercises/"+e.ID)
	say(w, r, http.StatusCreated, e, "Exercise created")
	return nil
}

func (h *handler) updateExercise(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "exercise")
	if err != nil {
		return err
	}
	var patch train.ExercisePatch
	if err := httpjson.Decode(w, r, &patch); err != nil {
		return err
	}
	e, err := h.o.Studio.UpdateExercise(r.Context(), v.User, id, patch)
	if err != nil {
		return err
	}
	say(w, r, http.StatusOK, e, "Exercise updated")
	return nil
}

func (h *handler) deleteExercise(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "exercise")
	if err != nil {
		return err
	}
	if err := h.o.Studio.DeleteExercise(r.Context(), v.User, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// favorites sends a page of the own favourites.
func (h *handler) favorites(w http.ResponseWriter, r *http.Request, v visitor) error {
	page, err := paging(r)
	if err != nil {
		return err
	}
	all, err := h.o.Studio.Favorites(r.Context(), v.ID)
	if err != nil {
		return err
	}
	from := int(min(page.Offset(), int64(len(all))))
	httpjson.WriteList(w, all[from:min(from+page.Limit, len(all))], page.Number, page.Limit, len(all), "ok")
	return nil
}

// favorite sets a favourite, or takes it away.
func (h *handler) favorite(on bool) handleMember {
	return func(w http.ResponseWriter, r *http.Request, v visitor) error {
		id, err := pathID(r, "exercise")
		if err != nil {
			return err
		}
		if err := h.o.Studio.SetFavorite(r.Context(), v.ID, id, on); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
