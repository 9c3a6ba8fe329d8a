package redistest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// set and get are what most tests do with a client.
func set(t *testing.T, rb *redbrick.Client, key, value string) {
	t.Helper()
	if err := rb.Do(t.Context(), rb.B().Set().Key(rb.Namespace()+key).Value(value).Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, rb *redbrick.Client, key string) (string, error) {
	return rb.Do(ctx, rb.B().Get().Key(rb.Namespace()+key).Build()).ToString()
}

// echo answers every line by the value of the key that it names, until it has "end".
var echo = redistest.NewProgram("echo", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	for {
		key, err := c.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case key == "end":
			return errors.New("told to fail with " + strings.Join(c.Args, ","))
		}
		value, err := get(ctx, rb, key)
		if err != nil {
			return err
		}
		if err := c.Send(fmt.Sprintf("%s=%s", key, value)); err != nil {
			return err
		}
	}
})
