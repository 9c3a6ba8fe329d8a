package shop

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Difficulty says how much skill a recipe asks for.
type Difficulty string

// The difficulties there are.
const (
	Easy   Difficulty = "easy"
	Medium Difficulty = "medium"
	Hard   Difficulty = "hard"
)

// Ingredient is one line of a recipe's list. Quantity counts in Unit; a Unit
// of "" counts pieces.
type Ingredient struct {
	Name     string  `json:"name"`
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
}

// Recipe is a recipe as everybody sees it. Its JSON is the documented value of
// the Redis key recipe:<id>.
type Recipe struct {
	ID     int64 `json:"id"`
	UserID int64 `json:"userId"` // who wrote it

	Name        string `json:"name"`
	Description string `json:"description"`
	Servings    int    `json:"servings"`
	// PrepTime and CookTime are minutes.
	PrepTime     int          `json:"prepTime"`
	CookTime     int          `json:"cookTime"`
	Difficulty   Difficulty   `json:"difficulty"`
	Tags         []string     `json:"tags"` // lower case, no duplicates, in the writer's order
	Ingredients  []Ingredient `json:"ingredients"`
	Instructions []string     `json:"instructions"`
	ImageURL     string       `json:"imageUrl"` // "" or an http, https or rooted path address

	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// RecipeDraft is what a writer gives for a new recipe. Only Name must be given.
type RecipeDraft struct {
	Name         string       `json:"name"`
	Description  string       `json:"description"`
	Servings     int          `json:"servings"`   // 0 is taken as 1
	PrepTime     int          `json:"prepTime"`   // minutes
	CookTime     int          `json:"cookTime"`   // minutes
	Difficulty   Difficulty   `json:"difficulty"` // "" is taken as Medium
	Tags         []string     `json:"tags"`
	Ingredients  []Ingredient `json:"ingredients"`
	Instructions []string     `json:"instructions"`
	ImageURL     string       `json:"imageUrl"`
}

// RecipePatch names what changes; a nil field stays as it is.
type RecipePatch struct {
	Name         *string       `json:"name,omitempty"`
	Description  *string       `json:"description,omitempty"`
	Servings     *int          `json:"servings,omitempty"`
	PrepTime     *int          `json:"prepTime,omitempty"` // minutes
	CookTime     *int          `json:"cookTime,omitempty"` // minutes
	Difficulty   *Difficulty   `json:"difficulty,omitempty"`
	Tags         *[]string     `json:"tags,omitempty"`
	Ingredients  *[]Ingredient `json:"ingredients,omitempty"`
	Instructions *[]string     `json:"instructions,omitempty"`
	ImageURL     *string       `json:"imageUrl,omitempty"`
}

// Normalize returns the draft as it is stored, with defaults filled in, or an
// [InvalidError] that names every bad field.
func (d RecipeDraft) Normalize() (RecipeDraft, error) {
	if d.Servings == 0 {
		d.Servings = 1
	}
	if d.Difficulty == "" {
		d.Difficulty = Medium
	}
	p, err := RecipePatch{
		Name: &d.Name, Description: &d.Description,
		Servings: &d.Servings, PrepTime: &d.PrepTime, CookTime: &d.CookTime, Difficulty: &d.Difficulty,
		Tags: &d.Tags, Ingredients: &d.Ingredients, Instructions: &d.Instructions, ImageURL: &d.ImageURL,
	}.Normalize()
	if err != nil {
		return RecipeDraft{}, err
	}
	return RecipeDraft{
		Name: *p.Name, Description: *p.Description,
		Servings: *p.Servings, PrepTime: *p.PrepTime, CookTime: *p.CookTime, Difficulty: *p.Difficulty,
		Tags: *p.Tags, Ingredients: *p.Ingredients, Instructions: *p.Instructions, ImageURL: *p.ImageURL,
	}, nil
}

// Normalize returns the patch as it is stored, or an [InvalidError] that names
// every bad field. Texts are trimmed, tags and difficulty put in lower case.
// Nothing of the result is shared with p.
func (p RecipePatch) Normalize() (RecipePatch, error) {
	var v validator
	domain.Edit(&p.Name, func(s string) string { return v.Text("name", s, 1, 200, false) })
	domain.Edit(&p.Description, func(s string) string { return v.Text("description", s, 0, 5000, true) })
	domain.Edit(&p.Servings, func(n int) int { v.Number("servings", int64(n), 1, 1000); return n })
	const week = 7 * 24 * 60
	domain.Edit(&p.PrepTime, func(n int) int { v.Number("prepTime", int64(n), 0, week); return n })
	domain.Edit(&p.CookTime, func(n int) int { v.Number("cookTime", int64(n), 0, week); return n })
	domain.Edit(&p.Difficulty, v.difficulty)
	domain.Edit(&p.Tags, v.tags)
	domain.Edit(&p.Ingredients, v.ingredients)
	domain.Edit(&p.Instructions, func(in []string) []string { return v.Texts("instructions", in, 200, 2000, true) })
	domain.Edit(&p.ImageURL, v.imageURL)
	if err := v.Err(); err != nil {
		return RecipePatch{}, err
	}
	return p, nil
}

func (v *validator) difficulty(d Difficulty) Difficulty {
	d = Difficulty(strings.ToLower(strings.TrimSpace(string(d))))
	if d != Easy && d != Medium && d != Hard {
		v.Fail("difficulty", "%q, expected easy, medium or hard", d)
	}
	return d
}

// tags folds case and drops repeats: a tag is a set to intersect, and
// "Vegan" and "vegan" must be one set.
func (v *validator) tags(in []string) []string {
	seen := make(map[string]bool, len(in))
	out := make([]string, 0, len(in))
	for _, tag := range v.Texts("tags", in, 20, 40, false) {
		if tag = normalizeTag(tag); !seen[tag] {
			seen[tag] = true
			out = append(out, tag)
		}
	}
	return out
}

// normalizeTag returns a tag as it is stored: trimmed and in lower case.
func normalizeTag(tag string) string { return strings.ToLower(strings.TrimSpace(tag)) }

func (v *validator) ingredients(in []Ingredient) []Ingredient {
	out := make([]Ingredient, 0, len(in))
	if !v.Count("ingredients", len(in), 200) {
		return out
	}
	for i, line := range in {
		at := fmt.Sprintf("ingredients[%d].", i)
		v.Quantity(at+"quantity", line.Quantity, 1e6)
		out = append(out, Ingredient{
			Name:     v.Text(at+"name", line.Name, 1, 200, false),
			Quantity: line.Quantity,
			Unit:     v.Text(at+"unit", line.Unit, 0, 40, false),
		})
	}
	return out
}

// imageURL refuses schemes such as javascript: and data:, since pages put the
// address into markup.
func (v *validator) imageURL(s string) string {
	s = v.Text("imageUrl", s, 0, 2000, false)
	if s == "" {
		return s
	}
	u, err := url.Parse(s)
	web := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	rooted := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	if !web && !rooted {
		v.Fail("imageUrl", "%q, expected an http or https address or a path that begins with /", s)
	}
	return s
}
