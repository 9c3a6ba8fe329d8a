package bricktest

import (
	"math/rand/v2"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Keys lists the keys of a client's namespace, with it, but for the one of the layouts. It takes the right to SCAN.
func Keys(t testing.TB, rb *redbrick.Client) []string {
	t.Helper()
	masters, err := rb.Masters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(t.Context(), m.B().Scan().Cursor(cursor).Match(keyspace.EscapeGlob(rb.Namespace())+"*").Count(500).Build()).AsScanEntry()
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range page.Elements {
				if key != rb.Namespace()+"~layout" {
					all = append(all, key)
				}
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return all
}

// Trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func Trace(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
}
