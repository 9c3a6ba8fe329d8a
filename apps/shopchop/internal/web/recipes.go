package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/httpcache"
)

// Bounds of a question for a list: each combination is a cached list of its own.
const (
	maxTags  = 10
	maxText  = 40  // characters of a tag
	maxQuery = 200 // characters
)

func recipeID(r *http.Request) (int64, error) { return httpjson.ID("id", r.PathValue("id")) }

func (h *handler) readRecipe(w http.ResponseWriter, r *http.Request) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	found, err := h.o.Catalog.Recipe(r.Context(), id)
	api.SetXCache(w, found.Level)
	if err != nil {
		return err
	}
	// A reader who is not known is a reader all the same.
	if u, err := h.who(r.Context()); err == nil {
		h.o.Catalog.Viewed(r.Context(), u.ID, id)
	}
	httpjson.WriteRaw(w, found.Value)
	return nil
}

// listTTL is how long a list is kept that no change of a recipe ends.
const listTTL = time.Minute

// recipeLists keeps the lists of recipes, which are the same for everybody.
func recipeLists() httpcache.Rule {
	return httpcache.Rule{TTL: listTTL, Key: listKey, Tags: func(*http.Request) []string { return []string{catalog.RecipesTag} }, Shared: true, ETag: true}
}

// listKey is one for all ways to ask one question, "" for what is none.
func listKey(r *http.Request) string {
	f, err := listFilter(r)
	if err != nil {
		return ""
	}
	slices.Sort(f.Tags)
	q := url.Values{"page": {strconv.Itoa(f.Page)}, "limit": {strconv.Itoa(f.Limit)}, "q": {f.Query}, "tag": f.Tags}
	return "/api/recipes?" + q.Encode()
}

// listFilter reads the question for a list.
func listFilter(r *http.Request) (shop.RecipeFilter, error) {
	q := r.URL.Query()
	page, limit, err := httpjson.Paging(q)
	if err != nil {
		return shop.RecipeFilter{}, err
	}
	f := shop.RecipeFilter{Tags: q["tag"], Query: q.Get("q"), Page: page, Limit: limit}
	if n := len(f.Tags); n > maxTags {
		return f, httpjson.BadRequest("tag", "%d tags, expected at most %d", n, maxTags)
	}
	for _, tag := range f.Tags {
		if n := utf8.RuneCountInString(tag); n > maxText || !utf8.ValidString(tag) {
			return f, httpjson.BadRequest("tag", "%d characters, expected at most %d of UTF-8", n, maxText)
		}
	}
	if n := utf8.RuneCountInString(f.Query); n > maxQuery || !utf8.ValidString(f.Query) {
		return f, httpjson.BadRequest("q", "%d characters, expected at most %d of UTF-8", n, maxQuery)
	}
	f.Query = strings.ToLower(strings.TrimSpace(f.Query)) // the search folds case
	return f.Normalize(), nil
}

func (h *handler) listRecipes(w http.ResponseWriter, r *http.Request) error {
	f, err := listFilter(r)
	if err != nil {
		return err
	}
	list, err := h.o.Catalog.List(r.Context(), f)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, list.Recipes, list.Page, list.Limit, list.Total, "ok")
	return nil
}

func (h *handler) popularRecipes(w http.ResponseWriter, r *http.Request) error {
	limit, err := httpjson.Number(r.URL.Query(), "limit", httpjson.DefaultLimit, 1, httpjson.MaxLimit)
	if err != nil {
		return err
	}
	found, err := h.o.Catalog.Popular(r.Context(), limit)
	if err != nil {
		return err
	}
	api.SetXCache(w, found.Level)
	httpjson.Write(w, http.StatusOK, found.Value, "ok")
	return nil
}

func (h *handler) createRecipe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	var draft shop.RecipeDraft
	if err := httpjson.Decode(w, r, &draft); err != nil {
		return err
	}
	recipe, err := h.o.Catalog.CreateRecipe(r.Context(), u.Actor(), draft)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("/api/recipes/%d", recipe.ID))
	httpjson.Write(w, http.StatusCreated, recipe, "Recipe created")
	return nil
}

func (h *handler) updateRecipe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	var patch shop.RecipePatch
	if err := httpjson.Decode(w, r, &patch); err != nil {
		return err
	}
	recipe, err := h.o.Catalog.UpdateRecipe(r.Context(), u.Actor(), id, patch)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, recipe, "Recipe updated")
	return nil
}

func (h *handler) deleteRecipe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	if err := h.o.Catalog.DeleteRecipe(r.Context(), u.Actor(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) readStats(w http.ResponseWriter, r *http.Request) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	stats, err := h.o.Catalog.Stats(r.Context(), id)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, stats, "ok")
	return nil
}

func (h *handler) setFavorite(w http.ResponseWriter, r *http.Request, u shop.User) error {
	return h.favorite(w, r, u, true)
}

func (h *handler) unsetFavorite(w http.ResponseWriter, r *http.Request, u shop.User) error {
	return h.favorite(w, r, u, false)
}

func (h *handler) favorite(w http.ResponseWriter, r *http.Request, u shop.User, on bool) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	if err := h.o.Catalog.SetFavorite(r.Context(), u.ID, id, on); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *handler) rateRecipe(w http.ResponseWriter, r *http.Request, u shop.User) error {
	id, err := recipeID(r)
	if err != nil {
		return err
	}
	var body struct {
		Stars int `json:"stars"`
	}
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	summary, err := h.o.Catalog.Rate(r.Context(), u.ID, id, body.Stars)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, summary, "Rating saved")
	return nil
}
