package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// selectRecipes is one statement and so one moment: a recipe never shows with
// the tags of another version.
func (q queries) selectRecipes(rest string) string {
	return `SELECT r.id, r.user_id, r.name, r.description, r.servings, r.prep_time, r.cook_time, r.difficulty,
		(SELECT ` + q.Dialect.JSONArray + `(t.tag ORDER BY t.position) FROM recipe_tags t WHERE t.recipe_id = r.id),
		r.ingredients, r.instructions, r.image_url, r.created_at, r.updated_at
		FROM recipes r ` + rest
}

func scanRecipe(row sqldb.Row) (shop.Recipe, error) {
	r := shop.Recipe{Tags: []string{}, Ingredients: []shop.Ingredient{}, Instructions: []string{}}
	err := row.Scan(&r.ID, &r.UserID, &r.Name, &r.Description, &r.Servings, &r.PrepTime, &r.CookTime, &r.Difficulty,
		sqldb.JSON{To: &r.Tags}, sqldb.JSON{To: &r.Ingredients}, sqldb.JSON{To: &r.Instructions},
		&r.ImageURL, sqldb.Time{To: &r.CreatedAt}, sqldb.Time{To: &r.UpdatedAt})
	return r, err
}

// Recipe returns one recipe, or shop.ErrNotFound.
func (q queries) Recipe(ctx context.Context, id int64) (shop.Recipe, error) {
	r, err := scanRecipe(q.Read.QueryRowContext(ctx, q.selectRecipes("WHERE r.id = $1"), id))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("recipe", id)
	}
	if err != nil {
		return shop.Recipe{}, wrap("read recipe", err)
	}
	return r, nil
}

// Recipes returns those of the ids that exist, in one query.
func (q queries) Recipes(ctx context.Context, ids []int64) (map[int64]shop.Recipe, error) {
	array, err := sqldb.Array(ids)
	if err != nil {
		return nil, err
	}
	rows, err := sqldb.List(ctx, q.Read, scanRecipe, q.selectRecipes("WHERE r.id IN "+q.Dialect.Ints(1)), array)
	if err != nil {
		return nil, wrap("read recipes", err)
	}
	found := make(map[int64]shop.Recipe, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, nil
}

// ListRecipes returns a page of recipes, newest first.
func (q queries) ListRecipes(ctx context.Context, f shop.RecipeFilter) (shop.RecipePage, error) {
	f = f.Normalize()
	page := shop.RecipePage{Page: f.Page, Limit: f.Limit}
	where, args := "WHERE 1 = 1", []any{}
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.UserID != 0 {
		where += " AND r.user_id = " + arg(f.UserID)
	}
	if f.Query != "" {
		p := arg(sqldb.Contains(f.Query))
		where += fmt.Sprintf(` AND (r.name_folded LIKE %s ESCAPE '!' OR r.description_folded LIKE %s ESCAPE '!')`, p, p)
	}
	if len(f.Tags) > 0 {
		array, err := sqldb.Array(f.Tags)
		if err != nil {
			return page, err
		}
		arg(array)
		tags := q.Dialect.Texts(len(args))
		where += " AND r.id IN (SELECT t.recipe_id FROM recipe_tags t WHERE t.tag IN " + tags +
			" GROUP BY t.recipe_id HAVING COUNT(*) = " + arg(len(f.Tags)) + ")"
	}
	if err := q.Read.QueryRowContext(ctx, "SELECT COUNT(*) FROM recipes r "+where, args...).Scan(&page.Total); err != nil {
		return page, wrap("count recipes", err)
	}
	where += " ORDER BY r.id DESC LIMIT " + arg(f.Limit)
	where += " OFFSET " + arg(int64(f.Page-1)*int64(f.Limit))
	var err error
	page.Recipes, err = sqldb.List(ctx, q.Read, scanRecipe, q.selectRecipes(where), args...)
	return page, wrap("list recipes", err)
}

// AllRecipes walks all recipes by id.
func (q queries) AllRecipes(ctx context.Context) iter.Seq2[shop.Recipe, error] {
	return sqldb.Walk(func(after *shop.Recipe, limit int) ([]shop.Recipe, error) {
		var last int64
		if after != nil {
			last = after.ID
		}
		batch, err := sqldb.List(ctx, q.Read, scanRecipe, q.selectRecipes("WHERE r.id > $1 ORDER BY r.id LIMIT $2"), last, limit)
		return batch, wrap("walk recipes", err)
	})
}

// CreateRecipe stores a new recipe of a user.
func (q queries) CreateRecipe(ctx context.Context, userID int64, d shop.RecipeDraft) (shop.Recipe, error) {
	d, err := d.Normalize()
	if err != nil {
		return shop.Recipe{}, err
	}
	ingredients, err := sqldb.Array(d.Ingredients)
	if err != nil {
		return shop.Recipe{}, err
	}
	instructions, err := sqldb.Array(d.Instructions)
	if err != nil {
		return shop.Recipe{}, err
	}
	return atomic(ctx, q, "create recipe", func(q queries) (none shop.Recipe, err error) {
		var id int64
		err = q.Write.QueryRowContext(ctx, `INSERT INTO recipes
			(user_id, name, description, servings, prep_time, cook_time, difficulty, ingredients, instructions, image_url,
			 name_folded, description_folded, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING id`,
			userID, d.Name, d.Description, d.Servings, d.PrepTime, d.CookTime, string(d.Difficulty), ingredients, instructions, d.ImageURL,
			strings.ToLower(d.Name), strings.ToLower(d.Description), sqldb.Now()).Scan(&id)
		if sqldb.IsForeignKey(err) {
			return none, notFound("user", userID)
		}
		if err != nil {
			return none, err
		}
		if _, err := q.Write.ExecContext(ctx, "INSERT INTO recipe_stats (recipe_id) VALUES ($1)", id); err != nil {
			return none, err
		}
		if err := q.insertTags(ctx, id, d.Tags); err != nil {
			return none, err
		}
		return q.Recipe(ctx, id)
	})
}

func (q queries) insertTags(ctx context.Context, recipeID int64, tags []string) error {
	for i, tag := range tags {
		if _, err := q.Write.ExecContext(ctx, "INSERT INTO recipe_tags (recipe_id, position, tag) VALUES ($1, $2, $3)", recipeID, i, tag); err != nil {
			return err
		}
	}
	return nil
}

// UpdateRecipe changes what the patch names, in one statement that names only
// those columns.
func (q queries) UpdateRecipe(ctx context.Context, by shop.Actor, id int64, p shop.RecipePatch) (shop.Recipe, error) {
	p, err := p.Normalize()
	if err != nil {
		return shop.Recipe{}, err
	}
	set, args, err := recipeColumns(p)
	if err != nil {
		return shop.Recipe{}, err
	}
	return atomic(ctx, q, "update recipe", func(q queries) (none shop.Recipe, err error) {
		if err := q.allowRecipe(ctx, by, id); err != nil {
			return none, err
		}
		if len(set) > 0 {
			query := fmt.Sprintf("UPDATE recipes SET %s WHERE id = $%d", strings.Join(set, ", "), len(args)+1)
			if _, err := q.Write.ExecContext(ctx, query, append(args, id)...); err != nil {
				return none, err
			}
		}
		if p.Tags != nil {
			if _, err := q.Write.ExecContext(ctx, "DELETE FROM recipe_tags WHERE recipe_id = $1", id); err != nil {
				return none, err
			}
			if err := q.insertTags(ctx, id, *p.Tags); err != nil {
				return none, err
			}
		}
		return q.Recipe(ctx, id)
	})
}

// recipeColumns turns a patch into assignments, none for an empty one. Tags
// have their own table and show here only as a new updated_at.
func recipeColumns(p shop.RecipePatch) (set []string, args []any, err error) {
	put := func(column string, value any) {
		args = append(args, value)
		set = append(set, fmt.Sprintf("%s = $%d", column, len(args)))
	}
	if p.Name != nil {
		put("name", *p.Name)
		put("name_folded", strings.ToLower(*p.Name))
	}
	if p.Description != nil {
		put("description", *p.Description)
		put("description_folded", strings.ToLower(*p.Description))
	}
	if p.Servings != nil {
		put("servings", *p.Servings)
	}
	if p.PrepTime != nil {
		put("prep_time", *p.PrepTime)
	}
	if p.CookTime != nil {
		put("cook_time", *p.CookTime)
	}
	if p.Difficulty != nil {
		put("difficulty", string(*p.Difficulty))
	}
	if p.Ingredients != nil {
		text, err := sqldb.Array(*p.Ingredients)
		if err != nil {
			return nil, nil, err
		}
		put("ingredients", text)
	}
	if p.Instructions != nil {
		text, err := sqldb.Array(*p.Instructions)
		if err != nil {
			return nil, nil, err
		}
		put("instructions", text)
	}
	if p.ImageURL != nil {
		put("image_url", *p.ImageURL)
	}
	if p != (shop.RecipePatch{}) {
		put("updated_at", sqldb.Now())
	}
	return set, args, nil
}

// allowRecipe locks a recipe's row until the end of the transaction and checks
// that by may change it.
func (q queries) allowRecipe(ctx context.Context, by shop.Actor, id int64) error {
	var owner int64
	err := q.Write.QueryRowContext(ctx, "SELECT user_id FROM recipes WHERE id = $1"+q.Dialect.ForUpdate, id).Scan(&owner)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return notFound("recipe", id)
	case err == nil && owner != by.UserID && !by.Admin:
		return fmt.Errorf("recipe %d belongs to another user: %w", id, shop.ErrForbidden)
	}
	return err
}

// DeleteRecipe deletes a recipe and, through the foreign keys, all that hangs on it.
func (q queries) DeleteRecipe(ctx context.Context, by shop.Actor, id int64) (shop.Recipe, error) {
	return atomic(ctx, q, "delete recipe", func(q queries) (none shop.Recipe, err error) {
		if err := q.allowRecipe(ctx, by, id); err != nil {
			return none, err
		}
		deleted, err := q.Recipe(ctx, id)
		if err != nil {
			return none, err
		}
		_, err = q.Write.ExecContext(ctx, "DELETE FROM recipes WHERE id = $1", id)
		return deleted, err
	})
}
