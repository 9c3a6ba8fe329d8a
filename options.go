package redbrick

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"math/bits"
	"reflect"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// What a zero field of Options stands for.
const (
	defaultMaxRetries     = 3
	defaultRetryDelay     = time.Second
	defaultConnectTimeout = 5 * time.Second
	defaultCommandTimeout = 5 * time.Second
	defaultHotTimeout     = 250 * time.Millisecond
	defaultConnections    = 1
	defaultCacheTTL       = time.Hour
)

// maxConnections is the most that rueidis takes (2^8 pipelined connections a node).
const maxConnections = 1 << rueidis.MaxPipelineMultiplex

// noRetries is the value of Options.MaxRetries that switches retries off.
const noRetries = -1

// Options says which Redis a Client uses and how. The zero value is the embedded engine in memory. Every field is
// checked by Open; one error names all that is wrong.
type Options struct {
	// URL names the server:
	//
	//	embedded:                                the engine in this process, in memory
	//	embedded:///var/lib/app                  the same, with its data kept in a folder
	//	redis://user:password@host:6379/2        one server, database 2; rediss:// with TLS
	//	redis+sentinel://h1,h2:26379/mymaster    a master found by Sentinel
	//	redis+cluster://h1:6379,h2:6379          a Redis Cluster
	//	unix://user:password@/run/redis.sock     a server behind a socket
	//
	// redis and rediss take the database as path or as ?db=2; embedded, unix and sentinel as ?db=2. Sentinel and cluster
	// take ?tls=true, sentinel also ?sentinel_username= and ?sentinel_password=. Special characters in user and password
	// are percent-encoded. Ports left out are 6379, for a sentinel 26379. IPv6 addresses stand in brackets.
	//
	// embedded takes ?fsync=always, everysec (the default) or no, which says when writes are on the disk itself,
	// ?maxmemory=256mb with ?maxmemory_policy=allkeys-lru or another of Redis's policies (noeviction), and
	// ?listen=127.0.0.1:6379 or ?listen=/run/app/redis.sock, where the engine serves other programs too, redis-cli for one.
	// Those who connect there log in with Password if it is given; an address beyond this machine asks for one.
	URL string
	// Host and Port name one server in place of URL. With a URL of one server they must agree with it. Port 0 is 6379.
	Host string
	Port int
	// Username, Password and DB fill what URL leaves out. A value that differs from the one in URL is an error, and so
	// is a DB other than 0 on Redis Cluster.
	Username string
	Password string
	DB       int

	// Namespace is put before every key and channel as it is, for example "shop:". Letters, digits and `_ : . -`.
	Namespace string

	// MaxRetries is how often a read-only command is tried again after a network error. 0 means 3, -1 none. Writes are
	// never repeated.
	MaxRetries int
	// RetryDelay is the longest pause before a retry or a new connection. Pauses grow from 50 ms, with full jitter.
	// 0 means one second.
	RetryDelay time.Duration
	// ConnectTimeout bounds dialling with TLS and log-in, and Open as a whole. 0 means 5 s.
	ConnectTimeout time.Duration
	// CommandTimeout is the longest a call waits for its answer, whatever its context says. 0 means 5 s.
	CommandTimeout time.Duration
	// HotTimeout is the same for the path that serves requests (Client.Hot). 0 means 250 ms.
	HotTimeout time.Duration

	// TLS is the configuration for encrypted connections. Nil is the system's roots, TLS 1.2 or later. Setting it, or one
	// of the files below, turns TLS on for Host, sentinel and cluster; with redis://, unix: and embedded: it is an error.
	TLS *tls.Config
	// TLSCA, TLSCert and TLSKey are PEM files: authorities to trust in place of the system's, and the client's own
	// certificate with its key (both or none).
	TLSCA   string
	TLSCert string
	TLSKey  string

	// RequireRedis makes Open fail when the server does not answer in time. Otherwise Open succeeds and the client keeps
	// trying: Redis that is away is a normal state.
	RequireRedis bool

	// Redis is a template for the connections: what this package does not set itself is taken from it. Without URL and
	// Host its InitAddress names the server.
	Redis rueidis.ClientOption
	// Client is a ready-made rueidis client to use in place of own connections. Near caches then hear of changes by
	// pub/sub. Fields about the server and the connections must be left zero. Close does not close it.
	Client rueidis.Client

	// Connections is the number of pipelined connections a node: a power of two up to 256. 0 means 1, which suits most: callers share its system
	// calls. More of them keep large values from holding up small ones.
	Connections int

	// Logger hears of state changes and of degraded service. Nil is silent.
	Logger *slog.Logger
	// OnState is called at every change of state, one call at a time. It must not block.
	OnState func(StateEvent)
	// Observer is told of commands, cache reads and the like, for metrics and traces.
	Observer Observer

	// Cache holds what all caches share.
	Cache CacheOptions
}

// CacheOptions are defaults of all caches of a client. The zero value is good.
type CacheOptions struct {
	// TTL is the lifetime of an entry whose cache names none. 0 means one hour.
	TTL time.Duration
	// Prefix stands between the namespace and a cache's name. A Prefix equal to the namespace is applied once. Letters,
	// digits and `_ : . -`.
	Prefix string
	// MaxEntries bounds the near level of each cache in entries. 0 leaves it to the cache.
	MaxEntries int
	// Disabled sends every read to the loader and stores nothing.
	Disabled bool
}

// naming turns the name of a field into the one the reader of an error knows: the field itself, or the variable.
type naming func(field string) string

func fieldName(field string) string { return "Options." + field }

// withDefaults returns the options with every default filled in, or all that is wrong with them.
func (o Options) withDefaults() (Options, error) { return o.complete(fieldName) }

// resolve says which server the options name. It reads the TLS files.
func (o Options) resolve() (target, error) { return o.target(fieldName) }

func (o Options) complete(name naming) (Options, error) {
	var faults []error
	add := func(field string, value any, expected string) {
		faults = append(faults, fault(name(field), value, expected))
	}
	if _, err := o.target(name); err != nil {
		faults = append(faults, err)
	}

	const namePattern = "only letters, digits and _ : . -"
	if keyspace.ValidName(o.Namespace) != nil {
		add("Namespace", o.Namespace, namePattern)
	}
	if keyspace.ValidName(o.Cache.Prefix) != nil {
		add("Cache.Prefix", o.Cache.Prefix, namePattern)
	}
	if o.MaxRetries < noRetries {
		add("MaxRetries", o.MaxRetries, "a count, or -1 for no retries")
	}
	o.MaxRetries = orDefault(o.MaxRetries, defaultMaxRetries)
	for _, d := range []struct {
		field    string
		value    *time.Duration
		fallback time.Duration
	}{
		{"RetryDelay", &o.RetryDelay, defaultRetryDelay},
		{"ConnectTimeout", &o.ConnectTimeout, defaultConnectTimeout},
		{"CommandTimeout", &o.CommandTimeout, defaultCommandTimeout},
		{"HotTimeout", &o.HotTimeout, defaultHotTimeout},
		{"Cache.TTL", &o.Cache.TTL, defaultCacheTTL},
	} {
		*d.value = orDefault(*d.value, d.fallback)
		if *d.value < time.Millisecond {
			add(d.field, *d.value, "at least 1ms")
		}
	}
	if o.Cache.MaxEntries < 0 {
		add("Cache.MaxEntries", o.Cache.MaxEntries, "a positive number, or 0 for the default")
	}
	o.Connections = orDefault(o.Connections, defaultConnections)
	if o.Connections < 1 || o.Connections > maxConnections || bits.OnesCount(uint(o.Connections)) != 1 {
		add("Connections", o.Connections, "a power of two from 1 to 256")
	}
	faults = append(faults, o.templateFaults(name)...)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, errors.Join(faults...)
}

// templateFaults refuses the fields of the template that would break what the bricks rely on.
func (o Options) templateFaults(name naming) []error {
	var faults []error
	if o.Redis.OnInvalidations != nil || o.Redis.ClientTrackingOptions != nil {
		faults = append(faults, conflict(name("Redis"), "must leave OnInvalidations and ClientTrackingOptions empty: the client tracks keys for the near caches"))
	}
	if o.Redis.ReplicaOnly || o.Redis.SendToReplicas != nil {
		faults = append(faults, conflict(name("Redis"), "must leave ReplicaOnly and SendToReplicas empty: a replica's answer may be older than a write that was confirmed"))
	}
	return faults
}

// clientConflicts names the fields that say nothing beside a ready-made client.
func (o Options) clientConflicts(name naming) error {
	var faults []error
	for _, f := range []struct {
		field string
		value any
	}{
		{"URL", o.URL},
		{"Host", o.Host},
		{"Port", o.Port},
		{"Username", o.Username},
		{"Password", o.Password},
		{"DB", o.DB},
		{"TLS", o.TLS},
		{"TLSCA", o.TLSCA},
		{"TLSCert", o.TLSCert},
		{"TLSKey", o.TLSKey},
		{"Redis", o.Redis},
	} {
		if !reflect.ValueOf(f.value).IsZero() {
			faults = append(faults, conflict(name(f.field), "is set beside "+name("Client")+", which has its own connections"))
		}
	}
	return errors.Join(faults...)
}

// cachePrefix stands before the name of every cache: REDIS_KEY_PREFIX + CACHE_PREFIX, once if they are equal.
func (o Options) cachePrefix() string {
	if o.Cache.Prefix == o.Namespace {
		return o.Namespace
	}
	return o.Namespace + o.Cache.Prefix
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
