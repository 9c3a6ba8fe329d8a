package traintest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/contracttest"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

func userCreateAndRead(t *testing.T, r train.Repository) {
	u := ok[train.User](t)(r.CreateUser(t.Context(), train.UserDraft{Name: " Ada ", Email: " Ada@Example.COM", Bio: "Đi bộ\nmỗi ngày", WeeklyGoal: 3, Hash: "s3cret"}))
	if !train.IsID(u.ID) || u.CreatedAt.IsZero() {
		t.Errorf("id %q, created at %v", u.ID, u.CreatedAt)
	}
	contracttest.Same(t, "created", u, train.User{
		ID: u.ID, Name: "Ada", Email: "ada@example.com", Role: train.RoleUser, Bio: "Đi bộ\nmỗi ngày", WeeklyGoal: 3, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt,
	})
	contracttest.Same(t, "read back", ok[train.User](t)(r.User(t.Context(), u.ID)), u)
	text, err := json.Marshal(u)
	if err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("JSON is %s, error %v", text, err)
	}
	_, err = r.CreateUser(t.Context(), train.UserDraft{Name: "Eve", Email: "ADA@example.com"})
	contracttest.WantErr(t, err, domain.ErrConflict)
	_, err = r.CreateUser(t.Context(), train.UserDraft{Name: "Eve", Email: "not an address"})
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.CreateUser(t.Context(), train.UserDraft{Name: "Eve", Email: "eve@example.com", Role: "king"})
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.User(t.Context(), nobody)
	contracttest.WantErr(t, err, domain.ErrNotFound)
	if next := aUser(t, r, "b@example.com"); next.ID <= u.ID {
		t.Errorf("ids %s, then %s: they do not sort by time", u.ID, next.ID)
	}
}

func userPartialUpdate(t *testing.T, r train.Repository) {
	u, other := aUser(t, r, "a@example.com"), aUser(t, r, "b@example.com")
	contracttest.Same(t, "empty patch", ok[train.User](t)(r.UpdateUser(t.Context(), u.ID, train.UserPatch{})), u)
	want := u
	update := func(what string, p train.UserPatch) {
		t.Helper()
		got := ok[train.User](t)(r.UpdateUser(t.Context(), u.ID, p))
		want.UpdatedAt = got.UpdatedAt
		contracttest.Same(t, what, got, want)
	}
	want.Name = "Ada"
	update("name", train.UserPatch{Name: &want.Name})
	want.Bio, want.WeeklyGoal = "Climbs.", 4
	update("bio and goal", train.UserPatch{Bio: &want.Bio, WeeklyGoal: &want.WeeklyGoal})
	want.Email = "ada@example.com"
	update("email", train.UserPatch{Email: &want.Email})
	contracttest.Same(t, "read back", ok[train.User](t)(r.User(t.Context(), u.ID)), want)

	_, err := r.UpdateUser(t.Context(), u.ID, train.UserPatch{Email: &other.Email})
	contracttest.WantErr(t, err, domain.ErrConflict)
	empty := ""
	_, err = r.UpdateUser(t.Context(), u.ID, train.UserPatch{Name: &empty})
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.UpdateUser(t.Context(), nobody, train.UserPatch{Name: &want.Name})
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func userConcurrentUpdates(t *testing.T, r train.Repository) {
	u := aUser(t, r, "a@example.com")
	for round := range 10 {
		name, goal := fmt.Sprintf("Ada %d", round), round
		contracttest.NoErrors(t, contracttest.Together(2, func(i int) error {
			_, err := r.UpdateUser(t.Context(), u.ID, [...]train.UserPatch{{Name: &name}, {WeeklyGoal: &goal}}[i])
			return err
		}))
		if got := ok[train.User](t)(r.User(t.Context(), u.ID)); got.Name != name || got.WeeklyGoal != goal {
			t.Fatalf("round %d: an update was lost: %+v", round, got)
		}
	}
}

func userPassword(t *testing.T, r train.Repository) {
	u := ok[train.User](t)(r.CreateUser(t.Context(), train.UserDraft{Name: "Ada", Email: "ada@example.com", Hash: "one"}))
	contracttest.Same(t, "first", ok[train.Credentials](t)(r.Credentials(t.Context(), "ADA@example.com ")), train.Credentials{UserID: u.ID, Hash: "one"})
	if err := r.SetPassword(t.Context(), u.ID, "two"); err != nil {
		t.Fatal(err)
	}
	contracttest.Same(t, "second", ok[train.Credentials](t)(r.Credentials(t.Context(), "ada@example.com")).Hash.Reveal(), "two")
	_, err := r.Credentials(t.Context(), "eve@example.com")
	contracttest.WantErr(t, err, domain.ErrNotFound)
	contracttest.WantErr(t, r.SetPassword(t.Context(), nobody, "x"), domain.ErrNotFound)
}

func userLogin(t *testing.T, r train.Repository) {
	u := aUser(t, r, "a@example.com")
	late := time.Date(2026, 11, 22, 12, 0, 0, 345_678_901, time.FixedZone("", 3600))
	got := ok[train.User](t)(r.RecordLogin(t.Context(), u.ID, late))
	if want := late.Truncate(time.Millisecond); got.LastLogin == nil || !got.LastLogin.Equal(want) || got.LoginCount != 1 {
		t.Errorf("after a login: %v, %d logins", got.LastLogin, got.LoginCount)
	}
	// Written out of order, the later login stays the last.
	got = ok[train.User](t)(r.RecordLogin(t.Context(), u.ID, late.Add(-time.Hour)))
	if !got.LastLogin.Equal(late.Truncate(time.Millisecond)) || got.LoginCount != 2 {
		t.Errorf("after an earlier login: %v, %d logins", got.LastLogin, got.LoginCount)
	}
	_, err := r.RecordLogin(t.Context(), nobody, late)
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func userRole(t *testing.T, r train.Repository) {
	u := aUser(t, r, "a@example.com")
	if ok[bool](t)(r.HasAdmin(t.Context())) {
		t.Error("a user counts as an admin")
	}
	for _, role := range []train.Role{train.RoleTrainer, train.RoleAdmin} {
		if got := ok[train.User](t)(r.SetRole(t.Context(), u.ID, role)); got.Role != role || !got.WritesExercises() || got.Name != u.Name {
			t.Errorf("with role %s: %+v", role, got)
		}
	}
	if !ok[bool](t)(r.HasAdmin(t.Context())) {
		t.Error("no admin was found")
	}
	_, err := r.SetRole(t.Context(), u.ID, "king")
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.SetRole(t.Context(), nobody, train.RoleUser)
	contracttest.WantErr(t, err, domain.ErrNotFound)
}

func followSetAndUnset(t *testing.T, r train.Repository) {
	a, b, c := aUser(t, r, "a@example.com"), aUser(t, r, "b@example.com"), aUser(t, r, "c@example.com")
	for i, pair := range [][2]string{{a.ID, b.ID}, {a.ID, c.ID}, {c.ID, b.ID}, {a.ID, b.ID}} {
		if news := ok[bool](t)(r.SetFollow(t.Context(), pair[0], pair[1])); news != (i < 3) {
			t.Errorf("follow %d is news: %t", i, news)
		}
	}
	contracttest.Same(t, "followers of b", len(ok[[]string](t)(r.Followers(t.Context(), b.ID))), 2)
	if !ok[bool](t)(r.UnsetFollow(t.Context(), a.ID, b.ID)) || ok[bool](t)(r.UnsetFollow(t.Context(), a.ID, b.ID)) {
		t.Error("taken away other than once")
	}
	contracttest.Same(t, "followed by a", ok[[]string](t)(r.Following(t.Context(), a.ID)), []string{c.ID})
	contracttest.Same(t, "followers of b", ok[[]string](t)(r.Followers(t.Context(), b.ID)), []string{c.ID})
	_, err := r.SetFollow(t.Context(), a.ID, a.ID)
	contracttest.WantErr(t, err, domain.ErrInvalid)
	_, err = r.SetFollow(t.Context(), a.ID, nobody)
	contracttest.WantErr(t, err, domain.ErrNotFound)
}
