package redistest

import (
	"slices"
	"testing"

	"github.com/redbrick-go/redbrick"
)

// Option narrows where a test of [Each] runs, or changes its client: a [Cap],
// [WithACL], [With] or [Only].
type Option interface{ apply(*options) }

type options struct {
	needs []Cap
	only  []string
	edits []func(*redbrick.Options)
	rules []string
	acl   bool
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// With changes the client's options before it is opened. It must leave URL and Namespace alone.
func With(edit func(*redbrick.Options)) Option {
	return optionFunc(func(o *options) { o.edits = append(o.edits, edit) })
}

// Only names the backends to run on, where an ability does not tell them apart.
func Only(backends ...string) Option {
	return optionFunc(func(o *options) { o.only = append(o.only, backends...) })
}

// Each runs f as a subtest on every backend, all in parallel. Each subtest has a
// client with a random namespace of its own; after it the client is closed and the keys are removed.
func Each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt.apply(&o)
	}
	for _, name := range names() {
		if len(o.only) > 0 && !slices.Contains(o.only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := need(t, name)
			for _, c := range o.needs {
				if !b.Has(c) {
					lacking(t, b, c)
				}
			}
			f(t, open(t, b, o))
		})
	}
}

// need returns a backend by name, or ends the test because there is none.
func need(t testing.TB, name string) Backend {
	t.Helper()
	b, err := shared.backend(name)
	if err != nil {
		Missing(t, name, err.Error())
	}
	Ran(t, name)
	return b
}
