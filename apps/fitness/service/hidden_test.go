package service

import (
	"net/http"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
)

// A failure inside says no more than that there was one, in the language that is asked for, with an id that the log has.
func TestAFailureTellsNothingOfTheInside(t *testing.T) {
	t.Parallel()
	s := run(t)
	trainer, login := s.member("ada", train.RoleTrainer)
	e := s.exercise(login.User.ID, "Plank")
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, "/auth/register", `{"name":"Bo","email":"bo@example.com","password":"` + secretWord + `"}`},
		{http.MethodPost, "/auth/login", `{"email":"ada@example.com","password":"` + secretWord + `"}`},
		{http.MethodGet, "/exercises?q=unheard", ""},
		{http.MethodPost, "/exercises", `{"name":"Dip","muscle":"chest","equipment":"none"}`},
		{http.MethodPut, "/exercises/" + e.ID, `{"name":"Dip"}`},
		{http.MethodDelete, "/exercises/" + e.ID, ""},
		{http.MethodGet, "/exercises/favorites", ""},
		{http.MethodPut, "/exercises/" + e.ID + "/favorite", ""},
		{http.MethodGet, "/workouts", ""},
		{http.MethodGet, "/workouts/popular", ""},
		{http.MethodPost, "/workouts", `{"exerciseId":"` + e.ID + `","sets":[{"reps":1}]}`},
		{http.MethodPut, "/users/profile", `{"bio":"hello"}`},
	} {
		for accept, text := range map[string]string{"en": "Internal server error", "vi": "Lỗi máy chủ"} {
			got, err := trainer.Ask(c.method, base+c.path, c.body, "Accept-Language", accept)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"success":false,"error":"` + text + `","data":null,"requestId":"` + got.Header.Get("X-Request-Id") + `"}`
			if got.Status != http.StatusInternalServerError || strings.TrimSpace(got.Body) != want {
				t.Errorf("%s %s: status %d, %s; want 500, %s", c.method, c.path, got.Status, got.Body, want)
			}
			if id := got.Header.Get("X-Request-Id"); id == "" || !strings.Contains(s.logs.String(), id) {
				t.Errorf("%s %s: the log has not request %q", c.method, c.path, id)
			}
		}
	}
}
