package redbrick

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// After an outage the hot lane holds reads back, which have a fallback, and never writes: a fill, an invalidation or a
// lease given back that is refused would be felt long after.
func TestRecoveryHoldsBackReadsAlone(t *testing.T) {
	t.Parallel()
	c, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	refused := 0
	for range 200 {
		c.breaker.trip(errors.New("away"))
		c.breaker.recover(0)
		c.breaker.cells[0].since.Store(time.Now().Add(time.Minute).UnixNano()) // the very beginning
		err := c.hot.Do(t.Context(), c.B().Get().Key("k").Build()).Error()
		if errors.Is(err, ErrUnavailable) && strings.Contains(err.Error(), "breaker") {
			refused++
		} else if !rueidis.IsRedisNil(err) {
			t.Fatal(err)
		}
		c.breaker.trip(errors.New("away"))
		c.breaker.recover(0)
		c.breaker.cells[0].since.Store(time.Now().Add(time.Minute).UnixNano())
		if err := c.hot.Do(t.Context(), c.B().Del().Key("k").Build()).Error(); err != nil {
			t.Fatalf("a write is refused: %v", err)
		}
		if err := c.Do(t.Context(), c.B().Get().Key("k").Build()).Error(); !rueidis.IsRedisNil(err) {
			t.Fatalf("a read of the lane without fallback is refused: %v", err)
		}
	}
	if refused < 190 {
		t.Errorf("%d of 200 reads were held back, want about all", refused)
	}
}
