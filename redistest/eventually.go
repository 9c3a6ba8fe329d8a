package redistest

import (
	"testing"
	"time"
)

// Eventually calls f until it returns nil, and fails the test with its last
// error if that takes longer than timeout. It is the one way for a test to
// wait for something that gives no signal. Give it ten times what it should take.
func Eventually(t testing.TB, timeout time.Duration, f func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for pause := time.Millisecond; ; pause = min(pause*2, 50*time.Millisecond) {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("redistest: not within %v: %v", timeout, err)
		}
		timer := time.NewTimer(pause)
		<-timer.C
	}
}
