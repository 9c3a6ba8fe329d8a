package domain_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheValidatorNamesEveryFault(t *testing.T) {
	t.Parallel()
	var v domain.Validator
	if v.Err() != nil {
		t.Errorf("nothing was checked: %v", v.Err())
	}
	if got := v.Text("name", "  Ada ", 1, 10, false); got != "Ada" {
		t.Errorf("text %q, want Ada", got)
	}
	if got := v.Email("email", " Ada@Example.COM"); got != "ada@example.com" {
		t.Errorf("email %q", got)
	}
	v.Number("n", 3, 1, 5)
	v.Quantity("q", 0.5, 10)
	if got := v.Texts("list", []string{" a"}, 2, 5, true); !cmp.Equal(got, []string{"a"}) || v.Err() != nil {
		t.Errorf("texts %q, %v", got, v.Err())
	}
	v.Text("name", "", 1, 10, false)
	v.Text("name", "a\x00", 1, 10, true)
	v.Text("name", "a\xff", 1, 10, true)
	v.Texts("list", []string{"a", "b", "c"}, 2, 5, false)
	v.Texts("list", []string{"a", "123456"}, 2, 5, false)
	v.Number("n", 6, 1, 5)
	v.Quantity("q", -1, 10)
	v.Email("email", "Ada <ada@example.com>")
	v.Sort()
	var bad *domain.InvalidError
	if !errors.As(v.Err(), &bad) || !errors.Is(v.Err(), domain.ErrInvalid) {
		t.Fatalf("error %v", v.Err())
	}
	var got []string
	for _, f := range bad.Fields {
		got = append(got, f.Field+": "+f.Message)
		if fmt.Sprintf(f.Format, f.Args...) != f.Message {
			t.Errorf("format %q with %v is not %q", f.Format, f.Args, f.Message)
		}
	}
	want := []string{
		`email: "ada <ada@example.com>", expected an address such as name@example.com`,
		"list: 3 entries, expected at most 2", "list[1]: 6 characters, expected 1 to 5", "n: 6, expected 1 to 5",
		`name: "a\x00" has a control character`, "name: empty, expected 1 to 10 characters", "name: not valid UTF-8",
		"q: -1, expected 0 to 10",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("store: %w", domain.Refuse(domain.ErrNotFound, "exercise %s", "x"))
	var r *domain.Refusal
	if !errors.Is(err, domain.ErrNotFound) || errors.Is(err, domain.ErrConflict) || !errors.As(err, &r) || r.Text() != "exercise x" || !domain.Known(err) {
		t.Errorf("refusal %v", err)
	}
	if domain.Known(errors.New("connection reset")) || domain.Known(nil) {
		t.Error("a failure of the database counts as a refusal")
	}
}

func TestPasswordHashShowsNowhere(t *testing.T) {
	t.Parallel()
	secret := struct{ Hash domain.PasswordHash }{"s3cret"}
	text, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("login", "all", secret, "hash", secret.Hash)
	shown := log.String() + string(text) + fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret.Hash, secret.Hash)
	if strings.Contains(shown, "s3cret") || secret.Hash.Reveal() != "s3cret" {
		t.Errorf("the hash shows in %s", shown)
	}
}
