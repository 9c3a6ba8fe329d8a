package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// plannedMeal is a row of a week.
type plannedMeal struct {
	day  shop.Day
	meal shop.Meal
	shop.PlannedMeal
}

// MealPlan returns a user's week; an empty one if nothing is planned.
func (q queries) MealPlan(ctx context.Context, userID int64, week shop.Week) (shop.MealPlan, error) {
	if _, err := shop.ParseWeek(string(week)); err != nil {
		return shop.MealPlan{}, err
	}
	rows, err := sqldb.List(ctx, q.Read, func(row sqldb.Row) (p plannedMeal, err error) {
		err = row.Scan(&p.day, &p.meal, &p.RecipeID, &p.Servings)
		return p, err
	}, "SELECT day, meal, recipe_id, servings FROM planned_meals WHERE user_id = $1 AND week = $2", userID, string(week))
	if err != nil {
		return shop.MealPlan{}, wrap("read meal plan", err)
	}
	plan := shop.MealPlan{UserID: userID, Week: week, Days: map[shop.Day]map[shop.Meal]shop.PlannedMeal{}}
	for _, p := range rows {
		if plan.Days[p.day] == nil {
			plan.Days[p.day] = map[shop.Meal]shop.PlannedMeal{}
		}
		plan.Days[p.day][p.meal] = p.PlannedMeal
	}
	return plan, nil
}

// PutMealPlan replaces a user's week. The user's row is locked, so that of two
// concurrent calls one wins whole and the weeks never mix.
func (q queries) PutMealPlan(ctx context.Context, plan shop.MealPlan) (shop.MealPlan, error) {
	plan, err := plan.Normalize()
	if err != nil {
		return shop.MealPlan{}, err
	}
	return atomic(ctx, q, "put meal plan", func(q queries) (none shop.MealPlan, err error) {
		var id int64
		err = q.Write.QueryRowContext(ctx, "SELECT id FROM users WHERE id = $1"+q.Dialect.ForUpdate, plan.UserID).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return none, notFound("user", plan.UserID)
		}
		if err != nil {
			return none, err
		}
		if err := q.plannedExist(ctx, plan); err != nil {
			return none, err
		}
		if _, err := q.Write.ExecContext(ctx, "DELETE FROM planned_meals WHERE user_id = $1 AND week = $2", plan.UserID, string(plan.Week)); err != nil {
			return none, err
		}
		for day, meals := range plan.Days {
			for meal, p := range meals {
				_, err := q.Write.ExecContext(ctx, `INSERT INTO planned_meals (user_id, week, day, meal, recipe_id, servings)
					VALUES ($1, $2, $3, $4, $5, $6)`, plan.UserID, string(plan.Week), string(day), string(meal), p.RecipeID, p.Servings)
				if sqldb.IsForeignKey(err) { // deleted since plannedExist
					return none, noRecipe(day, meal, p.RecipeID)
				}
				if err != nil {
					return none, err
				}
			}
		}
		return plan, nil
	})
}

// plannedExist names every planned recipe that does not exist.
func (q queries) plannedExist(ctx context.Context, plan shop.MealPlan) error {
	array, err := sqldb.Array(plan.RecipeIDs())
	if err != nil {
		return err
	}
	ids, err := sqldb.List(ctx, q.Read, scanID, "SELECT id FROM recipes WHERE id IN "+q.Dialect.Ints(1), array)
	if err != nil {
		return err
	}
	known := make(map[int64]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	missing := &shop.InvalidError{}
	for _, day := range shop.Days {
		for _, meal := range shop.Meals {
			if p, ok := plan.Days[day][meal]; ok && !known[p.RecipeID] {
				missing.Fields = append(missing.Fields, noRecipe(day, meal, p.RecipeID).Fields...)
			}
		}
	}
	if len(missing.Fields) > 0 {
		return missing
	}
	return nil
}

func noRecipe(day shop.Day, meal shop.Meal, id int64) *shop.InvalidError {
	return &shop.InvalidError{Fields: []shop.FieldError{{
		Field: fmt.Sprintf("days.%s.%s.recipeId", day, meal), Message: fmt.Sprintf("%d, expected a recipe that exists", id),
	}}}
}
