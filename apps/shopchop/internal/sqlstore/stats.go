package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// selectStats reads counters and counts likes and ratings in one statement.
const selectStats = `SELECT s.recipe_id, s.views, s.shares,
	(SELECT COUNT(*) FROM favorites f WHERE f.recipe_id = s.recipe_id),
	(SELECT COUNT(*) FROM ratings r WHERE r.recipe_id = s.recipe_id),
	(SELECT CAST(COALESCE(AVG(r.stars), 0) AS DOUBLE PRECISION) FROM ratings r WHERE r.recipe_id = s.recipe_id)
	FROM recipe_stats s `

func scanStats(row sqldb.Row) (shop.RecipeStats, error) {
	var s shop.RecipeStats
	err := row.Scan(&s.RecipeID, &s.Views, &s.Shares, &s.Likes, &s.RatingCount, &s.RatingAverage)
	return s, err
}

// Stats returns one recipe's numbers, or shop.ErrNotFound.
func (q queries) Stats(ctx context.Context, id int64) (shop.RecipeStats, error) {
	s, err := scanStats(q.Read.QueryRowContext(ctx, selectStats+"WHERE s.recipe_id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("recipe", id)
	}
	if err != nil {
		return shop.RecipeStats{}, wrap("read stats", err)
	}
	return s, nil
}

// StatsOf returns the numbers of those of the recipes that exist, in one query.
func (q queries) StatsOf(ctx context.Context, ids []int64) (map[int64]shop.RecipeStats, error) {
	array, err := sqldb.Array(ids)
	if err != nil {
		return nil, err
	}
	rows, err := sqldb.List(ctx, q.Read, scanStats, selectStats+"WHERE s.recipe_id IN "+q.Dialect.Ints(1), array)
	if err != nil {
		return nil, wrap("read stats", err)
	}
	found := make(map[int64]shop.RecipeStats, len(rows))
	for _, s := range rows {
		found[s.RecipeID] = s
	}
	return found, nil
}

// AllStats walks the numbers of all recipes by id.
func (q queries) AllStats(ctx context.Context) iter.Seq2[shop.RecipeStats, error] {
	return sqldb.Walk(func(after *shop.RecipeStats, limit int) ([]shop.RecipeStats, error) {
		var last int64
		if after != nil {
			last = after.RecipeID
		}
		batch, err := sqldb.List(ctx, q.Read, scanStats, selectStats+"WHERE s.recipe_id > $1 ORDER BY s.recipe_id LIMIT $2", last, limit)
		return batch, wrap("walk stats", err)
	})
}

// AddCounts adds to the counters of many recipes in one statement. The rows
// are locked in order first: processes that flush their counters at the same
// time must not wait for each other in a circle.
func (q queries) AddCounts(ctx context.Context, counts map[int64]shop.Counts) error {
	if len(counts) == 0 {
		return nil
	}
	type row struct {
		ID     int64 `json:"id"`
		Views  int64 `json:"views"`
		Shares int64 `json:"shares"`
	}
	rows := make([]row, 0, len(counts))
	for id, c := range counts {
		rows = append(rows, row{ID: id, Views: c.Views, Shares: c.Shares})
	}
	array, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("sqlstore: add counts: %w", err)
	}
	added := q.Dialect.IntRows(1, "id", "views", "shares")
	return q.atomically(ctx, func(q queries) error {
		if q.Dialect.ForUpdate != "" {
			lock := "SELECT recipe_id FROM recipe_stats WHERE recipe_id IN (SELECT id FROM " + added + " AS a) ORDER BY recipe_id" + q.Dialect.ForUpdate
			if _, err := q.Write.ExecContext(ctx, lock, string(array)); err != nil {
				return wrap("add counts", err)
			}
		}
		_, err := q.Write.ExecContext(ctx, `UPDATE recipe_stats SET views = recipe_stats.views + a.views, shares = recipe_stats.shares + a.shares
			FROM `+added+` AS a WHERE recipe_stats.recipe_id = a.id`, string(array))
		return wrap("add counts", err)
	})
}

// PopularScores returns the most popular recipes, ties by lower id.
func (q queries) PopularScores(ctx context.Context, limit int) ([]shop.RecipeScore, error) {
	query := fmt.Sprintf(`SELECT s.recipe_id, %d * s.views + %d * COALESCE(f.likes, 0) AS score
		FROM recipe_stats s LEFT JOIN (SELECT recipe_id, COUNT(*) AS likes FROM favorites GROUP BY recipe_id) f ON f.recipe_id = s.recipe_id
		ORDER BY score DESC, s.recipe_id`, shop.RecipeStats{Views: 1}.Score(), shop.RecipeStats{Likes: 1}.Score())
	args := []any{}
	if limit > 0 {
		query += " LIMIT $1"
		args = append(args, limit)
	}
	scores, err := sqldb.List(ctx, q.Read, func(row sqldb.Row) (s shop.RecipeScore, err error) {
		err = row.Scan(&s.RecipeID, &s.Score)
		return s, err
	}, query, args...)
	return scores, wrap("read popular scores", err)
}
