package shop

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// ShoppingItem is how much of one ingredient the week needs.
type ShoppingItem struct {
	Name     string  `json:"name"`
	Quantity float64 `json:"quantity"` // rounded to thousandths
	Unit     string  `json:"unit"`
}

// ShoppingList is what the meals of a week need.
type ShoppingList struct {
	Week  Week           `json:"week"`
	Items []ShoppingItem `json:"items"` // by name, then unit
}

// NewShoppingList adds up the ingredients of the planned recipes by name and
// unit, whatever the case. A meal that names its servings counts in that
// proportion. A recipe that is not in recipes (deleted meanwhile) counts nothing.
func NewShoppingList(plan MealPlan, recipes map[int64]Recipe) ShoppingList {
	type key struct{ name, unit string }
	sums := map[key]*ShoppingItem{}
	// The days in order: sums of floats and the spelling of a name must not
	// depend on the order of a map.
	for _, day := range Days {
		for _, meal := range Meals {
			planned, ok := plan.Days[day][meal]
			recipe, known := recipes[planned.RecipeID]
			if !ok || !known {
				continue
			}
			factor := 1.0
			if planned.Servings > 0 && recipe.Servings > 0 {
				factor = float64(planned.Servings) / float64(recipe.Servings)
			}
			for _, line := range recipe.Ingredients {
				k := key{strings.ToLower(line.Name), strings.ToLower(line.Unit)}
				if sums[k] == nil {
					sums[k] = &ShoppingItem{Name: line.Name, Unit: line.Unit}
				}
				sums[k].Quantity += line.Quantity * factor
			}
		}
	}
	list := ShoppingList{Week: plan.Week, Items: make([]ShoppingItem, 0, len(sums))}
	for _, item := range sums {
		item.Quantity = math.Round(item.Quantity*1000) / 1000
		list.Items = append(list.Items, *item)
	}
	slices.SortFunc(list.Items, func(a, b ShoppingItem) int {
		return cmp.Or(
			cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
			cmp.Compare(strings.ToLower(a.Unit), strings.ToLower(b.Unit)),
		)
	})
	return list
}
