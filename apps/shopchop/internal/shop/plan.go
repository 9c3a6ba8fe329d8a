package shop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Week is an ISO 8601 week, such as "2026-W47". It begins on Monday.
type Week string

// WeekOf returns the week of t, in t's location.
func WeekOf(t time.Time) Week {
	year, week := t.ISOWeek()
	return Week(fmt.Sprintf("%04d-W%02d", year, week))
}

// ParseWeek returns the week named by s, or an [InvalidError] about the field week.
func ParseWeek(s string) (Week, error) {
	var year, week int
	if n, err := fmt.Sscanf(s, "%4d-W%2d", &year, &week); n == 2 && err == nil && year > 0 {
		// January 4 is always in week 1; a week that the year does not have
		// lands in the next one and is spelled otherwise.
		first := time.Date(year, time.January, 4, 0, 0, 0, 0, time.UTC)
		if w := WeekOf(first.AddDate(0, 0, 7*(week-1))); string(w) == s {
			return w, nil
		}
	}
	return "", Invalid("week", "%q, expected an ISO week such as 2026-W47", s)
}

// Day is a day of the week: "monday" to "sunday".
type Day string

// Meal is a meal of the day: "breakfast", "lunch", "dinner" or "snack".
type Meal string

// Days and Meals are all there are, in order.
var (
	Days  = [...]Day{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	Meals = [...]Meal{"breakfast", "lunch", "dinner", "snack"}
)

// PlannedMeal is what is cooked. In JSON a bare number is a recipe id too.
type PlannedMeal struct {
	RecipeID int64 `json:"recipeId"`
	// Servings is for how many; 0 means as many as the recipe serves.
	Servings int `json:"servings,omitempty"`
}

// UnmarshalJSON takes {"recipeId":7,"servings":2} and the bare number 7.
// Unknown fields are refused.
func (m *PlannedMeal) UnmarshalJSON(data []byte) error {
	*m = PlannedMeal{}
	if err := json.Unmarshal(data, &m.RecipeID); err == nil {
		return nil
	}
	type object PlannedMeal // without this method
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode((*object)(m))
}

// MealPlan is one user's week: day, then meal, then recipe. A day or meal that
// is not there has nothing planned.
type MealPlan struct {
	UserID int64                        `json:"userId"`
	Week   Week                         `json:"week"`
	Days   map[Day]map[Meal]PlannedMeal `json:"days"`
}

// Normalize returns a copy without empty days, or an [InvalidError] that names
// every bad field. Whether the recipes exist is the database's to say.
func (p MealPlan) Normalize() (MealPlan, error) {
	var v validator
	if _, err := ParseWeek(string(p.Week)); err != nil {
		v.Fail("week", "%q, expected an ISO week such as 2026-W47", p.Week)
	}
	out := MealPlan{UserID: p.UserID, Week: p.Week, Days: map[Day]map[Meal]PlannedMeal{}}
	for day, meals := range p.Days {
		if !slices.Contains(Days[:], day) {
			v.Fail("days", "%q, expected %v", day, Days)
			continue
		}
		for meal, planned := range meals {
			at := fmt.Sprintf("days.%s.%s", day, meal)
			if !slices.Contains(Meals[:], meal) {
				v.Fail("days."+string(day), "%q, expected %v", meal, Meals)
			}
			if planned.RecipeID <= 0 {
				v.Fail(at+".recipeId", "%d, expected a recipe's id", planned.RecipeID)
			}
			v.Number(at+".servings", int64(planned.Servings), 0, 1000)
			if out.Days[day] == nil {
				out.Days[day] = map[Meal]PlannedMeal{}
			}
			out.Days[day][meal] = planned
		}
	}
	v.Sort() // the maps have no order
	if err := v.Err(); err != nil {
		return MealPlan{}, err
	}
	return out, nil
}

// RecipeIDs returns the planned recipes, each once, in ascending order.
func (p MealPlan) RecipeIDs() []int64 {
	ids := []int64{}
	for _, meals := range p.Days {
		for _, planned := range meals {
			ids = append(ids, planned.RecipeID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
