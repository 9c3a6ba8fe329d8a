package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	goredis "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
)

// cachedEnv turns the program into a service of pages with a cache or without: its value is the JSON of a pageSite.
const cachedEnv = "BENCH_CACHED"

// Kinds of a pageSite.
const (
	bareKind   = "net/http, bare"
	ourKind    = "httpcache.Middleware"
	goredisTwo = "handler on go-redis/cache with TinyLFU"
)

// pageSite says what a service of pages is made of.
type pageSite struct {
	Kind, Redis, Name string
	Pages             int // how many URLs
	Recipes           int // of 2 KB, in each page
	Near              int // pages in the process; 0: the default, which is all
}

// pages is the handler below the caches, with all that it sends ready in memory: it is also the bare rival. The pages differ
// by their entity tags.
type pages struct {
	etags  [][]string
	body   []byte
	length []string
}

// pagePath is the URL of a page.
func pagePath(n int) string { return fmt.Sprintf("/p/%06d", n) }

func pageETag(n int) string { return fmt.Sprintf(`"%06d"`, n) }

func newPages(s pageSite) (*pages, error) {
	recipes := make([]recipe, s.Recipes)
	for i := range recipes {
		recipes[i] = newRecipe(i)
	}
	text, err := json.Marshal(recipes)
	if err != nil {
		return nil, err
	}
	p := &pages{body: text, length: []string{strconv.Itoa(len(text))}}
	for n := range s.Pages {
		p.etags = append(p.etags, []string{pageETag(n)})
	}
	return p, nil
}

var (
	pageType   = []string{"application/json; charset=utf-8"}
	pageMaxAge = []string{"max-age=3600"}
	pageHit    = []string{"HIT"}
)

// find gives the number of the page that a request is for.
func (p *pages) find(r *http.Request) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/p/"))
	return n, err == nil && n >= 0 && n < len(p.etags)
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, ok := p.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Etag"] = pageType, pageMaxAge, p.etags[n]
	if had := r.Header["If-None-Match"]; len(had) == 1 && had[0] == p.etags[n][0] {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = p.length
	_, _ = w.Write(p.body) // whoever is gone hears of no error
}

// handCached is what one writes with a cache of bytes at hand: the key is the URL, and what is there is sent.
type handCached struct {
	*pages

	cache *goredis.Cache
	name  string
}

func (c *handCached) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, ok := c.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	key := c.name + r.URL.Path
	var body []byte
	h := w.Header()
	if err := c.cache.Get(r.Context(), key, &body); err == nil {
		h["X-Cache"] = pageHit
	} else {
		body = c.body
		if err := c.cache.Set(&goredis.Item{Ctx: r.Context(), Key: key, Value: body, TTL: time.Hour}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	h["Content-Type"], h["Cache-Control"], h["Etag"], h["Content-Length"] = pageType, pageMaxAge, c.etags[n], c.length
	_, _ = w.Write(body)
}

// serveCached is the process of a pageSite. For each line on its input it says how often and how much it has allocated so
// far, and how many requests its process and Redis have answered.
func serveCached(in io.Reader, out io.Writer) (err error) {
	var s pageSite
	if err := json.Unmarshal([]byte(os.Getenv(cachedEnv)), &s); err != nil {
		return err
	}
	p, err := newPages(s)
	if err != nil {
		return err
	}
	var h http.Handler = p
	stats := func() (near, far int64) { return 0, 0 }
	switch s.Kind {
	case bareKind:
	case ourKind:
		rb, err := redbrick.Open(context.Background(), redbrick.Options{
			URL: s.Redis, Namespace: s.Name, RequireRedis: true, Cache: redbrick.CacheOptions{MaxEntries: s.Near},
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rb.Close()) }()
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			return err
		}
		h = c.Middleware(p)
		stats = func() (near, far int64) {
			s := c.Stats()
			return s.NearHits, s.Hits
		}
	case goredisTwo:
		u, err := url.Parse(s.Redis)
		if err != nil {
			return err
		}
		rdb := redis.NewClient(&redis.Options{Addr: u.Host})
		defer func() { err = errors.Join(err, rdb.Close()) }()
		near := s.Near
		if near == 0 {
			near = 100_000
		}
		h = &handCached{p, goredis.New(&goredis.Options{Redis: rdb, LocalCache: goredis.NewTinyLFU(near, time.Hour)}), s.Name}
	default:
		return errors.New("no such kind: " + s.Kind)
	}
	return serveUntil(in, out, h, func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		near, far := stats()
		fmt.Fprintln(out, m.Mallocs, m.TotalAlloc, near, far)
	})
}
