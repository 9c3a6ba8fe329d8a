package shop

import (
	"context"
	"iter"
	"time"
)

// Repository is the primary database, the source of truth. It is safe for
// concurrent use. Methods that take a draft, a patch or a plan normalize it
// themselves and return an [InvalidError] when it is bad.
//
// The All methods walk a whole table in batches, in the order of its key, and
// hold nothing open between two batches, so the loop's body may use the
// repository. Rows written meanwhile may or may not be seen. An error ends
// the walk.
type Repository interface {
	RecipeRepository
	AudienceRepository
	UserRepository
	KitchenRepository

	// Atomically runs f on a repository whose changes all take effect if f
	// returns nil, and none of them otherwise. Inside f only that repository
	// may be used; it must not outlive f nor be used by two goroutines at once.
	Atomically(ctx context.Context, f func(Repository) error) error
	// Empty reports whether there are neither users nor recipes.
	Empty(ctx context.Context) (bool, error)
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
}

// RecipeRepository keeps recipes.
type RecipeRepository interface {
	// Recipe returns one recipe, or ErrNotFound.
	Recipe(ctx context.Context, id int64) (Recipe, error)
	// Recipes returns those of the ids that exist, in one query.
	Recipes(ctx context.Context, ids []int64) (map[int64]Recipe, error)
	// ListRecipes returns a page of recipes, newest first.
	ListRecipes(ctx context.Context, filter RecipeFilter) (RecipePage, error)
	// AllRecipes walks all recipes by id.
	AllRecipes(ctx context.Context) iter.Seq2[Recipe, error]
	// CreateRecipe stores a new recipe of a user; ErrNotFound without that user.
	CreateRecipe(ctx context.Context, userID int64, draft RecipeDraft) (Recipe, error)
	// UpdateRecipe changes what the patch names and returns the new recipe.
	// Two concurrent patches of different fields both survive. ErrNotFound, or
	// ErrForbidden if by is neither owner nor admin.
	UpdateRecipe(ctx context.Context, by Actor, id int64, patch RecipePatch) (Recipe, error)
	// DeleteRecipe deletes a recipe with its stats, ratings, favourites, tags
	// and planned meals, and returns it as it was. ErrNotFound, or ErrForbidden
	// if by is neither owner nor admin.
	DeleteRecipe(ctx context.Context, by Actor, id int64) (Recipe, error)
}

// AudienceRepository keeps what the public does with recipes: views, shares,
// favourites and stars.
type AudienceRepository interface {
	// Stats returns one recipe's numbers, or ErrNotFound.
	Stats(ctx context.Context, id int64) (RecipeStats, error)
	// StatsOf returns the numbers of those of the recipes that exist, in one query.
	StatsOf(ctx context.Context, ids []int64) (map[int64]RecipeStats, error)
	// AllStats walks the numbers of all recipes by id.
	AllStats(ctx context.Context) iter.Seq2[RecipeStats, error]
	// AddCounts adds to the counters of many recipes at once, all or none.
	// Recipes that do not exist (any more) are passed over.
	AddCounts(ctx context.Context, counts map[int64]Counts) error
	// PopularScores returns the limit most popular recipes, ties by lower id;
	// all of them if limit is 0.
	PopularScores(ctx context.Context, limit int) ([]RecipeScore, error)

	// SetFavorite reports whether that is news; ErrNotFound without the user or recipe.
	SetFavorite(ctx context.Context, userID, recipeID int64) (changed bool, err error)
	// UnsetFavorite reports whether there was something to take away.
	UnsetFavorite(ctx context.Context, userID, recipeID int64) (changed bool, err error)
	// IsFavorite reports whether a user has a recipe among the favourites.
	IsFavorite(ctx context.Context, userID, recipeID int64) (bool, error)
	// Favorites returns the ids of a user's favourite recipes, newest favourite first.
	Favorites(ctx context.Context, userID int64) ([]int64, error)
	// FavoritedBy returns the ids of a recipe's admirers, newest first.
	FavoritedBy(ctx context.Context, recipeID int64) ([]int64, error)
	// AllFavorites walks all favourites by user and recipe.
	AllFavorites(ctx context.Context) iter.Seq2[Favorite, error]

	// Rate sets a user's stars (1 to 5) and returns the recipe's summary with
	// them; ErrNotFound without the user or recipe.
	Rate(ctx context.Context, userID, recipeID int64, stars int) (RatingSummary, error)
	// Stars returns what a user gave a recipe; 0 if nothing.
	Stars(ctx context.Context, userID, recipeID int64) (int, error)
	// Ratings returns a recipe's ratings by user.
	Ratings(ctx context.Context, recipeID int64) ([]Rating, error)
	// AllRatings walks all ratings by recipe and user.
	AllRatings(ctx context.Context) iter.Seq2[Rating, error]
}

// UserRepository keeps accounts.
type UserRepository interface {
	// User returns one account, or ErrNotFound.
	User(ctx context.Context, id int64) (User, error)
	// Users returns those of the ids that exist, in one query.
	Users(ctx context.Context, ids []int64) (map[int64]User, error)
	// CreateUser makes an account; ErrConflict if the email has one.
	CreateUser(ctx context.Context, draft UserDraft) (User, error)
	// UpdateUser changes what the patch names and returns the new account.
	// ErrNotFound, or ErrConflict if another account has the email.
	UpdateUser(ctx context.Context, id int64, patch UserPatch) (User, error)
	// Credentials returns what a login is checked against, or ErrNotFound.
	Credentials(ctx context.Context, email string) (Credentials, error)
	// SetPassword replaces the hash; ErrNotFound.
	SetPassword(ctx context.Context, id int64, hash PasswordHash) error
	// ReplacePassword replaces the hash if it is still the old one, and reports
	// whether it was: a hash that is made stronger at a login must not undo a change of the password.
	ReplacePassword(ctx context.Context, id int64, old, hash PasswordHash) (bool, error)
	// HasAdmin reports whether there is an account that may do everything.
	HasAdmin(ctx context.Context) (bool, error)
	// RecordLogin counts a login and returns the account with it; ErrNotFound.
	RecordLogin(ctx context.Context, id int64, at time.Time) (User, error)
}

// KitchenRepository keeps what is in store and what is cooked.
type KitchenRepository interface {
	// Stock returns an item, or ErrNotFound.
	Stock(ctx context.Context, item string) (InventoryItem, error)
	// SetStock makes or overwrites an item's stock.
	SetStock(ctx context.Context, item string, stock int64) (InventoryItem, error)
	// TakeStock takes n at once and returns what is left. ErrNotFound, or
	// ErrOutOfStock if there are fewer than n: then nothing is taken.
	TakeStock(ctx context.Context, item string, n int64) (InventoryItem, error)
	// ListStock returns a page of the items by name, and how many there are. Page
	// and limit are as in [RecipeFilter].
	ListStock(ctx context.Context, page, limit int) (items []InventoryItem, total int, err error)
	// AllStock walks all items by name.
	AllStock(ctx context.Context) iter.Seq2[InventoryItem, error]

	// MealPlan returns a user's week; an empty one if nothing is planned.
	MealPlan(ctx context.Context, userID int64, week Week) (MealPlan, error)
	// PutMealPlan replaces a user's week and returns it as stored. Of two
	// concurrent calls one wins whole. ErrNotFound without the user; an
	// InvalidError names planned recipes that do not exist.
	PutMealPlan(ctx context.Context, plan MealPlan) (MealPlan, error)
}
