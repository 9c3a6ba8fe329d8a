package redbrick

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/engine"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	one := func(address string) target {
		return target{kind: kindSingle, plain: true, addresses: []string{address}}
	}
	with := func(t target, edit func(*target)) target {
		edit(&t)
		return t
	}
	for raw, want := range map[string]target{
		"embedded:":                       {kind: kindEmbedded, plain: true},
		"embedded://":                     {kind: kindEmbedded, plain: true},
		"embedded:///var/lib/a%20b":       {kind: kindEmbedded, plain: true, engine: engine.Options{Dir: "/var/lib/a b"}},
		"embedded:///d?fsync=always&db=3": {kind: kindEmbedded, plain: true, engine: engine.Options{Dir: "/d", Fsync: "always"}, db: 3, hasDB: true},
		"embedded:///d?fsync=everysec":    {kind: kindEmbedded, plain: true, engine: engine.Options{Dir: "/d"}},
		"embedded:?maxmemory=5MB":         {kind: kindEmbedded, plain: true, engine: engine.Options{MaxMemory: 5 << 20}},
		"embedded:?maxmemory=7":           {kind: kindEmbedded, plain: true, engine: engine.Options{MaxMemory: 7}},
		"embedded:?maxmemory_policy=allkeys-lru&maxmemory=2g": {
			kind: kindEmbedded, plain: true, engine: engine.Options{MaxMemory: 2e9, MaxMemoryPolicy: "allkeys-lru"},
		},
		"embedded:?listen=127.0.0.1:6379":   {kind: kindEmbedded, plain: true, engine: engine.Options{Listen: "127.0.0.1:6379"}},
		"embedded://?listen=[::1]:0":        {kind: kindEmbedded, plain: true, engine: engine.Options{Listen: "[::1]:0"}},
		"embedded:///d?listen=/run/a.sock":  {kind: kindEmbedded, plain: true, engine: engine.Options{Dir: "/d", Listen: "/run/a.sock"}},
		"embedded://:p%40@/d?listen=:7000":  {kind: kindEmbedded, plain: true, engine: engine.Options{Dir: "/d", Listen: ":7000"}, password: "p@"},
		"redis://h":                         one("h:6379"),
		"REDIS://h:7000":                    one("h:7000"),
		"redis://my_redis-1.local/":         one("my_redis-1.local:6379"),
		"redis://10.0.0.1:6380":             one("10.0.0.1:6380"),
		"redis://[::1]":                     one("[::1]:6379"),
		"redis://[fe80::1%25eth0]:7000":     one("[fe80::1%eth0]:7000"),
		"redis://h/2":                       with(one("h:6379"), func(t *target) { t.db, t.hasDB = 2, true }),
		"redis://h/0":                       with(one("h:6379"), func(t *target) { t.hasDB = true }),
		"redis://h?db=3":                    with(one("h:6379"), func(t *target) { t.db, t.hasDB = 3, true }),
		"redis://ann@h":                     with(one("h:6379"), func(t *target) { t.username = "ann" }),
		"redis://ann:p%40%2Fw:%25@h":        with(one("h:6379"), func(t *target) { t.username, t.password = "ann", "p@/w:%" }),
		"redis://ann:p@w@h":                 with(one("h:6379"), func(t *target) { t.username, t.password = "ann", "p@w" }),
		"redis://:pw@[::1]:7000/1":          with(one("[::1]:7000"), func(t *target) { t.password, t.db, t.hasDB = "pw", 1, true }),
		"rediss://h":                        {kind: kindSingle, secure: true, addresses: []string{"h:6379"}},
		"unix:///run/redis.sock":            {kind: kindUnix, plain: true, addresses: []string{"/run/redis.sock"}},
		"unix://ann:pw@/run/redis.sock":     {kind: kindUnix, plain: true, addresses: []string{"/run/redis.sock"}, username: "ann", password: "pw"},
		"unix:///run/redis.sock?db=4":       {kind: kindUnix, plain: true, addresses: []string{"/run/redis.sock"}, db: 4, hasDB: true},
		"redis+cluster://a,b:7001,[::1]":    {kind: kindCluster, addresses: []string{"a:6379", "b:7001", "[::1]:6379"}},
		"redis+cluster://a?tls=true":        {kind: kindCluster, addresses: []string{"a:6379"}, secure: true},
		"redis+cluster://a?tls=false":       {kind: kindCluster, addresses: []string{"a:6379"}, plain: true},
		"redis+cluster://a/0":               {kind: kindCluster, addresses: []string{"a:6379"}, hasDB: true},
		"redis+sentinel://a,b:26380/master": {kind: kindSentinel, addresses: []string{"a:26379", "b:26380"}, master: "master"},
		"redis+sentinel://u:p@a/m?db=2&tls=true&sentinel_username=su&sentinel_password=s%26p": {
			kind: kindSentinel, addresses: []string{"a:26379"}, master: "m", username: "u", password: "p",
			db: 2, hasDB: true, secure: true, sentinelUsername: "su", sentinelPassword: "s&p",
		},
	} {
		got, err := parseURL(raw)
		if err != nil {
			t.Errorf("%s: expected %v", raw, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", raw, diff)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	t.Parallel()
	for raw, expected := range map[string]string{
		"localhost:6379":                         "redis://",
		"http://h":                               "redis://",
		"redis":                                  "redis://",
		"redis:h":                                "two slashes",
		"redis:///2":                             "a host",
		"redis://":                               "a host",
		"redis://h:0":                            "a port from 1 to 65535",
		"redis://h:65536":                        "a port from 1 to 65535",
		"redis://h:":                             "a port from 1 to 65535",
		"redis://h:6379:1":                       "a port from 1 to 65535",
		"redis://::1":                            "IPv6 address in brackets",
		"redis://[::1":                           "IPv6 address in brackets",
		"redis://[127.0.0.1]":                    "IPv6 address in brackets",
		"redis://[::1]x":                         "IPv6 address in brackets",
		"redis://a b":                            "no spaces",
		"redis://h/x":                            "a database number",
		"redis://h/-1":                           "a database number",
		"redis://h/1/2":                          "a database number",
		"redis://h?db=":                          "a database number",
		"redis://h/1?db=1":                       "not both",
		"redis://h?db=1&db=2":                    `"db" once`,
		"redis://h?tls=true":                     `only db in the query, but it has "tls"`,
		"redis://a,b":                            "redis+cluster://",
		"redis://u:p#w@h":                        "'#' is %23",
		"redis://u:p/w@h":                        "%2F",
		"redis://u:p?w@h":                        "%3F",
		"redis://u:p%w@h":                        "%25",
		"rediss://h?tls=true":                    "only db",
		"redis+cluster://a,,b":                   "a host",
		"redis+cluster://a/1":                    "Redis Cluster has number 0 only",
		"redis+cluster://a?db=1":                 "Redis Cluster has number 0 only",
		"redis+cluster://a?tls=1":                "tls=true or tls=false",
		"redis+sentinel://a":                     "the master's name",
		"redis+sentinel://a/":                    "the master's name",
		"redis+sentinel://a/m/2":                 "the master's name",
		"redis+sentinel://a/m?sentinel=x":        `it has "sentinel"`,
		"unix://run/redis.sock":                  "three slashes",
		"unix:///":                               "three slashes",
		"unix:///s%00":                           "three slashes",
		"embedded:/data":                         "two slashes",
		"embedded://data":                        "three slashes",
		"embedded://u:p@data":                    "three slashes",
		"embedded:///data?x=1":                   `only db, fsync, listen, maxmemory, maxmemory_policy in the query, but it has "x"`,
		"embedded:?fsync=always":                 "a folder beside fsync",
		"embedded:///d?fsync=never":              "fsync=everysec, fsync=always or fsync=no",
		"embedded:///d?fsync=":                   "fsync=everysec, fsync=always or fsync=no",
		"embedded:?maxmemory=":                   "bytes in maxmemory",
		"embedded:?maxmemory=0":                  "bytes in maxmemory",
		"embedded:?maxmemory=mb":                 "bytes in maxmemory",
		"embedded:?maxmemory=-1":                 "bytes in maxmemory",
		"embedded:?maxmemory=1tb":                "bytes in maxmemory",
		"embedded:?maxmemory=9999999999gb":       "bytes in maxmemory",
		"embedded:?maxmemory_policy=lru":         "allkeys-lru, allkeys-random",
		"embedded:?maxmemory_policy=allkeys-lru": "a bound beside maxmemory_policy",
		"embedded:?listen=":                      "listen=127.0.0.1:6379",
		"embedded:?listen=6379":                  "listen=127.0.0.1:6379",
		"embedded:?listen=localhost":             "listen=127.0.0.1:6379",
		"embedded:?listen=localhost:http":        "listen=127.0.0.1:6379",
		"embedded:?listen=localhost:65536":       "listen=127.0.0.1:6379",
		"embedded:?listen=a%20b:1":               "listen=127.0.0.1:6379",
		"embedded:?listen=/a%00b":                "listen=127.0.0.1:6379",
		"embedded:///da%zz":                      "percent-encoding",
		"redis://h?%zz=1":                        "percent-encoding",
		"redis://h/99999999999999999999":         "a database number",
		"redis://user:99999999999999999999@":     "a host",
	} {
		got, err := parseURL(raw)
		switch {
		case err == nil:
			t.Errorf("%s: taken as %+v, want an error with %q", raw, got, expected)
		case !strings.Contains(err.Error(), expected):
			t.Errorf("%s: expected %v, want it to say %q", raw, err, expected)
		}
	}
}

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"redis://h:6379/2?db=1":                "redis://h:6379/2?db=1",
		"redis://ann:secret@h:1":               "redis://ann:***@h:1",
		"embedded:?listen=0.0.0.0:1&x=secret":  "embedded:?listen=0.0.0.0:1&x=***",
		"embedded:///d?fsync=never":            "embedded:///d?fsync=never",
		"embedded://:secret@/d?listen=:1":      "embedded://:***@/d?listen=:1",
		"redis://h?listen=secret":              "redis://h?listen=***",
		"redis://:secret@h":                    "redis://:***@h",
		"redis://secret@h":                     "redis://***@h",
		"redis://ann:sec/ret@h":                "redis://ann:***@h",
		"redis://ann:sec?ret@h":                "redis://***",
		"redis://ann:sec#ret@h":                "redis://ann:***@h",
		"redis://ann:sec@ret@h":                "redis://ann:***@h",
		"redis://:secret":                      "redis://***",
		"redis://h:secret/1":                   "redis://***",
		"redis://h:65536/1":                    "redis://h:65536/1",
		"redis://:12345":                       "redis://***",
		"redis:ann:secret@h":                   "redis:ann:***@h",
		"postgres://ann:secret@h/db?x=secret":  "postgres://ann:***@h/db?x=***",
		"ann:secret@h":                         "ann:***@h",
		"redis+sentinel://a,[::1]:7/m?tls=x":   "redis+sentinel://a,[::1]:7/m?tls=x",
		"redis://h?db=secret&secret&Secret1=x": "redis://h?db=***&secret=***&***",
		"redis+sentinel://a/m?sentinel_username=u&sentinel_password=secret":   "redis+sentinel://a/m?sentinel_username=***&sentinel_password=***",
		"redis+sentinel://a/m?sentinel_password=sec@ret":                      "redis+sentinel://***",
		"redis+sentinel://u:secret@a/m?tls=true&sentinel_password=sec%40;ret": "redis+sentinel://u:***@a/m?tls=true&sentinel_password=***&ret=***",
	} {
		if got := redactURL(raw); got != want {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
}

// Any text is either refused or gives addresses that can be dialled; and a password, well encoded or not, shows in no
// error.
func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"embedded:", "embedded:///d", "redis://u:p@h:1/2", "rediss://[::1]?db=1", "unix://u:p@/s?db=1",
		"redis+sentinel://u:p@a,b/m?tls=true&sentinel_password=x", "redis+cluster://a:1,b", "embedded://:p@/d?listen=:1&fsync=no",
	} {
		f.Add(s, "word")
	}
	f.Add("redis://h", "p@/?#%&;:,[]")
	f.Fuzz(func(t *testing.T, raw, password string) {
		if got, err := parseURL(raw); err == nil {
			for _, a := range got.addresses {
				if _, _, err := net.SplitHostPort(a); err != nil && got.kind != kindUnix {
					t.Fatalf("%q gives the address %q", raw, a)
				}
			}
			if len(got.addresses) == 0 && got.kind != kindEmbedded {
				t.Fatalf("%q gives no address", raw)
			}
		}
		_ = redactURL(raw)

		// The mark on both sides shows a password that was taken apart at the wrong place, too.
		const mark = "S3CR3T"
		password = mark + password + mark
		well := "redis://ann:" + url.PathEscape(password) + "@example.org:1/2"
		got, err := parseURL(well)
		if err != nil || got.password != password {
			t.Fatalf("%q gives the password %q, %v; want %q", well, got.password, err, password)
		}
		for _, s := range []string{
			well, "redis://ann:" + password + "@example.org:1/2", "redis://" + strings.ReplaceAll(password, ":", "") + "@example.org",
			"redis+sentinel://example.org/m?sentinel_password=" + password,
			"redis+cluster://a,b:" + strings.ReplaceAll(password, "@", ""), "rediss://example.org?" + password,
		} {
			if shown := redactURL(s); strings.Contains(shown, mark) {
				t.Fatalf("%q is shown as %q", s, shown)
			}
			if _, err := parseURL(s); err != nil && strings.Contains(err.Error(), mark) {
				t.Fatalf("%q: the error is %q", s, err)
			}
		}
	})
}
