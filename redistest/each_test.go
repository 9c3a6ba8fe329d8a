package redistest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redis/rueidis"
)

func TestEachGivesAClientThatWorks(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		if !strings.HasPrefix(rb.Namespace(), "t-") {
			t.Errorf("namespace %q, want a random one that begins with t-", rb.Namespace())
		}
		set(t, rb, "k", "v")
		if got, err := get(t.Context(), rb, "k"); err != nil || got != "v" {
			t.Errorf("GET = %q, %v; want v", got, err)
		}
	})
}

func TestFeaturesAreThoseOfTheBackend(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		b, f := redistest.BackendOf(t, rb), rb.Features()
		for c, got := range map[redistest.Cap]bool{
			redistest.Tracking: f.Tracking, redistest.Config: f.Config, redistest.Cluster: f.Cluster,
		} {
			if got != b.Has(c) {
				t.Errorf("%s on %s: the client found %v, the kit says %v", c, b.Name, got, b.Has(c))
			}
		}
	})
}

func TestAnotherSeesTheSameKeys(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		second := redistest.Another(t, rb)
		set(t, rb, "k", "v")
		if got, err := get(t.Context(), second, "k"); err != nil || got != "v" {
			t.Errorf("GET by the second client = %q, %v; want v", got, err)
		}
	})
}

func TestKeysAreGoneAfterTheTest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis", "cluster"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outer := redistest.Open(t, name)
			namespace := ""
			t.Run("inner", func(t *testing.T) {
				rb := redistest.Open(t, name)
				namespace = rb.Namespace()
				for _, key := range []string{"a", "b", "c", "{x}1", "~l:{y}"} {
					set(t, rb, key, "v")
				}
			})
			masters, err := outer.Masters(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range masters {
				for cursor := uint64(0); ; {
					page, err := m.Do(t.Context(), m.B().Scan().Cursor(cursor).Match(namespace+"*").Count(1000).Build()).AsScanEntry()
					if err != nil {
						t.Fatal(err)
					}
					if len(page.Elements) > 0 {
						t.Errorf("left behind: %q", page.Elements)
					}
					if cursor = page.Cursor; cursor == 0 {
						break
					}
				}
			}
		})
	}
}

func TestACLHoldsTheTestToItsRules(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		set(t, rb, "mine:1", "v")
		if got, err := get(t.Context(), rb, "mine:1"); err != nil || got != "v" {
			t.Errorf("GET of an allowed key = %q, %v; want v", got, err)
		}
		if redistest.BackendOf(t, rb).URL == "" {
			return // an engine has no users
		}
		_, err := get(t.Context(), rb, "other:1")
		if re, ok := rueidis.IsRedisErr(err); !ok || !strings.HasPrefix(re.Error(), "NOPERM") {
			t.Errorf("GET of a foreign key: %v, want NOPERM", err)
		}
		err = rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"mine:1").Build()).Error()
		if re, ok := rueidis.IsRedisErr(err); !ok || !strings.HasPrefix(re.Error(), "NOPERM") {
			t.Errorf("DEL, which no rule allows: %v, want NOPERM", err)
		}
		if got, want := rb.Features().Tracking, redistest.BackendOf(t, rb).Has(redistest.Tracking); got != want {
			t.Errorf("tracking under the rules: %v, want %v", got, want)
		}
	}, redistest.WithACL("+get", "+set", "~<ns>mine:*"))
}

func TestAdvanceExpiresKeys(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "k"
		if err := rb.Do(t.Context(), rb.B().Set().Key(key).Value("v").ExSeconds(3600).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		redistest.Advance(t, rb, 2*time.Hour)
		if _, err := get(t.Context(), rb, "k"); !rueidis.IsRedisNil(err) {
			t.Errorf("GET two hours on: %v, want no such key", err)
		}
	}, redistest.Clock)
}

func TestOptionsNarrowWhereATestRuns(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		if name := redistest.BackendOf(t, rb).Name; name != "embedded" {
			t.Errorf("ran on %s, want embedded alone", name)
		}
		if got := rb.CacheDefaults().MaxEntries; got != 7 {
			t.Errorf("MaxEntries = %d, want 7 from With", got)
		}
	}, redistest.Only("embedded", "redis"), redistest.Clock,
		redistest.With(func(o *redbrick.Options) { o.Cache.MaxEntries = 7 }))
}

func TestProgramWorksAtTheSamePlace(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		set(t, rb, "k", "v")
		p := echo.Start(t, rb)
		p.Send("k")
		if got := p.Recv(); got != "k=v" {
			t.Errorf("the program answered %q, want k=v", got)
		}
		p.Wait()
		killed := echo.Start(t, rb)
		killed.Kill()
	}, redistest.Processes, redistest.WithACL("+get", "+set", "~<ns>*"))
}

func TestEventuallyWaits(t *testing.T) {
	t.Parallel()
	calls := 0
	redistest.Eventually(t, time.Minute, func() error {
		if calls++; calls < 4 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 4 {
		t.Errorf("%d calls, want 4", calls)
	}
}
