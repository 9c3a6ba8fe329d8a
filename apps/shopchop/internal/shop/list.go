package shop

// Bounds of the page size in lists.
const (
	DefaultLimit = 10
	MaxLimit     = 100
)

// RecipeFilter chooses recipes for a list. The zero value is the first ten of
// all recipes, newest first.
type RecipeFilter struct {
	Tags   []string // recipes that carry all of these
	Query  string   // recipes with this in their name or description, whatever the case
	UserID int64    // recipes of this writer; 0 for all
	Page   int      // from 1; less is taken as 1
	Limit  int      // 0 or less is DefaultLimit; more than MaxLimit is MaxLimit
}

// Normalize returns the filter with its defaults filled in and its tags in
// their stored form without repeats.
func (f RecipeFilter) Normalize() RecipeFilter {
	seen := make(map[string]bool, len(f.Tags))
	tags := make([]string, 0, len(f.Tags))
	for _, tag := range f.Tags {
		if tag = normalizeTag(tag); tag != "" && !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	f.Tags = tags
	// A page far beyond the end must not overflow the offset.
	const lastPage = 1 << 31
	f.Page = min(max(f.Page, 1), lastPage)
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	return f
}

// RecipePage is one page of a list.
type RecipePage struct {
	Recipes []Recipe
	Page    int // as used, from 1
	Limit   int // as used
	Total   int // recipes on all pages
}
