package shoptest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func inventorySetAndTake(t *testing.T, r shop.Repository) {
	item := must[shop.InventoryItem](t)
	set := item(r.SetStock(t.Context(), " eggs ", 12))
	if set.Item != "eggs" || set.Stock != 12 || set.UpdatedAt.IsZero() {
		t.Errorf("set %+v", set)
	}
	same(t, "read back", item(r.Stock(t.Context(), "eggs")), set)
	same(t, "taken", item(r.TakeStock(t.Context(), "eggs", 5)).Stock, int64(7))
	_, err := r.TakeStock(t.Context(), "eggs", 8)
	wantErr(t, err, shop.ErrOutOfStock)
	wantErr(t, err, shop.ErrConflict)
	same(t, "after a refusal", item(r.Stock(t.Context(), "eggs")).Stock, int64(7))
	same(t, "the rest", item(r.TakeStock(t.Context(), "eggs", 7)).Stock, int64(0))
	same(t, "overwritten", item(r.SetStock(t.Context(), "eggs", shop.MaxStock)).Stock, int64(shop.MaxStock))

	milk := item(r.SetStock(t.Context(), "Milk", 1))
	for page, want := range [][]shop.InventoryItem{1: {milk}, 2: {item(r.Stock(t.Context(), "eggs"))}, 3: {}} {
		if page == 0 {
			continue
		}
		items, total, err := r.ListStock(t.Context(), page, 1)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("page %d", page), items, want)
		same(t, "total", total, 2)
	}

	_, err = r.Stock(t.Context(), "milk")
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.TakeStock(t.Context(), "milk", 1)
	wantErr(t, err, shop.ErrNotFound)
	for _, n := range []int64{0, -1, shop.MaxStock + 1} {
		_, err = r.TakeStock(t.Context(), "eggs", n)
		wantErr(t, err, shop.ErrInvalid)
	}
	_, err = r.SetStock(t.Context(), "eggs", -1)
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.SetStock(t.Context(), " ", 1)
	wantErr(t, err, shop.ErrInvalid)
}

// 50 takers of 3 out of 100: 33 get theirs, one piece is left.
func inventoryNeverBelowZero(t *testing.T, r shop.Repository) {
	must[shop.InventoryItem](t)(r.SetStock(t.Context(), "eggs", 100))
	taken := 0
	for _, err := range together(50, func(int) error {
		_, err := r.TakeStock(t.Context(), "eggs", 3)
		return err
	}) {
		switch {
		case err == nil:
			taken++
		case !errors.Is(err, shop.ErrOutOfStock):
			t.Error(err)
		}
	}
	same(t, "takers", taken, 33)
	same(t, "left", must[shop.InventoryItem](t)(r.Stock(t.Context(), "eggs")).Stock, int64(1))
}

func inventoryWalk(t *testing.T, r shop.Repository) {
	want := []string{"Zimt", "apple", "zebra", "Äpfel"} // bytewise on every database
	for i := len(want) - 1; i >= 0; i-- {
		must[shop.InventoryItem](t)(r.SetStock(t.Context(), want[i], int64(i)))
	}
	got := []string{}
	for i, item := range walked(t, r.AllStock(t.Context())) {
		got = append(got, item.Item)
		same(t, fmt.Sprintf("stock %d", i), item.Stock, int64(i))
	}
	same(t, "items", got, want)
}
