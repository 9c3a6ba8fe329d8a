package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/redbrick-go/redbrick/apps/internal/headers"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/internal/clientip"
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
	// Proxies are those whose word about where a request comes from is believed.
	Proxies clientip.Proxies
	// Production makes all cookies Secure.
	Production bool
	// Limit stands before everything below /api/, AuthLimit before what everybody may send to
	// /api/auth/ besides. Nil is no limit.
	Limit, AuthLimit func(http.Handler) http.Handler
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
	catalog  *catalog.Catalog
	accounts *account.Service
	sessions *session.Manager
	ready    func(ctx context.Context) error
	page     http.Handler
	log      *slog.Logger
	mux      *http.ServeMux

	proxies    clientip.Proxies
	production bool
}

// route is one line of the table of routes.
type route struct {
	method, path string
	access       access
	handle       func(w http.ResponseWriter, r *http.Request) error
}

// access says what a route wants to know of who asks.
type access int

const (
	// open: nothing.
	open access = iota
	// reader: who reads is remembered, if that can be known; the answer is the same for all.
	reader
	// known: the session is read, and its end is possible.
	known
	// door: as known, and everybody may try to begin one.
	door
	// letter: everybody may try, without a session.
	letter
)

// routes is the table of everything that is answered besides the page.
func (h *handler) routes() []route {
	return []route{
		{http.MethodPost, "/api/auth/register", letter, h.register},
		{http.MethodPost, loginPath, door, h.login},
		{http.MethodPost, "/api/auth/logout", known, h.logout},
		{http.MethodPost, "/api/auth/password/forgot", letter, h.forgot},
		{http.MethodPost, "/api/auth/password/reset", letter, h.reset},
		{http.MethodGet, "/api/auth/sessions", known, h.signedIn(h.listDevices)},
		{http.MethodDelete, "/api/auth/sessions/{id}", known, h.signedIn(h.endDevice)},

		{http.MethodGet, "/api/recipes", open, h.listRecipes},
		{http.MethodPost, "/api/recipes", known, h.signedIn(h.createRecipe)},
		{http.MethodGet, "/api/recipes/popular", open, h.popularRecipes},
		{http.MethodGet, "/api/recipes/{id}", reader, h.readRecipe},
		{http.MethodPut, "/api/recipes/{id}", known, h.signedIn(h.updateRecipe)},
		{http.MethodDelete, "/api/recipes/{id}", known, h.signedIn(h.deleteRecipe)},
		{http.MethodGet, "/api/recipes/{id}/stats", open, h.readStats},
		{http.MethodPut, "/api/recipes/{id}/favorite", known, h.signedIn(h.setFavorite)},
		{http.MethodDelete, "/api/recipes/{id}/favorite", known, h.signedIn(h.unsetFavorite)},
		{http.MethodPut, "/api/recipes/{id}/rating", known, h.signedIn(h.rateRecipe)},

		{http.MethodGet, "/api/me", known, h.signedIn(h.readMe)},
		{http.MethodPut, "/api/me", known, h.signedIn(h.updateMe)},
		{http.MethodGet, "/api/me/recipes", known, h.signedIn(h.ownRecipes)},
		{http.MethodGet, "/api/me/favorites", known, h.signedIn(h.favoriteRecipes)},
		{http.MethodGet, "/api/me/recent", known, h.signedIn(h.recentRecipes)},
		{http.MethodGet, "/api/me/activity", known, h.signedIn(h.readActivity)},

		{http.MethodGet, "/api/inventory", open, h.listStock},
		{http.MethodGet, "/api/inventory/{item}", open, h.readStock},
		{http.MethodPut, "/api/inventory/{item}", known, h.signedIn(h.setStock)},
		{http.MethodPost, "/api/inventory/{item}/take", known, h.signedIn(h.takeStock)},

		{http.MethodGet, "/api/meal-plan", known, h.signedIn(h.readPlan)},
		{http.MethodPost, "/api/meal-plan", known, h.signedIn(h.putPlan)},
		{http.MethodGet, "/api/shopping-list", known, h.signedIn(h.readShopping)},

		{http.MethodGet, "/health/live", open, h.live},
		{http.MethodGet, "/health/ready", open, h.isReady},
		{http.MethodGet, "/openapi.json", open, h.describe},
	}
}

// corsHeaders are what a page of an admitted origin may send.
const corsHeaders = "Content-Type, X-Request-Id"

// New makes the handler of the whole service.
func New(o Options) (http.Handler, error) {
	if o.Catalog == nil || o.Accounts == nil || o.Sessions == nil {
		return nil, errors.New("web: Options.Catalog, Accounts and Sessions are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	free := func(next http.Handler) http.Handler { return next }
	if o.Limit == nil {
		o.Limit = free
	}
	if o.AuthLimit == nil {
		o.AuthLimit = free
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
	h := &handler{
		catalog: o.Catalog, accounts: o.Accounts, sessions: o.Sessions, ready: o.Ready, page: o.Page, log: o.Logger,
		proxies: o.Proxies, production: o.Production,
		mux: http.NewServeMux(),
	}
	for _, route := range h.routes() {
		handler := h.answer(route.handle)
		switch route.access {
		case reader:
			handler = orVisitor(h.sessions.Middleware(handler), handler)
		case known:
			handler = h.sessions.Middleware(handler)
		case door:
			handler = o.AuthLimit(h.sessions.Middleware(handler))
		case letter:
			handler = o.AuthLimit(handler)
		case open:
		}
		h.mux.Handle(route.method+" "+route.path, handler)
	}
	h.mux.HandleFunc("/", h.other)
	limited := o.Limit(h.mux)
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			limited.ServeHTTP(w, r)
			return
		}
		h.mux.ServeHTTP(w, r)
	})
	return httpjson.Requests(o.Logger, headers.Protect(o.Proxies.HTTPS, origins.Protect(corsHeaders, all))), nil
}

// answer runs a route and sends what went wrong.
func (h *handler) answer(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
