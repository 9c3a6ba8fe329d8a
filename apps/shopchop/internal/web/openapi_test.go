package web

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDescriptionHasTheRoutes(t *testing.T) {
	t.Parallel()
	h := &handler{o: Options{Sessions: new(session.Manager), Pages: new(httpcache.Cache), Limit: api.Free, AuthLimit: api.Free}}
	apitest.Routes(t, openAPI, h.routes(), "POST /api/auth/register", "POST /api/auth/login", "POST /api/auth/logout", "POST /api/auth/password/forgot", "POST /api/auth/password/reset")
}

func TestDescriptionHasTheMembers(t *testing.T) {
	t.Parallel()
	apitest.Members(t, openAPI, map[string]any{
		"Recipe": shop.Recipe{}, "PopularRecipe": catalog.PopularRecipe{}, "RecipeDraft": shop.RecipeDraft{}, "RecipePatch": shop.RecipePatch{},
		"Ingredient": shop.Ingredient{}, "RecipeStats": shop.RecipeStats{}, "RatingSummary": shop.RatingSummary{}, "User": shop.User{}, "UserPatch": shop.UserPatch{},
		"Activity": catalog.Activity{}, "Stock": catalog.Stock{}, "InventoryItem": shop.InventoryItem{}, "PlannedMeal": shop.PlannedMeal{}, "MealPlan": shop.MealPlan{},
		"Registration": account.Registration{}, "Login": loginBody{}, "Device": Device{},
		"ShoppingItem": shop.ShoppingItem{}, "ShoppingList": shop.ShoppingList{},
	})
}
