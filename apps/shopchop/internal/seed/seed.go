package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Report says what was written; the zero value if there was something already.
type Report struct {
	Users, Recipes, Favorites, Ratings, Items int
}

// DemoPassword is the password of the people where the service is for trying
// out. Everybody may know it, so it is no password anywhere else.
const DemoPassword = "shop-and-chop"

// Apply fills the repository if it is empty, in one transaction: whole or not
// at all. The people get the hash as their password's; with "" nobody can log in as one
// of them.
func Apply(ctx context.Context, r shop.Repository, hash shop.PasswordHash) (Report, error) {
	var report Report
	err := r.Atomically(ctx, func(r shop.Repository) error {
		report = Report{}
		if empty, err := r.Empty(ctx); err != nil || !empty {
			return err
		}
		return fill(ctx, r, hash, &report)
	})
	if errors.Is(err, shop.ErrConflict) {
		// Another process seeded at the same time and was first.
		return Report{}, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("seed: %w", err)
	}
	return report, nil
}

func fill(ctx context.Context, r shop.Repository, hash shop.PasswordHash, report *Report) error {
	var users, recipes []int64
	for _, draft := range People() {
		draft.Hash = hash
		user, err := r.CreateUser(ctx, draft)
		if err != nil {
			return err
		}
		users = append(users, user.ID)
	}
	for i, draft := range Recipes() {
		// Neighbours in the list are variants of one dish: give them to different people.
		recipe, err := r.CreateRecipe(ctx, users[i*7%len(users)], draft)
		if err != nil {
			return fmt.Errorf("recipe %q: %w", draft.Name, err)
		}
		recipes = append(recipes, recipe.ID)
	}
	report.Users, report.Recipes = len(users), len(recipes)
	for _, item := range stock {
		if _, err := r.SetStock(ctx, item.Item, item.Stock); err != nil {
			return err
		}
	}
	report.Items = len(stock)
	return public(ctx, r, users, recipes, report)
}

// public makes the audience: every recipe is as well liked as its place in a
// shuffled order says, few a lot and most a little.
func public(ctx context.Context, r shop.Repository, users, recipes []int64, report *Report) error {
	random := rand.New(rand.NewPCG(2026, 11)) // fixed: the same audience at every start
	counts := map[int64]shop.Counts{}
	for place, i := range random.Perm(len(recipes)) {
		id := recipes[i]
		views := int64(2000/(place+4) + random.IntN(20))
		counts[id] = shop.Counts{Views: views, Shares: views / 25}
		fans := min(len(users), 40/(place+3)+random.IntN(3))
		for _, u := range random.Perm(len(users))[:fans] {
			if _, err := r.SetFavorite(ctx, users[u], id); err != nil {
				return err
			}
			report.Favorites++
		}
		for _, u := range random.Perm(len(users))[:random.IntN(6)] {
			if _, err := r.Rate(ctx, users[u], id, 5-random.IntN(1+min(4, 1+place/50))); err != nil {
				return err
			}
			report.Ratings++
		}
	}
	return r.AddCounts(ctx, counts)
}
