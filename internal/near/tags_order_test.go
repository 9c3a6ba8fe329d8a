package near_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick/internal/near"
)

// Two reads of a tag's number are under way; the one that read before a bump comes back after the other.
func TestAnEarlierReadingOfATagDoesNotReplaceALaterOne(t *testing.T) {
	t.Parallel()
	var generation atomic.Uint64
	replies := make(chan chan uint64, 2)
	tags := near.NewTags(&generation, "t", func(tag string) string { return tag },
		func(context.Context, []string) (uint64, []uint64, error) {
			reply := make(chan uint64)
			replies <- reply
			return 1, []uint64{<-reply}, nil
		})
	valid := func(seq uint64) <-chan bool {
		done := make(chan bool, 1)
		go func() {
			ok, _, err := tags.Valid(t.Context(), seq, []string{"x"}, true)
			if err != nil {
				t.Error(err)
			}
			done <- ok
		}()
		return done
	}
	first := valid(7)
	before := <-replies
	second := valid(7)
	after := <-replies
	after <- 9
	if <-second {
		t.Error("the later reading: valid, want invalid")
	}
	before <- 5
	if !<-first {
		t.Error("the earlier reading: invalid, want valid")
	}
	if ok, _, err := tags.Valid(t.Context(), 7, []string{"x"}, false); ok || err != nil {
		t.Errorf("afterwards: %v, %v: the table has gone back", ok, err)
	}
}
