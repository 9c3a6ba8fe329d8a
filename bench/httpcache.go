package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// pageScene is one table of the workload: what is asked, and of whom.
type pageScene struct {
	about       string
	kinds       []string
	pages, near int // as in pageSite
	recipes     int
	same        bool // the client has the page: 304
	zipf        bool // some pages are asked for much more than others
}

var pageScenes = []pageScene{
	{about: "2 KB of JSON, 1,000 URLs", kinds: []string{bareKind, ourKind, goredisTwo}, pages: 1000, recipes: 1},
	{about: "20 KB of JSON, 1,000 URLs", kinds: []string{bareKind, ourKind, goredisTwo}, pages: 1000, recipes: 10},
	{about: "304, 1,000 URLs", kinds: []string{bareKind, ourKind}, pages: 1000, recipes: 1, same: true},
	{
		about: "2 KB of JSON, 100,000 URLs by Zipf's law, 10 % of them in the process", kinds: []string{bareKind, ourKind, goredisTwo},
		pages: 100_000, near: 10_000, recipes: 1, zipf: true,
	},
}

// reportHTTPCache prints the tables of the scenes, and of each what a reply allocates.
func reportHTTPCache(ctx context.Context, out io.Writer, address string, rounds int, turn time.Duration) error {
	for i, s := range pageScenes {
		if err := s.report(ctx, out, address, fmt.Sprintf("pages%d:", i), rounds, turn); err != nil {
			return fmt.Errorf("%s: %w", s.about, err)
		}
	}
	return nil
}

// pageService is a process of a scene.
type pageService struct {
	*process

	kind  string
	asks  *pageAsks
	asked [httpConnections]int   // requests of each connection in all turns: one goes on where the last one ended
	hits  [httpConnections]int64 // replies from the cache, of each connection
}

// pageAsks are the requests of a scene.
type pageAsks struct {
	order    []int // of the pages, where some are asked for more than others
	requests [][]byte
	etags    []string
	status   []byte
}

func (s *pageScene) report(ctx context.Context, out io.Writer, address, name string, rounds int, turn time.Duration) error {
	asks := s.asks()
	var services []*pageService
	var contenders []contender
	for _, kind := range s.kinds {
		site := pageSite{Kind: kind, Redis: address, Name: name, Pages: s.pages, Recipes: s.recipes, Near: s.near}
		sends, err := newPages(site)
		if err != nil {
			return err
		}
		p, err := site.start(ctx)
		if err != nil {
			return err
		}
		defer p.stop()
		one := &pageService{process: p, kind: kind, asks: asks}
		if err := one.warm(ctx, sends.body); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		services, contenders = append(services, one), append(contenders, contender{kind, one.turn})
	}
	table := workload{name: "httpcache: " + s.about, about: "The first is no cache, but a handler that has the same bytes ready.", setUp: func(context.Context, string) ([]contender, func(), error) {
		return contenders, func() {}, nil
	}}
	if err := measure(ctx, out, table, address, rounds, turn); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n| | allocations a reply | beyond the first | bytes a reply | beyond the first | hits | of them in the process |\n|---|--:|--:|--:|--:|--:|--:|\n")
	var bare [2]float64
	for i, one := range services {
		times, size, hits, near, err := one.allocations(ctx, turn)
		if err != nil {
			return fmt.Errorf("%s: %w", one.kind, err)
		}
		if i == 0 {
			bare = [2]float64{times, size}
		}
		fmt.Fprintf(out, "| %s | %.1f | %.1f | %.0f | %.0f | %s | %s |\n", one.kind, times, times-bare[0], size, size-bare[1], hits, near)
	}
	return nil
}

func (s pageSite) start(ctx context.Context) (*process, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return startSelf(ctx, cachedEnv+"="+string(text))
}

// asks makes the requests, so that a turn does nothing but send them.
func (s *pageScene) asks() *pageAsks {
	a := &pageAsks{status: statusOK}
	more := ""
	for n := range s.pages {
		if s.same {
			a.status, more = statusSame, "If-None-Match: "+pageETag(n)+"\r\n"
		}
		a.requests = append(a.requests, pageRequest(n, more))
		a.etags = append(a.etags, pageETag(n))
	}
	if s.zipf {
		a.order = make([]int, 1<<20)
		z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(s.pages-1)) //nolint:gosec // the same for everybody and every run
		for i := range a.order {
			a.order[i] = int(z.Uint64()) //nolint:gosec // below s.pages
		}
	}
	return a
}

// pageRequest is the request for a page, with more fields.
func pageRequest(n int, more string) []byte {
	return []byte("GET " + pagePath(n) + " HTTP/1.1\r\nHost: bench.example\r\n" + more + "\r\n")
}

// page is the page that a worker asks for at its n-th request.
func (a *pageAsks) page(worker, n int) int {
	if a.order == nil {
		return (worker*31 + n) % len(a.requests)
	}
	return a.order[(worker*len(a.order)/httpConnections+n)%len(a.order)]
}

// connect makes the connections; done ends them.
func (s *pageService) connect(ctx context.Context, limit time.Duration) (clients []*httpClient, done func(), err error) {
	done = func() {
		for _, c := range clients {
			c.close()
		}
	}
	for range httpConnections {
		c, err := dialHTTP(ctx, s.addr, limit)
		if err != nil {
			done()
			return nil, nil, err
		}
		clients = append(clients, c)
	}
	return clients, done, nil
}

// turn keeps all connections busy for about d.
func (s *pageService) turn(ctx context.Context, d time.Duration) (int64, time.Duration, error) {
	clients, done, err := s.connect(ctx, d+httpPatience)
	if err != nil {
		return 0, 0, err
	}
	defer done()
	return drive(httpConnections, d, func(worker, _ int) error {
		page := s.asks.page(worker, s.asked[worker])
		s.asked[worker]++
		said, err := clients[worker].ask(s.asks.requests[page], s.asks.status, io.Discard)
		if err != nil {
			return err
		}
		if said == "HIT" {
			s.hits[worker]++
		}
		if got := clients[worker].etag; string(got) != s.asks.etags[page] {
			return fmt.Errorf("the page %d has the entity tag %s, expected %s", page, got, s.asks.etags[page])
		}
		return nil
	})
}

// warm asks for every page three times, and looks at what is sent: a read of what lies in Redis brings it into the process.
func (s *pageService) warm(ctx context.Context, want []byte) error {
	clients, done, err := s.connect(ctx, 10*httpPatience)
	if err != nil {
		return err
	}
	defer done()
	var wg sync.WaitGroup
	errs := make([]error, httpConnections)
	for worker, c := range clients {
		wg.Go(func() {
			var body bytes.Buffer
			for n := worker; n < 3*len(s.asks.requests); n += httpConnections {
				body.Reset()
				page := n % len(s.asks.requests)
				if _, errs[worker] = c.ask(pageRequest(page, ""), statusOK, &body); errs[worker] != nil {
					return
				}
				if !bytes.Equal(body.Bytes(), want) || string(c.etag) != s.asks.etags[page] {
					errs[worker] = fmt.Errorf("the page %d with the entity tag %s is %q, expected %q", page, c.etag, &body, want)
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// allocations counts what the process allocates for each reply of a turn, and who gave it.
func (s *pageService) allocations(ctx context.Context, d time.Duration) (times, size float64, hits, near string, err error) {
	before, err := s.counters()
	if err != nil {
		return 0, 0, "", "", err
	}
	s.hits = [httpConnections]int64{}
	ops, _, err := s.turn(ctx, d)
	if err != nil {
		return 0, 0, "", "", err
	}
	after, err := s.counters()
	if err != nil {
		return 0, 0, "", "", err
	}
	var diff [4]float64
	for i := range diff {
		diff[i] = float64(after[i] - before[i])
	}
	answered := int64(0)
	for _, n := range s.hits {
		answered += n
	}
	if answered > 0 {
		hits = fmt.Sprintf("%.1f %%", 100*float64(answered)/float64(ops))
	}
	if n := diff[2] + diff[3]; n > 0 {
		near = fmt.Sprintf("%.1f %%", 100*diff[2]/n)
	}
	return diff[0] / float64(ops), diff[1] / float64(ops), hits, near, nil
}

// counters asks for allocations, their bytes, and hits in the process and in Redis, since its start.
func (s *pageService) counters() (c [4]int64, err error) {
	if _, err := fmt.Fprintln(s.in, "counters"); err != nil {
		return c, err
	}
	line, err := s.line()
	if err != nil {
		return c, err
	}
	_, err = fmt.Fscan(strings.NewReader(line), &c[0], &c[1], &c[2], &c[3])
	return c, err
}
