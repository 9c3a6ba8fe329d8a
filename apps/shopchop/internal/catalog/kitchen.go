package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
)

// Stock is how much of an item is in store.
type Stock struct {
	Item  string `json:"item"`
	Stock int64  `json:"stock"`
}

// Stock returns an item's stock. shop.ErrNotFound.
func (c *Catalog) Stock(ctx context.Context, item string) (Stock, error) {
	item, err := shop.NormalizeItem(item)
	if err != nil {
		return Stock{}, err
	}
	n, ok := fromCopy(ctx, c, func(ctx context.Context) (int64, error) {
		n, there, err := c.stock.Get(ctx, item)
		if err == nil && !there {
			err = errNotCopied
		}
		return n, err
	})
	if ok {
		return Stock{item, n}, nil
	}
	i, err := c.repo.Stock(ctx, item)
	return Stock{i.Item, i.Stock}, err
}

// ListStock returns a page of the items by name, and how many there are.
func (c *Catalog) ListStock(ctx context.Context, page, limit int) ([]shop.InventoryItem, int, error) {
	return c.repo.ListStock(ctx, page, limit)
}

// SetStock makes an item or overwrites its stock.
func (c *Catalog) SetStock(ctx context.Context, item string, stock int64) (shop.InventoryItem, error) {
	return c.changeStock(ctx, item, func(ctx context.Context) (shop.InventoryItem, error) {
		return c.repo.SetStock(ctx, item, stock)
	})
}

// TakeStock takes n of an item, or nothing if there are fewer: shop.ErrOutOfStock. shop.ErrNotFound.
func (c *Catalog) TakeStock(ctx context.Context, item string, n int64) (shop.InventoryItem, error) {
	return c.changeStock(ctx, item, func(ctx context.Context) (shop.InventoryItem, error) {
		return c.repo.TakeStock(ctx, item, n)
	})
}

func (c *Catalog) changeStock(ctx context.Context, item string, change func(context.Context) (shop.InventoryItem, error)) (shop.InventoryItem, error) {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	i, err := change(ctx)
	if refused(err) {
		return i, err
	}
	if name, bad := shop.NormalizeItem(item); bad == nil {
		c.copied(ctx, "stock", func(ctx context.Context) error { return c.settleStock(ctx, name) })
	}
	return i, err
}

// noStock is the state of an item that is not there.
const noStock = -1

func (c *Catalog) settleStock(ctx context.Context, item string) error {
	return settle(ctx, func(ctx context.Context) (int64, error) {
		i, err := c.repo.Stock(ctx, item)
		if errors.Is(err, shop.ErrNotFound) {
			return noStock, nil
		}
		return i.Stock, err
	}, equal, func(ctx context.Context, stock int64) error {
		if stock == noStock {
			_, err := c.stock.Delete(ctx, item)
			return err
		}
		return c.stock.Set(ctx, item, stock)
	})
}

func planID(userID int64, week shop.Week) string { return text(userID) + ":" + string(week) }

func planOf(id string) (userID int64, week shop.Week) {
	user, w, _ := strings.Cut(id, ":")
	return number(user), shop.Week(w)
}

func (c *Catalog) loadPlan(ctx context.Context, id string) (shop.MealPlan, error) {
	user, week := planOf(id)
	return c.repo.MealPlan(ctx, user, week)
}

// MealPlan returns a user's week and where it came from. Its maps are shared and
// must not be changed.
func (c *Catalog) MealPlan(ctx context.Context, userID int64, week shop.Week) (cache.Result[shop.MealPlan], error) {
	return c.plans.Lookup(ctx, planID(userID, week))
}

func (c *Catalog) loadShopping(ctx context.Context, id string) (shop.ShoppingList, error) {
	user, week := planOf(id)
	// From the database: a plan that this process has near may be of the moment before.
	plan, err := c.repo.MealPlan(ctx, user, week)
	if err != nil {
		return shop.ShoppingList{}, err
	}
	recipes, err := c.repo.Recipes(ctx, plan.RecipeIDs())
	return shop.NewShoppingList(plan, recipes), err
}

// ShoppingList returns what a user's week needs, and where the list came from.
// Its items are shared and must not be changed.
func (c *Catalog) ShoppingList(ctx context.Context, userID int64, week shop.Week) (cache.Result[shop.ShoppingList], error) {
	return c.shopping.Lookup(ctx, planID(userID, week))
}

// PutMealPlan replaces a user's week.
func (c *Catalog) PutMealPlan(ctx context.Context, plan shop.MealPlan) (shop.MealPlan, error) {
	plan, err := plan.Normalize()
	if err != nil {
		return shop.MealPlan{}, err
	}
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	id := planID(plan.UserID, plan.Week)
	stored, err := c.plans.WriteThrough(ctx, id, func(ctx context.Context) error {
		_, err := c.repo.PutMealPlan(ctx, plan)
		return err
	})
	if refused(err) {
		return stored, err
	}
	if dropped := c.shopping.Delete(ctx, id); dropped != nil {
		c.log.WarnContext(ctx, "a shopping list is dropped when redis is back", "error", dropped)
	}
	if err != nil {
		return stored, fmt.Errorf("meal plan: %w", err)
	}
	c.record(ctx, plan.UserID, "meal_planned", 0)
	return stored, nil
}
