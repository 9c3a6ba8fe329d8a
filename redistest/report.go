package redistest

import (
	"testing"

	"github.com/redbrick-go/redbrick/internal/testreport"
)

// Ran records for the final report that a test ran on a backend that [Each]
// does not know, such as "postgres", "sqlite" or "chromium".
func Ran(t testing.TB, backend string) {
	t.Helper()
	if !shared.once("ran " + backend) {
		return
	}
	if err := testreport.Ran(backend); err != nil {
		t.Error(err)
	}
}

// Missing ends a test whose backend is not there: it is skipped, and the report
// tells why. If REDISTEST_REQUIRE names the backend, the test fails.
func Missing(t testing.TB, backend, reason string) {
	t.Helper()
	testreport.Missing(t, backend, reason)
}

// lacking ends a test on a backend without an ability that the test needs.
func lacking(t testing.TB, b Backend, c Cap) {
	t.Helper()
	if err := testreport.Lacks(c.String(), b.Name, t.Name()); err != nil {
		t.Error(err)
	}
	t.Skipf("redistest: %s has no %s", b.Name, c)
}
