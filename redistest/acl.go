package redistest

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redis/rueidis"
)

// noTrackingRule is what the user of the notracking backend lacks.
const noTrackingRule = "-client|tracking"

// NamespaceMark stands for the test's namespace in the rules of [WithACL].
const NamespaceMark = "<ns>"

// connectRules are what opening a client takes, whatever its bricks do.
var connectRules = []string{
	"+hello", "+auth", "+ping", "+select", "+info", "+readonly",
	"+client|setname", "+client|tracking", "+client|id",
	"+cluster|slots", "+cluster|shards", "+exists", "~<ns>~probe*",
}

// WithACL runs the test as a user who may do no more than connect and what the
// rules say, in the words of ACL SETUSER: "+get", "~<ns>user:*", "&<ns>*", where <ns> is the
// test's namespace. The user ends with the test. The embedded engine has no
// users: there the rules do nothing.
func WithACL(rules ...string) Option {
	return optionFunc(func(o *options) {
		o.acl = true
		o.rules = append(o.rules, rules...)
	})
}

// addUser makes the site's clients log in as a new user with the rules.
func addUser(t testing.TB, s *site, rules []string) {
	t.Helper()
	s.user, s.password = "u-"+random(6), random(16)
	set := []string{"ACL", "SETUSER", s.user, "reset", "on", ">" + s.password}
	for _, rule := range append(append([]string(nil), connectRules...), rules...) {
		set = append(set, strings.ReplaceAll(rule, NamespaceMark, s.namespace))
	}
	if s.backend.Name == nameNoTracking {
		set = append(set, noTrackingRule)
	}
	t.Cleanup(func() { everyNode(t, s, "ACL", "DELUSER", s.user) })
	everyNode(t, s, set...)
}

// everyNode runs a command on each node of the backend: users are not
// replicated, and a replica may become the one that clients talk to.
func everyNode(t testing.TB, s *site, args ...string) {
	t.Helper()
	admin, err := shared.admin(s.backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patientCommand)
	defer cancel()
	for addr, node := range nodes(admin) {
		if err := node.Do(ctx, node.B().Arbitrary(args...).Build()).Error(); err != nil {
			t.Errorf("redistest: %s %s at %s: %v", args[0], args[1], addr, err)
		}
	}
}

func nodes(rb *redbrick.Client) map[string]rueidis.Client { return rb.Redis().Nodes() }

// url returns the address of the site, with its user.
func (s *site) url() string {
	if s.user == "" {
		return s.backend.URL
	}
	scheme, rest, _ := strings.Cut(s.backend.URL, "://")
	rest = rest[strings.LastIndex(rest, "@")+1:]
	return scheme + "://" + url.UserPassword(s.user, s.password).String() + "@" + rest
}
