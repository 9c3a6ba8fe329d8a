//go:build slo

package redbrick_test

import (
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// The documented staleness bound of near caches behind a link that died silently.
func TestSLOSilentlyDeadLinkIsNoticedWithinTheBound(t *testing.T) {
	for name, edit := range modes {
		t.Run(name, func(t *testing.T) {
			s := redistest.Private(t)
			proxy := redistest.NewProxy(t, s.Addr())
			rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, s, proxy), func(o *redbrick.Options) { o.HotTimeout = short })
			track(t, rb, "recipe:")
			for range 5 {
				if took := silence(t, rb, proxy, name == "pubsub"); took > 1500*time.Millisecond {
					t.Errorf("noticed after %v, want 1.5s at most", took)
				}
			}
		})
	}
}
