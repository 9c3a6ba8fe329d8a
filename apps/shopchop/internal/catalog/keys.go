package catalog

import (
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick"
)

var (
	ratingsShape = redbrick.KeyShape{
		Owner: "shopchop", Pattern: "recipe:<id>:ratings", Type: "hash", TTL: "none", Slot: "key", Foreign: "read",
		Purpose: "stars of a recipe by user id",
	}
	boardShape = redbrick.KeyShape{
		Owner: "shopchop", Pattern: "recipes:popular", Type: "zset", TTL: "none", Slot: "key", Foreign: "read",
		Purpose: "recipe:<id> by views + 2 x likes",
	}
)

func text(id int64) string { return strconv.FormatInt(id, 10) }

// number reads an id that text wrote; 0 if it is something else.
func number(s string) int64 {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// numbers reads ids and passes over what is none.
func numbers(members []string) []int64 {
	ids := make([]int64, 0, len(members))
	for _, m := range members {
		if id := number(m); id > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func texts(ids []int64) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = text(id)
	}
	return all
}

func (c *Catalog) ratingsKey(recipeID int64) string {
	return c.rb.Namespace() + "recipe:" + text(recipeID) + ":ratings"
}

func (c *Catalog) boardKey() string { return c.rb.Namespace() + "recipes:popular" }

// member is a recipe on the board.
const memberPrefix = "recipe:"

func member(recipeID int64) string { return memberPrefix + text(recipeID) }

func recipeOf(member string) int64 { return number(strings.TrimPrefix(member, memberPrefix)) }
