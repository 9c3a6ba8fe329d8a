package shoptest

import (
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func statsCounts(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	a, b := mustRecipe(t, r, user.ID, "A").ID, mustRecipe(t, r, user.ID, "B").ID
	same(t, "new", must[shop.RecipeStats](t)(r.Stats(t.Context(), a)), shop.RecipeStats{RecipeID: a})
	for range 2 {
		// The recipe that does not exist takes nothing from the others.
		if err := r.AddCounts(t.Context(), map[int64]shop.Counts{a: {Views: 3, Shares: 1}, b: {Views: 1}, b + 1: {Views: 9}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.AddCounts(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	must[bool](t)(r.SetFavorite(t.Context(), user.ID, a))
	must[shop.RatingSummary](t)(r.Rate(t.Context(), user.ID, a, 5))
	want := []shop.RecipeStats{
		{RecipeID: a, Views: 6, Shares: 2, Likes: 1, RatingAverage: 5, RatingCount: 1},
		{RecipeID: b, Views: 2},
	}
	same(t, "one", must[shop.RecipeStats](t)(r.Stats(t.Context(), a)), want[0])
	same(t, "all", walked(t, r.AllStats(t.Context())), want)
	same(t, "some", must[map[int64]shop.RecipeStats](t)(r.StatsOf(t.Context(), []int64{b, b + 1, b})), map[int64]shop.RecipeStats{b: want[1]})
	same(t, "none", must[map[int64]shop.RecipeStats](t)(r.StatsOf(t.Context(), nil)), map[int64]shop.RecipeStats{})
	same(t, "score", want[0].Score(), int64(8))
	_, err := r.Stats(t.Context(), b+1)
	wantErr(t, err, shop.ErrNotFound)
}

// Flushes of several processes at once lose nothing and do not deadlock.
func statsConcurrentCounts(t *testing.T, r shop.Repository) {
	const writers, flushes = 8, 10
	user := mustUser(t, r, "a@example.com")
	counts := map[int64]shop.Counts{}
	for range 20 {
		counts[mustRecipe(t, r, user.ID, "Soup").ID] = shop.Counts{Views: 1, Shares: 2}
	}
	noErrors(t, together(writers, func(int) error {
		for range flushes {
			if err := r.AddCounts(t.Context(), counts); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, s := range walked(t, r.AllStats(t.Context())) {
		if s.Views != writers*flushes || s.Shares != 2*writers*flushes {
			t.Errorf("recipe %d has %d views and %d shares, want %d and %d", s.RecipeID, s.Views, s.Shares, writers*flushes, 2*writers*flushes)
		}
	}
}

func statsPopular(t *testing.T, r shop.Repository) {
	u1, u2 := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	a, b, c, d := mustRecipe(t, r, u1.ID, "A").ID, mustRecipe(t, r, u1.ID, "B").ID, mustRecipe(t, r, u1.ID, "C").ID, mustRecipe(t, r, u1.ID, "D").ID
	if err := r.AddCounts(t.Context(), map[int64]shop.Counts{a: {Views: 1}, b: {Views: 3}, c: {Shares: 50}}); err != nil {
		t.Fatal(err)
	}
	must[bool](t)(r.SetFavorite(t.Context(), u1.ID, a))
	must[bool](t)(r.SetFavorite(t.Context(), u1.ID, d))
	must[bool](t)(r.SetFavorite(t.Context(), u2.ID, d))
	want := []shop.RecipeScore{{RecipeID: d, Score: 4}, {RecipeID: a, Score: 3}, {RecipeID: b, Score: 3}, {RecipeID: c}}
	same(t, "all", must[[]shop.RecipeScore](t)(r.PopularScores(t.Context(), 0)), want)
	same(t, "first two", must[[]shop.RecipeScore](t)(r.PopularScores(t.Context(), 2)), want[:2])
}

func favoriteSetAndUnset(t *testing.T, r shop.Repository) {
	u1, u2 := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	a, b := mustRecipe(t, r, u1.ID, "A").ID, mustRecipe(t, r, u1.ID, "B").ID
	for _, want := range []bool{true, false} {
		same(t, "set", must[bool](t)(r.SetFavorite(t.Context(), u1.ID, a)), want)
	}
	must[bool](t)(r.SetFavorite(t.Context(), u1.ID, b))
	must[bool](t)(r.SetFavorite(t.Context(), u2.ID, a))
	same(t, "newest first", must[[]int64](t)(r.Favorites(t.Context(), u1.ID)), []int64{b, a})
	same(t, "admirers", must[[]int64](t)(r.FavoritedBy(t.Context(), a)), []int64{u2.ID, u1.ID})
	pairs := [][2]int64{}
	for _, f := range walked(t, r.AllFavorites(t.Context())) {
		if f.CreatedAt.IsZero() {
			t.Errorf("favourite %v has no time", f)
		}
		pairs = append(pairs, [2]int64{f.UserID, f.RecipeID})
	}
	same(t, "all", pairs, [][2]int64{{u1.ID, a}, {u1.ID, b}, {u2.ID, a}})
	for _, want := range []bool{true, false} {
		same(t, "is", must[bool](t)(r.IsFavorite(t.Context(), u1.ID, a)), want)
		same(t, "unset", must[bool](t)(r.UnsetFavorite(t.Context(), u1.ID, a)), want)
	}
	same(t, "left", must[[]int64](t)(r.Favorites(t.Context(), u1.ID)), []int64{b})
	same(t, "nobody's", must[[]int64](t)(r.Favorites(t.Context(), u2.ID+1)), []int64{})
	_, err := r.SetFavorite(t.Context(), u1.ID, b+1)
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.SetFavorite(t.Context(), u2.ID+1, a)
	wantErr(t, err, shop.ErrNotFound)
}

// Of many equal requests at once exactly one is told that it changed something.
func favoriteConcurrent(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	recipe := mustRecipe(t, r, user.ID, "A").ID
	for _, f := range []func(i int) (bool, error){
		func(int) (bool, error) { return r.SetFavorite(t.Context(), user.ID, recipe) },
		func(int) (bool, error) { return r.UnsetFavorite(t.Context(), user.ID, recipe) },
	} {
		changed := make([]bool, 20)
		noErrors(t, together(len(changed), func(i int) (err error) {
			changed[i], err = f(i)
			return err
		}))
		n := 0
		for _, c := range changed {
			if c {
				n++
			}
		}
		same(t, "changed", n, 1)
	}
}

func ratingRate(t *testing.T, r shop.Repository) {
	u1, u2 := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	a := mustRecipe(t, r, u1.ID, "A").ID
	rate := must[shop.RatingSummary](t)
	same(t, "first", rate(r.Rate(t.Context(), u1.ID, a, 4)), shop.RatingSummary{Average: 4, Count: 1})
	same(t, "second", rate(r.Rate(t.Context(), u2.ID, a, 1)), shop.RatingSummary{Average: 2.5, Count: 2})
	same(t, "changed", rate(r.Rate(t.Context(), u1.ID, a, 5)), shop.RatingSummary{Average: 3, Count: 2})
	for _, all := range [][]shop.Rating{must[[]shop.Rating](t)(r.Ratings(t.Context(), a)), walked(t, r.AllRatings(t.Context()))} {
		for i := range all {
			if all[i].UpdatedAt.IsZero() {
				t.Errorf("rating %v has no time", all[i])
			}
			all[i].UpdatedAt = u1.CreatedAt
		}
		same(t, "all", all, []shop.Rating{
			{UserID: u1.ID, RecipeID: a, Stars: 5, UpdatedAt: u1.CreatedAt}, {UserID: u2.ID, RecipeID: a, Stars: 1, UpdatedAt: u1.CreatedAt},
		})
	}
	same(t, "stars", must[int](t)(r.Stars(t.Context(), u1.ID, a)), 5)
	same(t, "no stars", must[int](t)(r.Stars(t.Context(), u2.ID+1, a)), 0)
	for _, stars := range []int{0, 6, -1} {
		_, err := r.Rate(t.Context(), u1.ID, a, stars)
		wantErr(t, err, shop.ErrInvalid)
	}
	_, err := r.Rate(t.Context(), u1.ID, a+1, 3)
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.Rate(t.Context(), u2.ID+1, a, 3)
	wantErr(t, err, shop.ErrNotFound)
}

// The summary that comes back holds every rating that was stored before it, so
// one of them holds all.
func ratingConcurrent(t *testing.T, r shop.Repository) {
	const n = 20
	users := make([]shop.User, n)
	for i := range users {
		users[i] = mustUser(t, r, string(rune('a'+i))+"@example.com")
	}
	recipe := mustRecipe(t, r, users[0].ID, "A").ID
	counts := make([]int64, n)
	noErrors(t, together(n, func(i int) error {
		s, err := r.Rate(t.Context(), users[i].ID, recipe, 1+i%5)
		counts[i] = s.Count
		return err
	}))
	seen := map[int64]bool{}
	for _, c := range counts {
		seen[c] = true
	}
	same(t, "distinct counts", len(seen), n)
	same(t, "average", must[shop.RecipeStats](t)(r.Stats(t.Context(), recipe)).RatingAverage, 3.0)
}
