package httpcache_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// halfway is a server that never sends the second half of its response. Its argument is its LoadTimeout; it tells its address.
var halfway = redistest.NewProgram("halfway", func(ctx context.Context, c *redistest.Child) error {
	timeout, err := time.ParseDuration(c.Args[0])
	if err != nil {
		return err
	}
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	hc, err := httpcache.New(rb, httpcache.Options{LoadTimeout: timeout})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := c.Send(l.Addr().String()); err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: hc.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		select {}
	}))}
	return server.Serve(l)
})

// TestAProcessKilledInTheMiddleOfItsResponseHarmsNobodyElse: the others go to the handler when their patience is over, without
// storing, or when the lease has ended, one of them, which stores.
func TestAProcessKilledInTheMiddleOfItsResponseHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]struct {
		patience time.Duration
		lease    string
		stored   bool
	}{
		"patience":         {patience: 100 * time.Millisecond, lease: "1h"},
		"end of the lease": {patience: time.Hour, lease: "1s", stored: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
				victim := halfway.Start(t, rb, o.lease)
				ctx, cancel := context.WithTimeout(t.Context(), 3*patience) // who has no answer until then will never have one
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+victim.Recv()+"/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = "x.example"
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				half := make([]byte, 4)
				if _, err := io.ReadFull(res.Body, half); err != nil || string(half) != "half" {
					t.Fatalf("got %q, %v", half, err)
				}
				var calls atomic.Int64
				var others [2]http.Handler
				for i, client := range []*redbrick.Client{rb, redistest.Another(t, rb)} {
					c, err := httpcache.New(client, httpcache.Options{Patience: o.patience})
					if err != nil {
						t.Fatal(err)
					}
					others[i] = c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						calls.Add(1)
						w.Header().Set("Cache-Control", "max-age=3600")
						_, _ = io.WriteString(w, "half and half")
					}))
				}
				var done sync.WaitGroup
				for _, h := range others {
					for range 20 {
						done.Go(func() {
							if got := straight(ctx, h, "http://x.example/"); got.status != http.StatusOK || string(got.body) != "half and half" {
								t.Errorf("another one got %d %q", got.status, got.body)
							}
						})
					}
				}
				victim.Kill()
				if rest, err := io.ReadAll(res.Body); err == nil {
					t.Errorf("the client of the process that died got a whole response: %q", rest)
				}
				done.Wait()
				if n := calls.Load(); n < 1 || o.stored && n != 1 {
					t.Errorf("%d handlers", n)
				}
				got := straight(ctx, others[1], "http://x.example/", "Cache-Control", "only-if-cached")
				if stored := got.status == http.StatusOK; stored != o.stored {
					t.Errorf("stored: got %t, want %t (%d %q)", stored, o.stored, got.status, got.body)
				}
			}, redistest.Processes)
		})
	}
}

// node is one process of a service, before the origin whose URL is its argument. A line with a number makes that many requests
// begin, "waits" tells how many of them wait for another process, "answers" what was wrong when all have ended.
var node = redistest.NewProgram("node", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	hc, err := httpcache.New(rb, httpcache.Options{Patience: time.Hour, LoadTimeout: time.Hour})
	if err != nil {
		return err
	}
	origin, err := url.Parse(c.Args[0])
	if err != nil {
		return err
	}
	h := hc.Middleware(httputil.NewSingleHostReverseProxy(origin))
	var asking sync.WaitGroup
	var wrong atomic.Int64
	for {
		line, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		switch line {
		case "waits":
			line = strconv.FormatInt(hc.Stats().Waits, 10)
		case "answers":
			asking.Wait()
			line = fmt.Sprint(wrong.Load(), " wrong")
		default:
			n, err := strconv.Atoi(line)
			if err != nil {
				return err
			}
			for range n {
				asking.Go(func() {
					if got := straight(ctx, h, "http://x.example/cold"); got.status != http.StatusOK || string(got.body) != "once" {
						wrong.Add(1)
					}
				})
			}
		}
		if err := c.Send(line); err != nil {
			return err
		}
	}
})

func TestFiveThousandRequestsInThreeProcessesAskTheOriginOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var asked atomic.Int64
		goOn := make(chan struct{})
		origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			select {
			case <-goOn:
			case <-r.Context().Done(): // the test has failed
			}
			w.Header().Set("Cache-Control", "max-age=3600")
			_, _ = io.WriteString(w, "once")
		}))
		t.Cleanup(origin.Close)
		var nodes [3]*redistest.Process
		for i := range nodes {
			nodes[i] = node.Start(t, rb, origin.URL)
		}
		each := strconv.Itoa((redistest.Scale(5000) + 2) / 3)
		for _, p := range nodes {
			p.Send(each)
		}
		for _, p := range nodes {
			if line := p.Recv(); line != each {
				t.Errorf("a process says %q", line)
			}
		}
		redistest.Eventually(t, 3*patience, func() error {
			waits := 0
			for _, p := range nodes {
				p.Send("waits")
				n, err := strconv.Atoi(p.Recv())
				if err != nil {
					return err
				}
				waits += n
			}
			if n := asked.Load(); n != 1 || waits < 2 {
				return fmt.Errorf("the origin was asked %d times, and %d processes wait; want 1 and 2", n, waits)
			}
			return nil
		})
		close(goOn)
		for _, p := range nodes {
			p.Send("answers")
		}
		for _, p := range nodes {
			if line := p.Recv(); line != "0 wrong" {
				t.Errorf("a process says %q", line)
			}
			p.Wait()
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("the origin was asked %d times", n)
		}
	}, redistest.Processes)
}
