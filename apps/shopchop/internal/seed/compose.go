package seed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// diet is what a recipe's ingredients allow; a recipe is as strict as the
// least strict of them.
type diet int

const (
	meat diet = iota // or fish
	vegetarian
	vegan
)

// dish is the base of five recipes.
type dish struct {
	name        string // %s is the variant's title
	cuisine     string
	course      string
	description string // %s is the variant in the middle of a sentence
	servings    int
	prep, cook  int // minutes
	difficulty  shop.Difficulty
	diet        diet
	tags        string // more tags, by spaces
	base        string // ingredients, see ingredients
	steps       string // one a line; %s is the variant
	variants    string // keys of the table of variants, by spaces
}

// variant is what makes one recipe of a dish.
type variant struct {
	title string // in a name: "Tofu"
	word  string // in a sentence: "tofu"
	diet  diet
	lines string // ingredients
	step  string // how it is made ready
}

// Recipes returns the 200 recipes, each name once.
func Recipes() []shop.RecipeDraft {
	var drafts []shop.RecipeDraft
	for _, d := range dishes {
		for _, key := range strings.Fields(d.variants) {
			drafts = append(drafts, d.with(variants[key]))
		}
	}
	return drafts
}

// with puts a recipe together.
func (d dish) with(v variant) shop.RecipeDraft {
	fill := func(text, word string) string { return strings.ReplaceAll(text, "%s", word) }
	steps := []string{v.step}
	for step := range strings.Lines(strings.TrimSpace(d.steps)) {
		steps = append(steps, fill(strings.TrimSpace(step), v.word))
	}
	tags := []string{d.cuisine, d.course}
	switch min(d.diet, v.diet) {
	case vegan:
		tags = append(tags, "vegan", "vegetarian")
	case vegetarian:
		tags = append(tags, "vegetarian")
	}
	if d.prep+d.cook <= 30 {
		tags = append(tags, "quick")
	}
	return shop.RecipeDraft{
		Name: fill(d.name, v.title), Description: fill(d.description, v.word),
		Servings: d.servings, PrepTime: d.prep, CookTime: d.cook, Difficulty: d.difficulty,
		Tags:         append(tags, strings.Fields(d.tags)...),
		Ingredients:  append(ingredients(v.lines), ingredients(d.base)...),
		Instructions: steps,
	}
}

// units are the words after a quantity that are not part of the name.
var units = map[string]bool{
	"g": true, "ml": true, "l": true, "tbsp": true, "tsp": true, "clove": true, "slice": true, "can": true, "bunch": true, "pinch": true, "sheet": true,
}

// ingredients reads a list such as "400 g spaghetti, 2 clove garlic, 1 onion".
// The tables are part of the program: a bad line is a bug and panics.
func ingredients(list string) []shop.Ingredient {
	var all []shop.Ingredient
	for line := range strings.SplitSeq(list, ",") {
		words := strings.Fields(line)
		if len(words) < 2 {
			panic(fmt.Sprintf("seed: ingredient %q in %q, expected a quantity and a name", line, list))
		}
		quantity, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			panic(fmt.Sprintf("seed: ingredient %q in %q begins with no number", line, list))
		}
		unit, name := "", words[1:]
		if units[words[1]] && len(words) > 2 {
			unit, name = words[1], words[2:]
		}
		all = append(all, shop.Ingredient{Name: strings.Join(name, " "), Quantity: quantity, Unit: unit})
	}
	return all
}
