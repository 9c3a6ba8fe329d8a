package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/session"
)

func ExampleNew() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{}) // or URL: "redis://localhost:6379"
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	sessions, err := session.New(rb, session.Options{})
	if err != nil {
		panic(err)
	}
	theme := session.NewValue[string]("theme")

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// ... after the password was checked
		s := session.From(r.Context())
		if err := s.Login(r.Context(), "anna", session.Meta{}); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		if err := theme.Set(s, "dark"); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		name, _, _ := theme.Get(s)
		fmt.Fprintf(w, "%q likes %q", s.UserID(), name)
	})
	site := sessions.Middleware(mux)

	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/login", nil))
	cookie := w.Result().Cookies()[0]
	show := func() {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	show()
	fmt.Println(sessions.EndAll(ctx, "anna"))
	show()
	// Output:
	// "anna" likes "dark"
	// <nil>
	// "" likes ""
}
