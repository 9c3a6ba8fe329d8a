package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Options are what the handler works with.
type Options struct {
	// Catalog does the work. Required.
	Catalog *catalog.Catalog
	// Authenticate says who asks; nil means that nobody is known. An error that is
	// not [ErrUnauthenticated] is a failure of the service.
	Authenticate func(r *http.Request) (shop.User, error)
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
	catalog *catalog.Catalog
	auth    func(r *http.Request) (shop.User, error)
	ready   func(ctx context.Context) error
	page    http.Handler
	log     *slog.Logger
	mux     *http.ServeMux
}

// route is one line of the table of routes.
type route struct {
	method, path string
	handle       func(w http.ResponseWriter, r *http.Request) error
}

// routes is the table of everything that is answered besides the page.
func (h *handler) routes() []route {
	return []route{
		{http.MethodGet, "/api/recipes", h.listRecipes},
		{http.MethodPost, "/api/recipes", h.signedIn(h.createRecipe)},
		{http.MethodGet, "/api/recipes/popular", h.popularRecipes},
		{http.MethodGet, "/api/recipes/{id}", h.readRecipe},
		{http.MethodPut, "/api/recipes/{id}", h.signedIn(h.updateRecipe)},
		{http.MethodDelete, "/api/recipes/{id}", h.signedIn(h.deleteRecipe)},
		{http.MethodGet, "/api/recipes/{id}/stats", h.readStats},
		{http.MethodPut, "/api/recipes/{id}/favorite", h.signedIn(h.setFavorite)},
		{http.MethodDelete, "/api/recipes/{id}/favorite", h.signedIn(h.unsetFavorite)},
		{http.MethodPut, "/api/recipes/{id}/rating", h.signedIn(h.rateRecipe)},

		{http.MethodGet, "/api/me", h.signedIn(h.readMe)},
		{http.MethodPut, "/api/me", h.signedIn(h.updateMe)},
		{http.MethodGet, "/api/me/recipes", h.signedIn(h.ownRecipes)},
		{http.MethodGet, "/api/me/favorites", h.signedIn(h.favoriteRecipes)},
		{http.MethodGet, "/api/me/recent", h.signedIn(h.recentRecipes)},
		{http.MethodGet, "/api/me/activity", h.signedIn(h.readActivity)},

		{http.MethodGet, "/api/inventory", h.listStock},
		{http.MethodGet, "/api/inventory/{item}", h.readStock},
		{http.MethodPut, "/api/inventory/{item}", h.signedIn(h.setStock)},
		{http.MethodPost, "/api/inventory/{item}/take", h.signedIn(h.takeStock)},

		{http.MethodGet, "/api/meal-plan", h.signedIn(h.readPlan)},
		{http.MethodPost, "/api/meal-plan", h.signedIn(h.putPlan)},
		{http.MethodGet, "/api/shopping-list", h.signedIn(h.readShopping)},

		{http.MethodGet, "/health/live", h.live},
		{http.MethodGet, "/health/ready", h.isReady},
		{http.MethodGet, "/openapi.json", h.describe},
	}
}

// corsHeaders are what a page of an admitted origin may send.
const corsHeaders = "Content-Type, X-Request-Id, " + debugUserHeader

// New makes the handler of the whole service.
func New(o Options) (http.Handler, error) {
	if o.Catalog == nil {
		return nil, errors.New("web: Options.Catalog is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Authenticate == nil {
		o.Authenticate = func(*http.Request) (shop.User, error) { return shop.User{}, ErrUnauthenticated }
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Page == nil {
		o.Page = http.NotFoundHandler()
	}
	origins, err := httpjson.NewOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	h := &handler{catalog: o.Catalog, auth: o.Authenticate, ready: o.Ready, page: o.Page, log: o.Logger, mux: http.NewServeMux()}
	for _, route := range h.routes() {
		h.mux.Handle(route.method+" "+route.path, h.answer(route.handle))
	}
	h.mux.HandleFunc("/", h.other)
	return httpjson.Requests(o.Logger, origins.Protect(corsHeaders, h.mux)), nil
}

// answer runs a route and sends what went wrong.
func (h *handler) answer(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Content-Type-Options"] = []string{"nosniff"}
		if err := handle(w, r); err != nil {
			h.fail(w, r, err)
		}
	})
}

// other answers what no route takes: the page, or 405 or 404.
func (h *handler) other(w http.ResponseWriter, r *http.Request) {
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reading && !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/health/") {
		h.page.ServeHTTP(w, r)
		return
	}
	h.unrouted(w, r)
}

func (h *handler) unrouted(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := h.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		httpjson.WriteError(w, &httpjson.Error{Status: http.StatusNotFound, Text: "Not found"})
		return
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	httpjson.WriteError(w, &httpjson.Error{Status: http.StatusMethodNotAllowed, Text: "Method " + r.Method + " is not allowed, expected " + list})
}
