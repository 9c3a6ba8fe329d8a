package web

import (
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/account"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/lang"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/studio"
	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/headers"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// base is where the routes of the service begin.
const base = "/api/v1"

// Clients says from where a request comes; *ratelimit.Clients does.
type Clients interface {
	Addr(r *http.Request) netip.Addr
	ID(r *http.Request) string
	HTTPS(r *http.Request) bool
}

// Options are what the handler works with.
type Options struct {
	// Studio does the work, Accounts lets people in. Required.
	Studio   *studio.Studio
	Accounts *account.Service
	// Sessions and Access say who asks, by cookie or by token. Sessions answers with
	// [Unavailable] while that cannot be known. Required.
	Sessions *session.Manager
	Access   *token.Access
	// Pages keeps responses. Required.
	Pages *httpcache.Cache
	// Clients says from where a request comes. Required.
	Clients Clients
	// Limit stands before every route of the service, AuthLimit before those of
	// accounts besides; both count by [LimitKey]. Nil is no limit.
	Limit, AuthLimit api.Gate
	// DeviceTTL is how long a browser is known after a login.
	DeviceTTL time.Duration
	// Production has cookies sent by https alone.
	Production bool
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
		{Method: http.MethodPost, Path: base + "/auth/register", Handler: h.door(h.register)},
		{Method: http.MethodPost, Path: base + "/auth/login", Handler: h.door(h.login)},
		{Method: http.MethodPost, Path: base + "/auth/refresh", Handler: h.window(h.refresh)},
		{Method: http.MethodPost, Path: base + "/auth/logout", Handler: h.auth(h.logout)},
		{Method: http.MethodPost, Path: base + "/auth/logout-all", Handler: h.auth(h.logoutAll)},
		{Method: http.MethodGet, Path: base + "/auth/sessions", Handler: h.auth(h.listSessions)},
		{Method: http.MethodDelete, Path: base + "/auth/sessions/{id}", Handler: h.auth(h.endSession)},

		{Method: http.MethodGet, Path: base + "/exercises", Handler: h.o.Limit(api.Cached(h.o.Pages, exerciseLists())(h.Answer(h.listExercises)))},
		{Method: http.MethodPost, Path: base + "/exercises", Handler: h.member(h.createExercise)},
		{Method: http.MethodGet, Path: base + "/exercises/favorites", Handler: h.kept(favoriteLists(), h.favorites)},
		{Method: http.MethodGet, Path: base + "/exercises/{id}", Handler: h.open(h.readExercise)},
		{Method: http.MethodPut, Path: base + "/exercises/{id}", Handler: h.member(h.updateExercise)},
		{Method: http.MethodDelete, Path: base + "/exercises/{id}", Handler: h.member(h.deleteExercise)},
		{Method: http.MethodPut, Path: base + "/exercises/{id}/favorite", Handler: h.member(h.favorite(true))},
		{Method: http.MethodDelete, Path: base + "/exercises/{id}/favorite", Handler: h.member(h.favorite(false))},

		{Method: http.MethodGet, Path: base + "/workouts", Handler: h.member(h.listWorkouts)},
		{Method: http.MethodPost, Path: base + "/workouts", Handler: h.member(h.logWorkout)},
		{Method: http.MethodGet, Path: base + "/workouts/popular", Handler: h.open(h.popularWorkouts)},

		{Method: http.MethodGet, Path: base + "/users/profile", Handler: h.member(h.readProfile)},
		{Method: http.MethodPut, Path: base + "/users/profile", Handler: h.member(h.updateProfile)},
		{Method: http.MethodPut, Path: base + "/users/{id}/role", Handler: h.member(h.setRole)},
		{Method: http.MethodPut, Path: base + "/users/{id}/follow", Handler: h.member(h.follow(true))},
		{Method: http.MethodDelete, Path: base + "/users/{id}/follow", Handler: h.member(h.follow(false))},

		{Method: http.MethodGet, Path: "/health/live", Handler: h.Answer(h.Live)},
		{Method: http.MethodGet, Path: "/health/ready", Handler: h.Answer(h.Ready(h.o.Ready))},
		{Method: http.MethodGet, Path: "/openapi.json", Handler: h.Answer(api.Describe(openAPI))},
	}
}

// corsHeaders are what a page of an admitted origin may send.
const corsHeaders = "Accept-Language, Authorization, Content-Type, X-Request-Id"

// New makes the handler of the whole service.
func New(o Options) (http.Handler, error) {
	if o.Studio == nil || o.Accounts == nil || o.Sessions == nil || o.Access == nil || o.Pages == nil || o.Clients == nil {
		return nil, errors.New("web: Options.Studio, Accounts, Sessions, Access, Pages and Clients are required")
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
	origins.Refuse = Refuse
	h := &handler{api.Frame{Log: o.Logger, Reply: replyOf}, o}
	mux := h.Mux(h.routes(), []string{"/api/", "/health/"}, o.Page)
	return httpjson.Requests(o.Logger, headers.Protect(o.Clients.HTTPS, origins.Protect(corsHeaders, mux))), nil
}

// say sends data with a message in the language of the request.
func say(w http.ResponseWriter, r *http.Request, status int, data any, message string) {
	httpjson.Write(w, status, data, lang.Of(r).Text(message))
}

// Refuse sends a failure in the language of the request.
func Refuse(w http.ResponseWriter, r *http.Request, e *httpjson.Error) {
	httpjson.WriteError(w, e.In(lang.Of(r).Text))
}

// Unavailable answers in place of a handler while the session of a request cannot
// be read: 503, for nobody is taken for a visitor silently. It is for
// session.Options.Unavailable.
func Unavailable(w http.ResponseWriter, r *http.Request, _ error) { Refuse(w, r, api.Unavailable()) }

// replyOf knows besides what every application answers the errors of this one.
func replyOf(r *http.Request, err error) *httpjson.Error {
	reply := api.ReplyOf(r.Context(), err)
	if errors.Is(err, account.ErrCredentials) {
		reply = &httpjson.Error{Status: http.StatusUnauthorized, Text: "Invalid email or password"}
	}
	return reply.In(lang.Of(r).Text)
}
