package sqlstore

import (
	"context"
	"fmt"
	"iter"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// SetFavorite adds a favourite and reports whether it is new.
func (q queries) SetFavorite(ctx context.Context, userID, recipeID int64) (bool, error) {
	done, err := q.Write.ExecContext(ctx, `INSERT INTO favorites (user_id, recipe_id, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, recipe_id) DO NOTHING`, userID, recipeID, sqldb.Now())
	if sqldb.IsForeignKey(err) {
		return false, noPair(userID, recipeID)
	}
	if err != nil {
		return false, wrap("set favorite", err)
	}
	n, err := done.RowsAffected()
	return n > 0, wrap("set favorite", err)
}

// noPair is for a row whose user or recipe is missing: the databases do not
// both say which.
func noPair(userID, recipeID int64) error {
	return fmt.Errorf("user %d or recipe %d: %w", userID, recipeID, shop.ErrNotFound)
}

// UnsetFavorite takes a favourite away and reports whether there was one.
func (q queries) UnsetFavorite(ctx context.Context, userID, recipeID int64) (bool, error) {
	done, err := q.Write.ExecContext(ctx, "DELETE FROM favorites WHERE user_id = $1 AND recipe_id = $2", userID, recipeID)
	if err != nil {
		return false, wrap("unset favorite", err)
	}
	n, err := done.RowsAffected()
	return n > 0, wrap("unset favorite", err)
}

// IsFavorite reports whether a user has a recipe among the favourites.
func (q queries) IsFavorite(ctx context.Context, userID, recipeID int64) (is bool, err error) {
	err = q.Read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM favorites WHERE user_id = $1 AND recipe_id = $2)", userID, recipeID).Scan(&is)
	return is, wrap("read favorite", err)
}

// Favorites returns a user's favourite recipes, newest favourite first.
func (q queries) Favorites(ctx context.Context, userID int64) ([]int64, error) {
	ids, err := sqldb.List(ctx, q.Read, scanID, "SELECT recipe_id FROM favorites WHERE user_id = $1 ORDER BY created_at DESC, recipe_id DESC", userID)
	return ids, wrap("read favorites", err)
}

// FavoritedBy returns a recipe's admirers, newest first.
func (q queries) FavoritedBy(ctx context.Context, recipeID int64) ([]int64, error) {
	ids, err := sqldb.List(ctx, q.Read, scanID, "SELECT user_id FROM favorites WHERE recipe_id = $1 ORDER BY created_at DESC, user_id DESC", recipeID)
	return ids, wrap("read admirers", err)
}

func scanID(row sqldb.Row) (id int64, err error) {
	err = row.Scan(&id)
	return id, err
}

// AllFavorites walks all favourites by user and recipe.
func (q queries) AllFavorites(ctx context.Context) iter.Seq2[shop.Favorite, error] {
	return sqldb.Walk(func(after *shop.Favorite, limit int) ([]shop.Favorite, error) {
		var last shop.Favorite
		if after != nil {
			last = *after
		}
		batch, err := sqldb.List(ctx, q.Read, func(row sqldb.Row) (f shop.Favorite, err error) {
			err = row.Scan(&f.UserID, &f.RecipeID, sqldb.Time{To: &f.CreatedAt})
			return f, err
		}, `SELECT user_id, recipe_id, created_at FROM favorites WHERE (user_id, recipe_id) > ($1, $2)
			ORDER BY user_id, recipe_id LIMIT $3`, last.UserID, last.RecipeID, limit)
		return batch, wrap("walk favorites", err)
	})
}
