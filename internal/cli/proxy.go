package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/ratelimit"
)

func proxyVerb() verb {
	return verb{
		name: "proxy", args: "--origin URL [--listen ADDR] [--rules FILE] [--metrics ADDR] [--host NAMES] [--no-heuristic] [--redis URL]",
		short: "serves an HTTP cache before any web service",
		about: `Serves what an HTTP service answers, and keeps what it allows to be kept as a shared cache does (RFC 9111). A rules file says
more for services that say nothing themselves: a JSON array of objects with path, ttl and more, which docs/design/httpcache.md lists.
Redis is that of REDIS_URL and its kin, else the memory of this process; TRUSTED_PROXIES lists the proxies before this one.
SIGINT or SIGTERM let requests under way end; a second signal does not.`,
		run: runProxy,
	}
}

// proxyOptions are the flags of the proxy.
type proxyOptions struct {
	listen, metrics string
	origin          *url.URL
	rules           []proxyRule
	hosts           []string
	noHeuristic     bool
	redis           redbrick.Options
	decide          time.Duration // bound of a rate limit's decision, see ratelimit.Options
	clients         ratelimit.ClientOptions
}

func readProxyOptions(p *Process) (o proxyOptions, err error) {
	p.flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDR` to serve, port 0 for any free one")
	origin := p.flags.String("origin", "", "`URL` of the service: scheme, host and port")
	rules := p.flags.String("rules", "", "`FILE` with rules")
	p.flags.StringVar(&o.metrics, "metrics", "", "`ADDR` to serve /metrics at; without it nothing tells")
	hosts := p.flags.String("host", "", "`NAMES` of hosts, with a comma between, whose responses are kept; without it those of all are, each for itself")
	p.flags.BoolVar(&o.noHeuristic, "no-heuristic", false, "keep nothing that says nothing of its freshness")
	redis := p.flags.String("redis", "", "`URL` of Redis, in place of REDIS_URL")
	if err := p.parse(0); err != nil {
		return o, err
	}
	u, err := url.Parse(*origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return o, usagef("--origin is %q, expected scheme, host and port, such as http://127.0.0.1:3000", *origin)
	}
	o.origin = u
	for name, addr := range map[string]string{"listen": o.listen, "metrics": o.metrics} {
		if _, _, err := net.SplitHostPort(addr); addr != "" && err != nil {
			return o, usagef("--%s is %q, expected host:port", name, addr)
		}
	}
	if *hosts != "" {
		o.hosts = strings.Split(*hosts, ",")
	}
	if *rules != "" {
		text, err := os.ReadFile(*rules)
		if err != nil {
			return o, usageError{err}
		}
		if o.rules, err = readRules(*rules, text); err != nil {
			return o, usageError{err}
		}
	}
	if o.redis, err = redbrick.OptionsFromEnv(); err == nil {
		o.clients, err = ratelimit.ClientOptionsFromEnv()
	}
	if err != nil {
		return o, usageError{err}
	}
	if *redis != "" {
		o.redis.URL = *redis
	}
	return o, nil
}

func runProxy(p *Process) error {
	o, err := readProxyOptions(p)
	if err != nil {
		return err
	}
	if p.tune != nil {
		p.tune(&o)
	}
	logger := slog.New(slog.NewTextHandler(p.Stderr, nil))
	o.redis.Logger = logger
	if o.redis.URL == "" || strings.HasPrefix(o.redis.URL, "embedded:") {
		engine.RaiseProcs()
	}
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, o.redis)
	if err != nil {
		return usageOf(err)
	}
	x, err := newProxy(rb, o, logger)
	if err != nil {
		return errors.Join(usageOf(err), rb.Close())
	}
	if err := x.start(ctx); err != nil {
		return errors.Join(err, x.stop(), rb.Close())
	}
	fmt.Fprintf(p.Stderr, "redbrick proxy: ready at %s, before %s\n", x.public.Addr(), o.origin)
	if x.private != nil {
		fmt.Fprintf(p.Stderr, "redbrick proxy: metrics at http://%s/metrics\n", x.private.Addr())
	}
	var failed error
	select {
	case failed = <-x.failed:
	case <-p.Signals:
	}
	return errors.Join(failed, p.end(func() error { return errors.Join(x.stop(), rb.Close()) }))
}

// usageOf tells what was asked wrongly from what went wrong.
func usageOf(err error) error {
	if errors.Is(err, redbrick.ErrConfig) {
		return usageError{err}
	}
	return err
}

// drain is how long a graceful end waits for requests under way.
const drain = 30 * time.Second

// start serves both addresses.
func (x *proxy) start(ctx context.Context) (err error) {
	var config net.ListenConfig
	if x.public, err = config.Listen(ctx, "tcp", x.o.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	x.servers = append(x.servers, x.server(x))
	if x.o.metrics != "" {
		if x.private, err = config.Listen(ctx, "tcp", x.o.metrics); err != nil {
			return errors.Join(fmt.Errorf("--metrics: %w", err), x.public.Close())
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /metrics", x.serveMetrics)
		x.servers = append(x.servers, x.server(mux))
	}
	for i, l := range []net.Listener{x.public, x.private} {
		if l != nil {
			server := x.servers[i]
			x.work.Go(func() {
				if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					x.failed <- err
				}
			})
		}
	}
	return nil
}

// Times that a client has, so that one that says nothing holds no connection for ever.
const (
	headTimeout = 30 * time.Second
	idleTimeout = 2 * time.Minute
)

func (x *proxy) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return x.life },
		ErrorLog:    slog.NewLogLogger(x.logger.Handler(), slog.LevelDebug),
	}
}

// stop lets requests under way end, then ends what never does by itself: connections that were upgraded.
func (x *proxy) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	var err error
	for _, s := range x.servers {
		err = errors.Join(err, s.Shutdown(ctx))
	}
	x.end()
	for _, s := range x.servers {
		err = errors.Join(err, s.Close())
	}
	x.work.Wait()
	x.transport.CloseIdleConnections()
	return err
}
