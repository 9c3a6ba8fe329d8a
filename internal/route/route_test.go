package route_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/route"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tag of a user is stored in keys: it stays what it is from release to release.
func TestATagStaysWhatItIs(t *testing.T) {
	t.Parallel()
	const want = "rarehnhqypnii" // base32 of the first 8 bytes of sha256("shop:\x007")
	if got := route.Of("shop:", "7"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTagsTellUsersAndNamespacesApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{route.Random(): true, route.Random(): true}
	for _, ns := range []string{"", "a", "ab"} {
		for _, user := range []string{"", "b", "}{", "\x00", strings.Repeat("u", 10_000)} {
			tag := route.Of(ns, user)
			if !route.Valid(tag) || route.Of(ns, user) != tag {
				t.Errorf("%q %.10q: tag %q", ns, user, tag)
			}
			seen[tag] = true
		}
	}
	if len(seen) != 17 {
		t.Errorf("%d tags for 17 owners", len(seen))
	}
}

func TestWhatIsNoTagIsNotValid(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "aaaaaaaaaaaa", "aaaaaaaaaaaaaa", "aaaaaaaaaaaa1", "aaaaaaaaaaaaA", "aaaaaaaaaaaa}", "aaaaaaaaaaaa8", "\xffaaaaaaaaaaaa"} {
		if route.Valid(s) {
			t.Errorf("%q is taken for a tag", s)
		}
	}
}
