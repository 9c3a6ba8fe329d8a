package session

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/redbrick-go/redbrick"
)

// retryAfter is what a client is asked to wait while Redis is away: about as long as the breaker takes to look again.
const retryAfter = "1"

// unavailable answers that a session cannot be known or saved.
func unavailable(log *slog.Logger, own func(http.ResponseWriter, *http.Request, error), w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		log.ErrorContext(r.Context(), "a request is refused: its session cannot be read or saved", "error", err)
	}
	h := w.Header()
	h.Set("Retry-After", retryAfter)
	h.Set("Cache-Control", "no-store")
	if own != nil {
		own(w, r, err)
		return
	}
	http.Error(w, "The service is not available for the moment. Please try again.", http.StatusServiceUnavailable)
}

// keeper is what an answer asks to save.
type keeper interface {
	// commit saves what there is, once, before the answer begins. An error means that it has given another answer.
	commit() error
	// late saves what was changed after that.
	late() error
}

// answer is the http.ResponseWriter of a handler: it saves the session and sends the cookie before the answer begins.
type answer struct {
	http.ResponseWriter

	request *http.Request
	keeper  keeper
	log     *slog.Logger
	began   bool
	failed  error // why another answer was given in place of the handler's
}

// begin runs once, before the first byte of the answer.
func (a *answer) begin() error {
	if !a.began {
		a.began = true
		a.failed = a.keeper.commit()
	}
	return a.failed
}

// finish runs after the handler.
func (a *answer) finish() {
	if !a.began {
		_ = a.begin() // the answer, or the one in its stead, goes out when the server takes over
		return
	}
	if a.failed != nil {
		return
	}
	if err := a.keeper.late(); err != nil {
		a.log.ErrorContext(a.request.Context(), "what was changed in a session after its answer began was not saved", "error", err)
	}
}

// sendCookie makes the answer one that nobody keeps.
func (a *answer) sendCookie(c *http.Cookie) {
	http.SetCookie(a.ResponseWriter, c)
	h := a.Header()
	h.Set("Cache-Control", "no-store, private")
	h.Del("CDN-Cache-Control") // it would win over Cache-Control
	h.Del("Surrogate-Control")
}

// stays says who may keep an answer without a cookie.
func (a *answer) stays(used, user bool) {
	if !used {
		return
	}
	h := a.Header()
	h.Add("Vary", "Cookie")
	if user && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private")
	}
}

// about are the headers that speak of the handler's body.
var about = []string{
	"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Content-Language", "Content-Location",
	"ETag", "Last-Modified", "Location", "Expires", "Accept-Ranges", "CDN-Cache-Control", "Surrogate-Control", "Trailer", "Digest",
}

// replace answers in the handler's stead.
func (a *answer) replace(log *slog.Logger, own func(http.ResponseWriter, *http.Request, error), err error) {
	for _, name := range about {
		a.Header().Del(name)
	}
	if errors.Is(err, redbrick.ErrTooLarge) {
		log.ErrorContext(a.request.Context(), "a session was not saved", "error", err)
		a.Header().Set("Cache-Control", "no-store")
		http.Error(a.ResponseWriter, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	unavailable(log, own, a.ResponseWriter, a.request, err)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader saves the session first. Interim answers (1xx) carry no cookie.
func (a *answer) WriteHeader(code int) {
	interim := code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
	if interim && !a.began || a.begin() == nil {
		a.ResponseWriter.WriteHeader(code)
	}
}

func (a *answer) Write(b []byte) (int, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return a.ResponseWriter.Write(b)
}

// WriteString spares a copy where the server takes strings.
func (a *answer) WriteString(s string) (int, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return io.WriteString(a.ResponseWriter, s)
}

// ReadFrom lets files go the short way.
func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return io.Copy(a.ResponseWriter, src)
}

// Flush sends what there is, as http.Flusher.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError is Flush for http.ResponseController.
func (a *answer) FlushError() error {
	if err := a.begin(); err != nil {
		return err
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Hijack hands the connection over, as http.Hijacker. The cookie is not sent: the handler writes its own answer.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := a.begin(); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(a.ResponseWriter).Hijack()
}
