package shop

import "time"

// RecipeStats is what the public did with a recipe.
type RecipeStats struct {
	RecipeID      int64   `json:"recipeId"`
	Views         int64   `json:"views"`
	Likes         int64   `json:"likes"` // how many have it among their favourites
	Shares        int64   `json:"shares"`
	RatingAverage float64 `json:"ratingAverage"` // 1 to 5; 0 without ratings
	RatingCount   int64   `json:"ratingCount"`
}

// Score is the recipe's popularity: views + 2 x likes.
func (s RecipeStats) Score() int64 { return s.Views + 2*s.Likes }

// RecipeScore is one place in the popularity ranking.
type RecipeScore struct {
	RecipeID int64 `json:"recipeId"`
	Score    int64 `json:"score"`
}

// Counts is what to add to the counters of one recipe.
type Counts struct {
	Views  int64 `json:"views"`
	Shares int64 `json:"shares"`
}

// Favorite says that a user keeps a recipe among the favourites.
type Favorite struct {
	UserID    int64     `json:"userId"`
	RecipeID  int64     `json:"recipeId"`
	CreatedAt time.Time `json:"createdAt"`
}

// Rating is one user's stars for one recipe.
type Rating struct {
	UserID    int64     `json:"userId"`
	RecipeID  int64     `json:"recipeId"`
	Stars     int       `json:"stars"` // 1 to 5
	UpdatedAt time.Time `json:"updatedAt"`
}

// RatingSummary is a recipe's ratings in two numbers.
type RatingSummary struct {
	Average float64 `json:"average"` // 1 to 5; 0 without ratings
	Count   int64   `json:"count"`
}

// ValidStars returns an [InvalidError] unless stars is 1 to 5.
func ValidStars(stars int) error {
	var v validator
	v.Number("stars", int64(stars), 1, 5)
	return v.Err()
}
