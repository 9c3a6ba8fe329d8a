package redbrick

import (
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/engine"
)

func dialOption(t *testing.T, o Options, r role) rueidis.ClientOption {
	t.Helper()
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	target, err := o.resolve()
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.clientOption(target, r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientOptionRoles(t *testing.T) {
	t.Parallel()
	o := Options{URL: "redis://ann:pw@h/2", CommandTimeout: 3 * time.Second, ConnectTimeout: 2 * time.Second, Connections: 8}
	for r, name := range []string{roleData: "data", roleBlocking: "blocking", roleTracked: "tracked"} {
		c := dialOption(t, o, role(r))
		if c.InitAddress[0] != "h:6379" || c.Username != "ann" || c.Password != "pw" || c.SelectDB != 2 || c.ClientName != "redbrick" ||
			!c.ForceSingleClient || !c.AlwaysPipelining || c.Dialer.Timeout != 2*time.Second {
			t.Errorf("%s: %+v", name, c)
		}
		tracked := role(r) == roleTracked
		if c.DisableCache == tracked {
			t.Errorf("%s: DisableCache is %v", name, c.DisableCache)
		}
		wires, timeout := 3, 3*time.Second
		if tracked {
			wires, timeout = oneWire, trackedTimeout
		}
		if c.PipelineMultiplex != wires || c.ConnWriteTimeout != timeout {
			t.Errorf("%s: PipelineMultiplex %d and ConnWriteTimeout %v, want %d and %v", name, c.PipelineMultiplex, c.ConnWriteTimeout, wires, timeout)
		}
	}
}

func TestClientOptionKinds(t *testing.T) {
	t.Parallel()
	if c := dialOption(t, Options{URL: "redis://h", Connections: 1}, roleData); c.PipelineMultiplex != oneWire {
		t.Errorf("one connection: PipelineMultiplex %d", c.PipelineMultiplex)
	}
	c := dialOption(t, Options{URL: "redis+sentinel://u:p@a,b/m?sentinel_username=su&sentinel_password=sp&tls=true"}, roleData)
	if len(c.InitAddress) != 2 || c.Sentinel.MasterSet != "m" || c.Sentinel.Username != "su" || c.Sentinel.Password != "sp" ||
		c.Sentinel.TLSConfig == nil || c.TLSConfig == nil || c.Sentinel.TopologyRefreshInterval != topologyRefresh || c.ForceSingleClient {
		t.Errorf("sentinel: %+v", c)
	}
	c = dialOption(t, Options{URL: "redis+cluster://a,b"}, roleData)
	if len(c.InitAddress) != 2 || c.ClusterOption.ShardsRefreshInterval != topologyRefresh || c.ForceSingleClient {
		t.Errorf("cluster: %+v", c)
	}
	c = dialOption(t, Options{URL: "unix:///run/s"}, roleData)
	if c.InitAddress[0] != "/run/s" || c.DialCtxFn == nil || !c.ForceSingleClient {
		t.Errorf("unix: %+v", c)
	}
	c = dialOption(t, Options{}, roleData)
	if c.AlwaysRESP2 || !c.ForceSingleClient || !c.DisableCache {
		t.Errorf("embedded: %+v", c)
	}
}

func TestClientOptionKeepsTheTemplate(t *testing.T) {
	t.Parallel()
	c := dialOption(t, Options{URL: "redis+cluster://a", Redis: rueidis.ClientOption{
		ClientName: "mine", RingScaleEachConn: 9, ClusterOption: rueidis.ClusterOption{ShardsRefreshInterval: time.Minute},
	}}, roleData)
	if c.ClientName != "mine" || c.RingScaleEachConn != 9 || c.ClusterOption.ShardsRefreshInterval != time.Minute {
		t.Errorf("%+v", c)
	}
}

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	const longest = 300 * time.Millisecond
	delay := retryDelay(40, longest)
	for attempt, most := range map[int]time.Duration{
		1: 50 * time.Millisecond, 2: 100 * time.Millisecond, 3: 200 * time.Millisecond, 4: longest, 40: longest,
	} {
		for range 200 {
			if d := delay(attempt, rueidis.Completed{}, nil); d <= 0 || d > most {
				t.Fatalf("attempt %d: %v, want up to %v", attempt, d, most)
			}
		}
	}
	if d := delay(41, rueidis.Completed{}, nil); d >= 0 {
		t.Errorf("the attempt after the last gets %v", d)
	}
	if d := retryDelay(-1, longest)(1, rueidis.Completed{}, nil); d >= 0 {
		t.Errorf("without retries the first attempt gets %v", d)
	}
}

func TestClientOptionConnects(t *testing.T) {
	t.Parallel()
	e, err := engine.Open(engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, r := range []role{roleData, roleBlocking, roleTracked} {
		c := dialOption(t, Options{DB: 1}, r)
		c.DialCtxFn = e.Dial
		if r == roleTracked {
			c.ClientTrackingOptions = []string{"BCAST", "PREFIX", "dial:"}
		}
		client, err := rueidis.NewClient(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Do(t.Context(), client.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
			t.Error(err)
		}
		client.Close()
	}
}
