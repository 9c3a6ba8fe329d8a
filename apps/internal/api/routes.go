package api

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
)

// Handle answers one request, or says why not.
type Handle func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the table of routes.
type Route struct {
	Method, Path string
	Handler      http.Handler
}

// Frame turns errors into replies. Make it with the fields set.
type Frame struct {
	// Log hears of failures of the service, with the request's id. Required.
	Log *slog.Logger
	// Reply turns an error into what the client hears. Nil is [ReplyOf].
	Reply func(r *http.Request, err error) *httpjson.Error
}

// Answer runs a handle and sends what went wrong.
func (f *Frame) Answer(handle Handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			f.Fail(w, r, err)
		}
	})
}

// Fail is the one place that turns an error into a reply. What a client may not
// know goes into the log, under the request's id.
func (f *Frame) Fail(w http.ResponseWriter, r *http.Request, err error) {
	var reply *httpjson.Error
	if f.Reply != nil {
		reply = f.Reply(r, err)
	} else {
		reply = ReplyOf(r.Context(), err)
	}
	if reply.Status >= http.StatusInternalServerError {
		f.Log.ErrorContext(r.Context(), "request failed", "request", httpjson.RequestID(w), "method", r.Method, "path", r.URL.Path,
			"status", reply.Status, "error", err)
	}
	httpjson.WriteError(w, reply)
}

// Mux answers the routes. GET and HEAD requests outside of them and of the folders that
// begin with one of the prefixes go to page; everything else is 404, or 405 where
// another method is taken.
func (f *Frame) Mux(routes []Route, prefixes []string, page http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Path, route.Handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		reading := r.Method == http.MethodGet || r.Method == http.MethodHead
		for _, prefix := range prefixes {
			reading = reading && !strings.HasPrefix(r.URL.Path, prefix)
		}
		if reading && page != nil {
			page.ServeHTTP(w, r)
			return
		}
		f.unrouted(w, r, mux)
	})
	return mux
}

func (f *Frame) unrouted(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		f.Fail(w, r, &httpjson.Error{Status: http.StatusNotFound, Text: "Not found"})
		return
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	const format = "Method %s is not allowed, expected %s"
	f.Fail(w, r, &httpjson.Error{Status: http.StatusMethodNotAllowed, Text: "Method " + r.Method + " is not allowed, expected " + list, Format: format, Args: []any{r.Method, list}})
}
