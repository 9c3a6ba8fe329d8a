package web

import (
	"context"
	_ "embed"
	"io"
	"net/http"
	"time"
)

// readyTime is how long the database may take to answer before the service
// counts as not ready.
const readyTime = 2 * time.Second

// live says that the process answers. It asks nobody else.
func (h *handler) live(w http.ResponseWriter, _ *http.Request) error {
	status(w, http.StatusOK, "ok")
	return nil
}

// isReady says whether requests are served now. Redis that is away is no reason
// against: the database answers in its place.
func (h *handler) isReady(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		h.log.WarnContext(ctx, "not ready", "error", err)
		status(w, http.StatusServiceUnavailable, "unavailable")
		return nil
	}
	status(w, http.StatusOK, "ok")
	return nil
}

// status tells everybody the state, and nobody the reason.
func status(w http.ResponseWriter, code int, state string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"status":"`+state+`"}`+"\n") // a client that left reads nothing
}

//go:embed openapi.json
var openAPI []byte

// describe sends the description of the service.
func (h *handler) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(openAPI)
	return nil
}
