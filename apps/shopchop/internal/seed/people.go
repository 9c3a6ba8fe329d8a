package seed

import (
	"strings"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// People returns the 20 people who wrote the recipes.
func People() []shop.UserDraft {
	var drafts []shop.UserDraft
	for _, p := range people {
		drafts = append(drafts, shop.UserDraft{
			Name:        p.name,
			Email:       strings.ToLower(strings.ReplaceAll(p.name, " ", ".")) + "@example.com",
			Preferences: strings.Fields(p.likes),
		})
	}
	return drafts
}

var people = []struct{ name, likes string }{
	{"Ada Rossi", "italian quick"}, {"Bao Nguyen", "vietnamese spicy"}, {"Carmen Ortega", "spanish comfort"},
	{"Dilip Sharma", "indian vegetarian"}, {"Elena Papadaki", "greek"}, {"Femi Adeyemi", "spicy one-pot"},
	{"Greta Lindholm", "baking dessert"}, {"Hiro Tanaka", "japanese quick"}, {"Ines Moreau", "french"},
	{"Jonas Weber", "comfort one-pot"}, {"Kira Novak", "vegan"}, {"Lucia Hernandez", "mexican spicy"},
	{"Malik Haddad", "moroccan"}, {"Nora Quinn", "breakfast baking"}, {"Omar Benali", "moroccan vegetarian"},
	{"Priya Nair", "indian vegan"}, {"Quentin Dubois", "french dessert"}, {"Rosa Silva", "quick"},
	{"Somchai Prasert", "thai spicy"}, {"Tessa Brooks", "american comfort"},
}

// stock is what lies in the store: pieces, or packs of the usual size.
var stock = []shop.InventoryItem{
	{Item: "eggs", Stock: 240}, {Item: "flour", Stock: 80}, {Item: "sugar", Stock: 60}, {Item: "butter", Stock: 75},
	{Item: "milk", Stock: 120}, {Item: "rice", Stock: 90}, {Item: "spaghetti", Stock: 110}, {Item: "olive-oil", Stock: 45},
	{Item: "onions", Stock: 300}, {Item: "garlic", Stock: 150}, {Item: "tomatoes", Stock: 200}, {Item: "lemons", Stock: 95},
	{Item: "chickpeas", Stock: 130}, {Item: "coconut-milk", Stock: 85}, {Item: "soy-sauce", Stock: 40}, {Item: "tofu", Stock: 55},
	{Item: "chicken-thighs", Stock: 48}, {Item: "prawns", Stock: 30}, {Item: "mushrooms", Stock: 64}, {Item: "saffron", Stock: 12},
}
