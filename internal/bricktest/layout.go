package bricktest

import (
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// Each runs a test on backends, as [redistest.Each] does.
type Each func(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option)

// Layout tests that a brick writes down the layout of its stored data, and is refused where those ask for a later program.
// each gives the rights of the brick, so that the check is among them; each of the makers is told apart by its name.
func Layout(t *testing.T, each Each, brick string, makers map[string]func(rb *redbrick.Client) error) {
	t.Helper()
	for name, mk := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, rb *redbrick.Client) {
				key := rb.Namespace() + "~layout"
				if err := mk(rb); err != nil {
					t.Fatal(err)
				}
				if stored, err := rb.Do(t.Context(), rb.B().Hget().Key(key).Field(brick).Build()).ToString(); stored != "1:1" || err != nil {
					t.Errorf("the layout that is stored is %q, %v; expected 1:1", stored, err)
				}
				if err := rb.Do(t.Context(), rb.B().Hset().Key(key).FieldValue().FieldValue(brick, "9:9").Build()).Error(); err != nil {
					t.Fatal(err)
				}
				if err := mk(redistest.Another(t, rb)); !errors.Is(err, redbrick.ErrConfig) {
					t.Errorf("beside data of a later layout: %v, expected ErrConfig", err)
				}
			})
		})
	}
}
