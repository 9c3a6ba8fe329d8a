package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func scanItem(row sqldb.Row) (shop.InventoryItem, error) {
	var i shop.InventoryItem
	err := row.Scan(&i.Item, &i.Stock, sqldb.Time{To: &i.UpdatedAt})
	return i, err
}

// Stock returns an item, or shop.ErrNotFound.
func (q queries) Stock(ctx context.Context, item string) (shop.InventoryItem, error) {
	item, err := shop.NormalizeItem(item)
	if err != nil {
		return shop.InventoryItem{}, err
	}
	i, err := scanItem(q.Read.QueryRowContext(ctx, "SELECT item, stock, updated_at FROM inventory WHERE item = $1", item))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("item", item)
	}
	if err != nil {
		return shop.InventoryItem{}, wrap("read stock", err)
	}
	return i, nil
}

// SetStock makes or overwrites an item's stock.
func (q queries) SetStock(ctx context.Context, item string, stock int64) (shop.InventoryItem, error) {
	item, err := shop.NormalizeStock(item, stock)
	if err != nil {
		return shop.InventoryItem{}, err
	}
	i, err := scanItem(q.Write.QueryRowContext(ctx, `INSERT INTO inventory (item, stock, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (item) DO UPDATE SET stock = excluded.stock, updated_at = excluded.updated_at
		RETURNING item, stock, updated_at`, item, stock, sqldb.Now()))
	return i, wrap("set stock", err)
}

// TakeStock takes n at once: the condition is in the statement that takes, so
// no two callers can share the last piece.
func (q queries) TakeStock(ctx context.Context, item string, n int64) (shop.InventoryItem, error) {
	item, err := shop.NormalizeTake(item, n)
	if err != nil {
		return shop.InventoryItem{}, err
	}
	return atomic(ctx, q, "take stock", func(q queries) (shop.InventoryItem, error) {
		i, err := scanItem(q.Write.QueryRowContext(ctx, `UPDATE inventory SET stock = stock - $2, updated_at = $3
			WHERE item = $1 AND stock >= $2 RETURNING item, stock, updated_at`, item, n, sqldb.Now()))
		if errors.Is(err, sql.ErrNoRows) {
			have, err := q.Stock(ctx, item)
			if err != nil {
				return shop.InventoryItem{}, err
			}
			return shop.InventoryItem{}, fmt.Errorf("item %q: %d wanted, %d in store: %w", item, n, have.Stock, shop.ErrOutOfStock)
		}
		return i, err
	})
}

// ListStock returns a page of the items by name, and how many there are.
func (q queries) ListStock(ctx context.Context, page, limit int) ([]shop.InventoryItem, int, error) {
	f := shop.RecipeFilter{Page: page, Limit: limit}.Normalize()
	var total int
	if err := q.Read.QueryRowContext(ctx, "SELECT COUNT(*) FROM inventory").Scan(&total); err != nil {
		return nil, 0, wrap("count stock", err)
	}
	items, err := sqldb.List(ctx, q.Read, scanItem, "SELECT item, stock, updated_at FROM inventory ORDER BY item LIMIT $1 OFFSET $2",
		f.Limit, int64(f.Page-1)*int64(f.Limit))
	return items, total, wrap("list stock", err)
}

// AllStock walks all items by name.
func (q queries) AllStock(ctx context.Context) iter.Seq2[shop.InventoryItem, error] {
	return sqldb.Walk(func(after *shop.InventoryItem, limit int) ([]shop.InventoryItem, error) {
		last := ""
		if after != nil {
			last = after.Item
		}
		batch, err := sqldb.List(ctx, q.Read, scanItem, "SELECT item, stock, updated_at FROM inventory WHERE item > $1 ORDER BY item LIMIT $2", last, limit)
		return batch, wrap("walk stock", err)
	})
}
