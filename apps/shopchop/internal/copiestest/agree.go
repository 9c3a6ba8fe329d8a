package copiestest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// snapshot is what lies below the documented keys: key, then member or field, then value.
type snapshot map[string]map[string]string

func (s snapshot) put(key, field, value string) {
	if s[key] == nil {
		s[key] = map[string]string{}
	}
	s[key][field] = value
}

// Agree returns what of the kept copies differs from the database, or nil.
func Agree(ctx context.Context, repo shop.Repository, rb *redbrick.Client) error {
	want, err := expected(ctx, repo)
	if err != nil {
		return err
	}
	got, err := present(ctx, rb)
	if err != nil {
		return err
	}
	var faults []error
	for key := range merged(want, got) {
		for field := range merged(want[key], got[key]) {
			w, inDatabase := want[key][field]
			g, inRedis := got[key][field]
			if w != g || inDatabase != inRedis {
				faults = append(faults, fmt.Errorf("%s %s is %q (there: %t), the database says %q (there: %t)", key, field, g, inRedis, w, inDatabase))
			}
		}
	}
	return errors.Join(faults...)
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, a)
	return all
}

func text(n int64) string { return strconv.FormatInt(n, 10) }

// expected says what the database stands for.
func expected(ctx context.Context, repo shop.Repository) (snapshot, error) {
	s := snapshot{}
	for r, err := range repo.AllRecipes(ctx) {
		if err != nil {
			return nil, err
		}
		s.put("user:"+text(r.UserID)+":recipes", text(r.ID), "")
		for _, tag := range r.Tags {
			s.put("tag:"+tag, text(r.ID), "")
		}
	}
	for n, err := range repo.AllStats(ctx) {
		if err != nil {
			return nil, err
		}
		key := "recipe:" + text(n.RecipeID) + ":stats"
		for field, value := range map[string]int64{"recipeId": n.RecipeID, "views": n.Views, "likes": n.Likes, "shares": n.Shares, "ratingCount": n.RatingCount} {
			s.put(key, field, text(value))
		}
		s.put(key, "ratingAverage", strconv.FormatFloat(n.RatingAverage, 'g', 6, 64))
		s.put("recipes:popular", "recipe:"+text(n.RecipeID), text(n.Views+2*n.Likes))
	}
	for f, err := range repo.AllFavorites(ctx) {
		if err != nil {
			return nil, err
		}
		s.put("user:"+text(f.UserID)+":favorites", text(f.RecipeID), "")
		s.put("recipe:"+text(f.RecipeID)+":favorited_by", text(f.UserID), "")
	}
	for r, err := range repo.AllRatings(ctx) {
		if err != nil {
			return nil, err
		}
		s.put("recipe:"+text(r.RecipeID)+":ratings", text(r.UserID), text(int64(r.Stars)))
	}
	for i, err := range repo.AllStock(ctx) {
		if err != nil {
			return nil, err
		}
		s.put("inventory:"+i.Item+":stock", "", text(i.Stock))
	}
	return s, nil
}

// kept tells the kept copies from cached entries, feeds and the like.
func kept(key string) bool {
	switch head, rest, _ := strings.Cut(key, ":"); head {
	case "recipe", "user":
		return slices.ContainsFunc([]string{":stats", ":ratings", ":favorited_by", ":favorites", ":recipes"}, func(end string) bool { return strings.HasSuffix(rest, end) })
	case "tag", "inventory":
		return true
	case "recipes":
		return rest == "popular"
	}
	return false
}

// Keys returns all keys of the client's namespace, without it, sorted.
func Keys(ctx context.Context, rb *redbrick.Client) ([]string, error) {
	masters, err := rb.Masters(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match("*"+rb.Namespace()+"*").Count(1000).Build()).AsScanEntry()
			if err != nil {
				return nil, err
			}
			for _, key := range page.Elements {
				all[strings.Replace(key, rb.Namespace(), "", 1)] = true
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// present reads what is in Redis.
func present(ctx context.Context, rb *redbrick.Client) (snapshot, error) {
	keys, err := Keys(ctx, rb)
	if err != nil {
		return nil, err
	}
	s := snapshot{}
	for _, key := range keys {
		if !kept(key) {
			continue
		}
		if err := read(ctx, rb, s, key); err != nil && !rueidis.IsRedisNil(err) {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return s, nil
}

func read(ctx context.Context, rb *redbrick.Client, s snapshot, key string) error {
	physical := rb.Namespace() + key
	kind, err := rb.Do(ctx, rb.B().Type().Key(physical).Build()).ToString()
	if err != nil {
		return err
	}
	switch kind {
	case "string":
		value, err := rb.Do(ctx, rb.B().Get().Key(physical).Build()).ToString()
		s.put(key, "", value)
		return err
	case "set":
		members, err := rb.Do(ctx, rb.B().Smembers().Key(physical).Build()).AsStrSlice()
		for _, m := range members {
			s.put(key, m, "")
		}
		return err
	case "hash":
		fields, err := rb.Do(ctx, rb.B().Hgetall().Key(physical).Build()).AsStrMap()
		for f, v := range fields {
			if f == "ratingAverage" {
				average, bad := strconv.ParseFloat(v, 64)
				err = errors.Join(err, bad)
				v = strconv.FormatFloat(average, 'g', 6, 64)
			}
			s.put(key, f, v)
		}
		return err
	case "zset":
		scores, err := rb.Do(ctx, rb.B().Zrange().Key(physical).Min("0").Max("-1").Withscores().Build()).AsZScores()
		for _, z := range scores {
			s.put(key, z.Member, strconv.FormatFloat(z.Score, 'f', -1, 64))
		}
		return err
	}
	s.put(key, "type", kind)
	return nil
}
