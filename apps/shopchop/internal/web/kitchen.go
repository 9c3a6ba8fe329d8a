package web

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func (h *handler) listStock(w http.ResponseWriter, r *http.Request) error {
	page, limit, err := httpjson.Paging(r.URL.Query())
	if err != nil {
		return err
	}
	items, total, err := h.o.Catalog.ListStock(r.Context(), page, limit)
	if err != nil {
		return err
	}
	httpjson.WriteList(w, items, page, limit, total, "ok")
	return nil
}

func (h *handler) readStock(w http.ResponseWriter, r *http.Request) error {
	stock, err := h.o.Catalog.Stock(r.Context(), r.PathValue("item"))
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, stock, "ok")
	return nil
}

func (h *handler) setStock(w http.ResponseWriter, r *http.Request, _ shop.User) error {
	var body struct {
		Stock *int64 `json:"stock"`
	}
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	if body.Stock == nil {
		return httpjson.BadRequest("stock", "missing, expected how many there are")
	}
	item, err := h.o.Catalog.SetStock(r.Context(), r.PathValue("item"), *body.Stock)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, item, "Stock set")
	return nil
}

func (h *handler) takeStock(w http.ResponseWriter, r *http.Request, _ shop.User) error {
	var body struct {
		N int64 `json:"n"`
	}
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	item, err := h.o.Catalog.TakeStock(r.Context(), r.PathValue("item"), body.N)
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, item, "Taken")
	return nil
}

// week reads the week of a query; without one it is this week, in UTC.
func week(r *http.Request) (shop.Week, error) {
	s := r.URL.Query().Get("week")
	if s == "" {
		return shop.WeekOf(time.Now().UTC()), nil
	}
	return shop.ParseWeek(s)
}

func (h *handler) readPlan(w http.ResponseWriter, r *http.Request, u shop.User) error {
	week, err := week(r)
	if err != nil {
		return err
	}
	found, err := h.o.Catalog.MealPlan(r.Context(), u.ID, week)
	if err != nil {
		return err
	}
	api.SetXCache(w, found.Level)
	httpjson.Write(w, http.StatusOK, found.Value, "ok")
	return nil
}

// planBody is a week as a client sends it; without a week it is this one.
type planBody struct {
	Week shop.Week                                   `json:"week"`
	Days map[shop.Day]map[shop.Meal]shop.PlannedMeal `json:"days"`
}

func (h *handler) putPlan(w http.ResponseWriter, r *http.Request, u shop.User) error {
	var body planBody
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	if body.Week == "" {
		body.Week = shop.WeekOf(time.Now().UTC())
	}
	plan, err := h.o.Catalog.PutMealPlan(r.Context(), shop.MealPlan{UserID: u.ID, Week: body.Week, Days: body.Days})
	if err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, plan, "Meal plan saved")
	return nil
}

func (h *handler) readShopping(w http.ResponseWriter, r *http.Request, u shop.User) error {
	week, err := week(r)
	if err != nil {
		return err
	}
	found, err := h.o.Catalog.ShoppingList(r.Context(), u.ID, week)
	if err != nil {
		return err
	}
	api.SetXCache(w, found.Level)
	httpjson.Write(w, http.StatusOK, found.Value, "ok")
	return nil
}
