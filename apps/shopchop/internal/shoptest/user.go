package shoptest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func userCreateAndRead(t *testing.T, r shop.Repository) {
	u := must[shop.User](t)(r.CreateUser(t.Context(), shop.UserDraft{
		Name: " Ada ", Email: " Ada@Example.COM", Preferences: []string{"vegan", "quick"}, Hash: "s3cret",
	}))
	want := shop.User{Name: "Ada", Email: "ada@example.com", Role: shop.RoleUser, Preferences: []string{"vegan", "quick"}}
	if diff := cmp.Diff(want, u, cmpopts.IgnoreFields(shop.User{}, "ID", "CreatedAt", "UpdatedAt")); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	same(t, "read back", must[shop.User](t)(r.User(t.Context(), u.ID)), u)
	text, err := json.Marshal(u)
	if err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("JSON is %s, error %v", text, err)
	}
	_, err = r.CreateUser(t.Context(), shop.UserDraft{Name: "Eve", Email: "ADA@example.com"})
	wantErr(t, err, shop.ErrConflict)
	_, err = r.CreateUser(t.Context(), shop.UserDraft{Name: "Eve", Email: "not an address"})
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.CreateUser(t.Context(), shop.UserDraft{Name: "Eve", Email: "eve@example.com", Role: "king"})
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.User(t.Context(), u.ID+100)
	wantErr(t, err, shop.ErrNotFound)

	b := mustUser(t, r, "b@example.com")
	same(t, "no preferences", b.Preferences, []string{})
	same(t, "many", must[map[int64]shop.User](t)(r.Users(t.Context(), []int64{b.ID, u.ID, b.ID + 100})), map[int64]shop.User{u.ID: u, b.ID: b})
}

func userPartialUpdate(t *testing.T, r shop.Repository) {
	u, other := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	same(t, "empty patch", must[shop.User](t)(r.UpdateUser(t.Context(), u.ID, shop.UserPatch{})), u)
	want := u
	update := func(what string, p shop.UserPatch) {
		t.Helper()
		got := must[shop.User](t)(r.UpdateUser(t.Context(), u.ID, p))
		want.UpdatedAt = got.UpdatedAt
		same(t, what, got, want)
	}
	want.Name = "Ada"
	update("name", shop.UserPatch{Name: &want.Name})
	want.Preferences = []string{"vegan"}
	update("preferences", shop.UserPatch{Preferences: &want.Preferences})
	want.Email = "ada@example.com"
	update("email", shop.UserPatch{Email: &want.Email})
	same(t, "read back", must[shop.User](t)(r.User(t.Context(), u.ID)), want)

	_, err := r.UpdateUser(t.Context(), u.ID, shop.UserPatch{Email: &other.Email})
	wantErr(t, err, shop.ErrConflict)
	empty := ""
	_, err = r.UpdateUser(t.Context(), u.ID, shop.UserPatch{Name: &empty})
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.UpdateUser(t.Context(), other.ID+1, shop.UserPatch{Name: &want.Name})
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.UpdateUser(t.Context(), other.ID+1, shop.UserPatch{})
	wantErr(t, err, shop.ErrNotFound)
}

func userConcurrentUpdates(t *testing.T, r shop.Repository) {
	u := mustUser(t, r, "a@example.com")
	for round := range 20 {
		name, preferences := fmt.Sprintf("Ada %d", round), []string{fmt.Sprint(round)}
		noErrors(t, together(2, func(i int) error {
			_, err := r.UpdateUser(t.Context(), u.ID, [...]shop.UserPatch{{Name: &name}, {Preferences: &preferences}}[i])
			return err
		}))
		got := must[shop.User](t)(r.User(t.Context(), u.ID))
		if got.Name != name || !cmp.Equal(got.Preferences, preferences) {
			t.Fatalf("round %d: an update was lost: %+v", round, got)
		}
	}
}

func userPassword(t *testing.T, r shop.Repository) {
	u := must[shop.User](t)(r.CreateUser(t.Context(), shop.UserDraft{Name: "Ada", Email: "ada@example.com", Hash: "one"}))
	same(t, "first", must[shop.Credentials](t)(r.Credentials(t.Context(), "ADA@example.com ")), shop.Credentials{UserID: u.ID, Hash: "one"})
	if err := r.SetPassword(t.Context(), u.ID, "two"); err != nil {
		t.Fatal(err)
	}
	same(t, "second", must[shop.Credentials](t)(r.Credentials(t.Context(), "ada@example.com")).Hash.Reveal(), "two")
	_, err := r.Credentials(t.Context(), "eve@example.com")
	wantErr(t, err, shop.ErrNotFound)
	wantErr(t, r.SetPassword(t.Context(), u.ID+1, "x"), shop.ErrNotFound)
	for _, c := range []struct {
		id       int64
		old, new shop.PasswordHash
		want     bool
	}{{u.ID, "one", "three", false}, {u.ID + 1, "two", "three", false}, {u.ID, "two", "three", true}, {u.ID, "two", "four", false}} {
		same(t, "replaced", must[bool](t)(r.ReplacePassword(t.Context(), c.id, c.old, c.new)), c.want)
	}
	same(t, "third", must[shop.Credentials](t)(r.Credentials(t.Context(), "ada@example.com")).Hash.Reveal(), "three")
}

func userHasAdmin(t *testing.T, r shop.Repository) {
	mustUser(t, r, "a@example.com")
	same(t, "without one", must[bool](t)(r.HasAdmin(t.Context())), false)
	must[shop.User](t)(r.CreateUser(t.Context(), shop.UserDraft{Name: "Root", Email: "root@example.com", Role: shop.RoleAdmin}))
	same(t, "with one", must[bool](t)(r.HasAdmin(t.Context())), true)
}

func userLogin(t *testing.T, r shop.Repository) {
	u := mustUser(t, r, "a@example.com")
	late := time.Date(2026, 11, 22, 12, 0, 0, 345_678_901, time.FixedZone("", 3600))
	got := must[shop.User](t)(r.RecordLogin(t.Context(), u.ID, late))
	if want := late.Truncate(time.Millisecond); got.LastLogin == nil || !got.LastLogin.Equal(want) || got.LoginCount != 1 {
		t.Errorf("after a login: %v, %d logins", got.LastLogin, got.LoginCount)
	}
	// Written out of order, the later login stays the last.
	got = must[shop.User](t)(r.RecordLogin(t.Context(), u.ID, late.Add(-time.Hour)))
	if !got.LastLogin.Equal(late.Truncate(time.Millisecond)) || got.LoginCount != 2 {
		t.Errorf("after an earlier login: %v, %d logins", got.LastLogin, got.LoginCount)
	}
	same(t, "read back", must[shop.User](t)(r.User(t.Context(), u.ID)), got)
	_, err := r.RecordLogin(t.Context(), u.ID+1, late)
	wantErr(t, err, shop.ErrNotFound)
}
