package service

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick/apps/internal/firstadmin"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
)

// One admin is made where there is none, of an address that nobody has.
func TestFirstAdminIsMadeOnce(t *testing.T) {
	t.Parallel()
	store, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := password.New(password.Options{Memory: 64, Passes: 1, AllowWeak: true, Wait: longTime})
	if err != nil {
		t.Fatal(err)
	}
	first := func(a firstadmin.Admin) (bool, string, error) {
		var console bytes.Buffer
		made, err := firstadmin.Make(t.Context(), admins{store}, h, a, &console)
		return made, console.String(), err
	}
	if made, said, err := first(firstadmin.Admin{}); made || said != "" || err != nil {
		t.Errorf("without an address: %t %q %v", made, said, err)
	}
	if _, err := store.CreateUser(t.Context(), shop.UserDraft{Name: "Eve", Email: "eve@example.com"}); err != nil {
		t.Fatal(err)
	}
	// Whoever registered the address before is no admin, and learns nothing.
	if made, said, err := first(firstadmin.Admin{Email: "eve@example.com"}); made || said != "" || err == nil || !strings.Contains(err.Error(), "ADMIN_EMAIL") {
		t.Errorf("an address that has an account: %t %q %v", made, said, err)
	}
	if u, err := store.User(t.Context(), 1); err != nil || u.Role != shop.RoleUser {
		t.Errorf("eve is %s, %v", u.Role, err)
	}
	// Processes that start together make one.
	var wg sync.WaitGroup
	var mu sync.Mutex
	makers, shown := 0, ""
	for range 10 {
		wg.Go(func() {
			made, said, err := first(firstadmin.Admin{Email: "Root@example.com"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if made {
				makers++
			}
			shown += said
		})
	}
	wg.Wait()
	if makers != 1 || strings.Count(shown, "first admin") != 1 {
		t.Fatalf("%d made it, shown %q; want one", makers, shown)
	}
	secret := strings.Fields(shown[strings.Index(shown, "password ")+len("password "):])[0]
	c, err := store.Credentials(t.Context(), "root@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), c.Hash.Reveal(), secret); err != nil || !ok {
		t.Errorf("the password that was shown does not fit: %v", err)
	}
	if made, said, err := first(firstadmin.Admin{Email: "other@example.com", Password: "another password"}); made || said != "" || err != nil {
		t.Errorf("with an admin: %t %q %v", made, said, err)
	}
}
