package shop

import "time"

// InventoryItem is how much of something is in store.
type InventoryItem struct {
	Item      string    `json:"item"`
	Stock     int64     `json:"stock"` // never below zero
	UpdatedAt time.Time `json:"updatedAt"`
}

// MaxStock bounds a stock, and what is taken at once. JavaScript counts
// exactly up to nine times as much.
const MaxStock = 1_000_000_000_000_000

// NormalizeItem returns an item's name as it is stored (trimmed), or an
// [InvalidError] about the field item.
func NormalizeItem(item string) (string, error) {
	var v validator
	item = v.item(item)
	return item, v.Err()
}

// NormalizeStock is [NormalizeItem] that also holds stock to 0 to [MaxStock].
func NormalizeStock(item string, stock int64) (string, error) {
	var v validator
	item = v.item(item)
	v.Number("stock", stock, 0, MaxStock)
	return item, v.Err()
}

// NormalizeTake is [NormalizeItem] that also holds n to 1 to [MaxStock].
func NormalizeTake(item string, n int64) (string, error) {
	var v validator
	item = v.item(item)
	v.Number("n", n, 1, MaxStock)
	return item, v.Err()
}

func (v *validator) item(item string) string { return v.Text("item", item, 1, 100, false) }
