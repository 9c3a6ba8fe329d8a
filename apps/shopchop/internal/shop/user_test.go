package shop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func TestPasswordHashShowsNowhere(t *testing.T) {
	t.Parallel()
	c := shop.Credentials{UserID: 1, Hash: "s3cret"}
	d := shop.UserDraft{Name: "Ada", Hash: "s3cret"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("login", "credentials", c, "hash", c.Hash)
	text, err := json.Marshal([]any{c, d, map[string]any{"hash": c.Hash}})
	if err != nil {
		t.Fatal(err)
	}
	for what, out := range map[string]string{
		"JSON": string(text), "log": log.String(),
		"%v": fmt.Sprintf("%v %v", c, d), "%+v": fmt.Sprintf("%+v %+v", c, &d), "%#v": fmt.Sprintf("%#v %#v", c, d),
		"%s": fmt.Sprintf("%s", []any{c.Hash}), "%q": fmt.Sprintf("%q", c.Hash),
	} {
		if strings.Contains(out, "s3cret") {
			t.Errorf("%s shows the hash: %s", what, out)
		}
	}
	if c.Hash.Reveal() != "s3cret" {
		t.Errorf("Reveal gives %q", c.Hash.Reveal())
	}
}

func TestUserDraft(t *testing.T) {
	t.Parallel()
	_, err := shop.UserDraft{Email: "Ada <ada@example.com>", Role: "king", Preferences: []string{""}}.Normalize()
	want := []string{
		`role: "king", expected user or admin`,
		`name: empty, expected 1 to 100 characters`,
		`email: "ada <ada@example.com>", expected an address such as name@example.com`,
		`preferences[0]: empty, expected 1 to 100 characters`,
	}
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, email := range []string{"", "ada", "@example.com", "a@b@c", "a b@example.com", "a@example.com\r\nBcc: eve@example.com", strings.Repeat("a", 250) + "@example.com"} {
		if _, err := (shop.UserDraft{Name: "Ada", Email: email}).Normalize(); err == nil {
			t.Errorf("email %q is accepted", email)
		}
	}
}
