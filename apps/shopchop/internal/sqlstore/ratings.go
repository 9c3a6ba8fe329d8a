package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Rate sets a user's stars. The recipe's stats row is locked, so that the
// summaries of concurrent calls each hold all stars before them.
func (q queries) Rate(ctx context.Context, userID, recipeID int64, stars int) (shop.RatingSummary, error) {
	if err := shop.ValidStars(stars); err != nil {
		return shop.RatingSummary{}, err
	}
	return atomic(ctx, q, "rate", func(q queries) (none shop.RatingSummary, err error) {
		var id int64
		err = q.Write.QueryRowContext(ctx, "SELECT recipe_id FROM recipe_stats WHERE recipe_id = $1"+q.Dialect.ForUpdate, recipeID).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return none, notFound("recipe", recipeID)
		}
		if err != nil {
			return none, err
		}
		_, err = q.Write.ExecContext(ctx, `INSERT INTO ratings (recipe_id, user_id, stars, updated_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (recipe_id, user_id) DO UPDATE SET stars = excluded.stars, updated_at = excluded.updated_at`, recipeID, userID, stars, sqldb.Now())
		if sqldb.IsForeignKey(err) {
			return none, noPair(userID, recipeID)
		}
		if err != nil {
			return none, err
		}
		stats, err := q.Stats(ctx, recipeID)
		return shop.RatingSummary{Average: stats.RatingAverage, Count: stats.RatingCount}, err
	})
}

// Stars returns what a user gave a recipe; 0 if nothing.
func (q queries) Stars(ctx context.Context, userID, recipeID int64) (stars int, err error) {
	err = q.Read.QueryRowContext(ctx, "SELECT stars FROM ratings WHERE recipe_id = $1 AND user_id = $2", recipeID, userID).Scan(&stars)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return stars, wrap("read stars", err)
}

func scanRating(row sqldb.Row) (shop.Rating, error) {
	var r shop.Rating
	err := row.Scan(&r.UserID, &r.RecipeID, &r.Stars, sqldb.Time{To: &r.UpdatedAt})
	return r, err
}

// Ratings returns a recipe's ratings by user.
func (q queries) Ratings(ctx context.Context, recipeID int64) ([]shop.Rating, error) {
	all, err := sqldb.List(ctx, q.Read, scanRating, "SELECT user_id, recipe_id, stars, updated_at FROM ratings WHERE recipe_id = $1 ORDER BY user_id", recipeID)
	return all, wrap("read ratings", err)
}

// AllRatings walks all ratings by recipe and user.
func (q queries) AllRatings(ctx context.Context) iter.Seq2[shop.Rating, error] {
	return sqldb.Walk(func(after *shop.Rating, limit int) ([]shop.Rating, error) {
		var last shop.Rating
		if after != nil {
			last = *after
		}
		batch, err := sqldb.List(ctx, q.Read, scanRating, `SELECT user_id, recipe_id, stars, updated_at FROM ratings
			WHERE (recipe_id, user_id) > ($1, $2) ORDER BY recipe_id, user_id LIMIT $3`, last.RecipeID, last.UserID, limit)
		return batch, wrap("walk ratings", err)
	})
}
