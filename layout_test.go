package redbrick_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestLayoutRefusesAnOlderProgramByName(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		if err := rb.UseLayout(ctx, "queue", 1, 1); err != nil {
			t.Fatal(err)
		}
		// The next release writes layout 2, which a program of layout 1 still reads.
		next := redistest.Another(t, rb)
		if err := next.UseLayout(ctx, "queue", 2, 1); err != nil {
			t.Fatal(err)
		}
		again := redistest.Another(t, rb)
		if err := again.UseLayout(ctx, "queue", 1, 1); err != nil {
			t.Errorf("a neighbouring release is refused: %v", err)
		}
		after := redistest.Another(t, rb)
		if err := after.UseLayout(ctx, "queue", 3, 2); err != nil {
			t.Fatal(err)
		}
		old := redistest.Another(t, rb)
		err := old.UseLayout(ctx, "queue", 1, 1)
		if !errors.Is(err, redbrick.ErrConfig) {
			t.Fatalf("got %v, want ErrConfig", err)
		}
		for _, want := range []string{"queue", "2", "1"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not name %q", err, want)
			}
		}
		if err := old.UseLayout(ctx, "topic", 1, 1); err != nil {
			t.Errorf("another brick is refused too: %v", err)
		}
		if err := redistest.Another(t, rb).UseLayout(ctx, "queue", 2, 1); err != nil {
			t.Errorf("a program of the lowest reader is refused: %v", err)
		}
		stored, err := rb.Do(ctx, rb.B().Hget().Key(rb.Namespace()+"~layout").Field("queue").Build()).ToString()
		if err != nil || stored != "3:2" {
			t.Errorf("stored is %q, %v; want 3:2: an older writer does not lower it", stored, err)
		}
	})
}

func TestABrickThatWasRefusedOrNotAnsweredIsCheckedAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		set := rb.B().Hset().Key(rb.Namespace()+"~layout").FieldValue().FieldValue("queue", "2:2").Build()
		if err := rb.Do(t.Context(), set).Error(); err != nil {
			t.Fatal(err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rb.UseLayout(over, "queue", 1, 1); err != nil {
			t.Errorf("a check that was not answered is %v", err)
		}
		for range 2 {
			if err := rb.UseLayout(t.Context(), "queue", 1, 1); !errors.Is(err, redbrick.ErrConfig) {
				t.Errorf("got %v, want ErrConfig", err)
			}
		}
	})
}
