package web

import (
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/headers"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// Options are what the handler works with.
type Options struct {
	// Catalog does the work. Required.
	Catalog *catalog.Catalog
	// Accounts lets people in. Required.
	Accounts *account.Service
	// Sessions says who asks. It answers with [Unavailable] while that cannot be known. Required.
	Sessions *session.Manager
	// Pages keeps responses. Required.
	Pages *httpcache.Cache
	// Clients says from where a request comes. Required.
	Clients *ratelimit.Clients
	// Production makes all cookies Secure.
	Production bool
	// Limit stands before everything below /api/, AuthLimit before what everybody may send to
	// /api/auth/ besides. Nil is no limit.
	Limit, AuthLimit api.Gate
	// Ready fails while the service cannot do its work. Nil means that it always can.
	Ready func(ctx context.Context) error
	// Page answers GET requests outside the routes. Nil: they are 404.
	Page http.Handler
	// Origins are other sites whose pages may use the service, see httpjson.NewOrigins.
	Origins []string
	// Logger hears of failures; at level Debug of every request. Nil is silent.
	Logger *slog.Logger
}

// handler holds what the routes need.
type handler struct {
	api.Frame

	o Options
}

//go:embed openapi.json
var openAPI []byte

// routes is the table of everything that is answered besides the page.
func (h *handler) routes() []api.Route {
	return []api.Route{
		{Method: http.MethodPost, Path: "/api/auth/register", Handler: h.letter(h.register)},
		{Method: http.MethodPost, Path: loginPath, Handler: h.door(h.login)},
		{Method: http.MethodPost, Path: "/api/auth/logout", Handler: h.known(h.logout)},
		{Method: http.MethodPost, Path: "/api/auth/password/forgot", Handler: h.letter(h.forgot)},
		{Method: http.MethodPost, Path: "/api/auth/password/reset", Handler: h.letter(h.reset)},
		{Method: http.MethodGet, Path: "/api/auth/sessions", Handler: h.member(h.listDevices)},
		{Method: http.MethodDelete, Path: "/api/auth/sessions/{id}", Handler: h.member(h.endDevice)},

		{Method: http.MethodGet, Path: "/api/recipes", Handler: api.Cached(h.o.Pages, recipeLists())(h.Answer(h.listRecipes))},
		{Method: http.MethodPost, Path: "/api/recipes", Handler: h.member(h.createRecipe)},
		{Method: http.MethodGet, Path: "/api/recipes/popular", Handler: h.Answer(h.popularRecipes)},
		{Method: http.MethodGet, Path: "/api/recipes/{id}", Handler: h.reader(h.readRecipe)},
		{Method: http.MethodPut, Path: "/api/recipes/{id}", Handler: h.member(h.updateRecipe)},
		{Method: http.MethodDelete, Path: "/api/recipes/{id}", Handler: h.member(h.deleteRecipe)},
		{Method: http.MethodGet, Path: "/api/recipes/{id}/stats", Handler: h.Answer(h.readStats)},
		{Method: http.MethodPut, Path: "/api/recipes/{id}/favorite", Handler: h.member(h.setFavorite)},
		{Method: http.MethodDelete, Path: "/api/recipes/{id}/favorite", Handler: h.member(h.unsetFavorite)},
		{Method: http.MethodPut, Path: "/api/recipes/{id}/rating", Handler: h.member(h.rateRecipe)},

		{Method: http.MethodGet, Path: "/api/me", Handler: h.member(h.readMe)},
		{Method: http.MethodPut, Path: "/api/me", Handler: h.member(h.updateMe)},
		{Method: http.MethodGet, Path: "/api/me/recipes", Handler: h.member(h.ownRecipes)},
		{Method: http.MethodGet, Path: "/api/me/favorites", Handler: h.member(h.favoriteRecipes)},
		{Method: http.MethodGet, Path: "/api/me/recent", Handler: h.member(h.recentRecipes)},
		{Method: http.MethodGet, Path: "/api/me/activity", Handler: h.member(h.readActivity)},

		{Method: http.MethodGet, Path: "/api/inventory", Handler: h.Answer(h.listStock)},
		{Method: http.MethodGet, Path: "/api/inventory/{item}", Handler: h.Answer(h.readStock)},
		{Method: http.MethodPut, Path: "/api/inventory/{item}", Handler: h.member(h.setStock)},
		{Method: http.MethodPost, Path: "/api/inventory/{item}/take", Handler: h.member(h.takeStock)},

		{Method: http.MethodGet, Path: "/api/meal-plan", Handler: h.member(h.readPlan)},
		{Method: http.MethodPost, Path: "/api/meal-plan", Handler: h.member(h.putPlan)},
		{Method: http.MethodGet, Path: "/api/shopping-list", Handler: h.member(h.readShopping)},

		{Method: http.MethodGet, Path: "/health/live", Handler: h.Answer(h.Live)},
		{Method: http.MethodGet, Path: "/health/ready", Handler: h.Answer(h.Ready(h.o.Ready))},
		{Method: http.MethodGet, Path: "/openapi.json", Handler: h.Answer(api.Describe(openAPI))},
	}
}

// corsHeaders are what a page of an admitted origin may send.
const corsHeaders = "Content-Type, X-Request-Id"

// New makes the handler of the whole service.
func New(o Options) (http.Handler, error) {
	if o.Catalog == nil || o.Accounts == nil || o.Sessions == nil || o.Pages == nil || o.Clients == nil {
		return nil, errors.New("web: Options.Catalog, Accounts, Sessions, Pages and Clients are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Limit == nil {
		o.Limit = api.Free
	}
	if o.AuthLimit == nil {
		o.AuthLimit = api.Free
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	origins, err := httpjson.NewOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	h := &handler{api.Frame{Log: o.Logger, Reply: func(r *http.Request, err error) *httpjson.Error { return replyOf(r.Context(), err) }}, o}
	mux := h.Mux(h.routes(), []string{"/api/", "/health/"}, o.Page)
	limited := o.Limit(mux)
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			limited.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return httpjson.Requests(o.Logger, headers.Protect(o.Clients.HTTPS, origins.Protect(corsHeaders, all))), nil
}
