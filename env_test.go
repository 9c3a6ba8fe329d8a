package redbrick

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/rueidis"
)

func environ(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

var compareOptions = []cmp.Option{
	cmpopts.IgnoreUnexported(Options{}, rueidis.ClientOption{}),
	cmpopts.IgnoreFields(Options{}, "Redis", "Observer", "OnState", "Client", "Logger"),
}

func TestOptionsFromEnv(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		vars map[string]string
		want Options
	}{
		{"nothing is the embedded engine", nil, Options{}},
		{"all", map[string]string{
			"REDIS_URL": "redis://h:7000", "REDIS_USERNAME": "ann", "REDIS_PASSWORD": "pw", "REDIS_DB": "2",
			"REDIS_KEY_PREFIX": "shop:", "REDIS_MAX_RETRIES": "5", "REDIS_RETRY_DELAY": "250",
			"REDIS_CONNECTION_TIMEOUT": "3000", "REDIS_COMMAND_TIMEOUT": "1500",
			"CACHE_TTL": "60", "CACHE_PREFIX": "cache:", "CACHE_MAX_SIZE": "1000", "CACHE_ENABLED": "false",
		}, Options{
			URL: "redis://h:7000", Username: "ann", Password: "pw", DB: 2, Namespace: "shop:", MaxRetries: 5,
			RetryDelay: 250 * time.Millisecond, ConnectTimeout: 3 * time.Second, CommandTimeout: 1500 * time.Millisecond,
			Cache: CacheOptions{TTL: time.Minute, Prefix: "cache:", MaxEntries: 1000, Disabled: true},
		}},
		{"host and port", map[string]string{"REDIS_HOST": "localhost", "REDIS_PORT": "6380"}, Options{Host: "localhost", Port: 6380}},
		{"no retries", map[string]string{"REDIS_MAX_RETRIES": "0"}, Options{MaxRetries: -1}},
		{"database 0 agrees with a URL without one", map[string]string{"REDIS_URL": "redis://h", "REDIS_DB": "0"}, Options{URL: "redis://h"}},
		{"cache on", map[string]string{"CACHE_ENABLED": "1"}, Options{}},
	} {
		got, err := optionsFrom(environ(tt.vars))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, compareOptions...); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestOptionsFromEnvRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		vars map[string]string
		says []string
	}{
		{map[string]string{"REDIS_PORT": "http", "REDIS_HOST": "h"}, []string{`REDIS_PORT is "http", expected a port from 1 to 65535`}},
		{map[string]string{"REDIS_PORT": "70000", "REDIS_HOST": "h"}, []string{`REDIS_PORT is "70000", expected a port`}},
		{map[string]string{"REDIS_PORT": "6379"}, []string{`REDIS_PORT is "6379", expected none without REDIS_HOST`}},
		{map[string]string{"REDIS_HOST": "redis://h"}, []string{`REDIS_HOST is "redis://h", expected a host name`}},
		{map[string]string{"REDIS_DB": "-1"}, []string{`REDIS_DB is "-1", expected a database number`}},
		{map[string]string{"REDIS_DB": "1 "}, []string{`REDIS_DB is "1 ", expected a database number`}},
		{map[string]string{"REDIS_URL": "redis://h/2", "REDIS_DB": "0"}, []string{`REDIS_DB is "0", expected 2 as given in REDIS_URL`}},
		{map[string]string{"REDIS_URL": "redis://h/2", "REDIS_DB": "3"}, []string{`REDIS_DB is "3", expected 2 as given in REDIS_URL`}},
		{map[string]string{"REDIS_URL": "redis+cluster://h", "REDIS_DB": "3"}, []string{`REDIS_DB is "3", expected 0: Redis Cluster has no other`}},
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_HOST": "other"}, []string{`REDIS_HOST is "other", expected the same server as in REDIS_URL`}},
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_PORT": "7000"}, []string{`REDIS_PORT is "7000", expected the same server as in REDIS_URL`}},
		{map[string]string{"REDIS_URL": "redis://:hush@h", "REDIS_PASSWORD": "sesame"}, []string{"REDIS_PASSWORD differs"}},
		{map[string]string{"REDIS_PASSWORD": "sesame"}, []string{"REDIS_PASSWORD or REDIS_USERNAME is set, but neither REDIS_URL nor REDIS_HOST"}},
		{map[string]string{"REDIS_URL": "redis://ann:hush@h:x"}, []string{`REDIS_URL is "redis://ann:***@h:x", expected a port`}},
		{map[string]string{"REDIS_URL": "mysql://ann:hush@h"}, []string{`REDIS_URL is "mysql://ann:***@h", expected embedded:, redis://`}},
		{map[string]string{"REDIS_KEY_PREFIX": "shop{1}:"}, []string{`REDIS_KEY_PREFIX is "shop{1}:", expected only letters`}},
		{map[string]string{"REDIS_KEY_PREFIX": "shop*"}, []string{`REDIS_KEY_PREFIX is "shop*"`}},
		{map[string]string{"CACHE_PREFIX": "c?"}, []string{`CACHE_PREFIX is "c?", expected only letters`}},
		{map[string]string{"REDIS_MAX_RETRIES": "-1"}, []string{`REDIS_MAX_RETRIES is "-1", expected a whole number`}},
		{map[string]string{"REDIS_RETRY_DELAY": "1s"}, []string{`REDIS_RETRY_DELAY is "1s", expected a whole number of milliseconds`}},
		{map[string]string{"REDIS_COMMAND_TIMEOUT": "0"}, []string{`REDIS_COMMAND_TIMEOUT is "0", expected a whole number of milliseconds from 1`}},
		{map[string]string{"REDIS_CONNECTION_TIMEOUT": "99999999999999999999"}, []string{`REDIS_CONNECTION_TIMEOUT is "99999999999999999999", expected`}},
		{map[string]string{"CACHE_TTL": "1h"}, []string{`CACHE_TTL is "1h", expected a whole number of seconds`}},
		{map[string]string{"CACHE_MAX_SIZE": "0"}, []string{`CACHE_MAX_SIZE is "0", expected a whole number of entries`}},
		{map[string]string{"CACHE_ENABLED": "maybe"}, []string{`CACHE_ENABLED is "maybe", expected true or false`}},
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_TLS_CA": "/ca.pem"}, []string{"REDIS_TLS_CA is for encrypted connections, but REDIS_URL names a plain one"}},
		{map[string]string{"REDIS_URL": "rediss://h", "REDIS_TLS_CA": "/none/ca.pem"}, []string{`REDIS_TLS_CA is "/none/ca.pem", expected a PEM file`, "no such file"}},
		{map[string]string{"REDIS_URL": "rediss://h", "REDIS_TLS_CERT": "/none/c.pem"}, []string{"REDIS_TLS_CERT and REDIS_TLS_KEY belong together"}},
		{map[string]string{"REDIS_URL": "rediss://h", "REDIS_TLS_CERT": "/none/c.pem", "REDIS_TLS_KEY": "/none/k.pem"},
			[]string{`REDIS_TLS_CERT is "/none/c.pem" and REDIS_TLS_KEY is "/none/k.pem", expected PEM files`}},
		// All at once.
		{map[string]string{"REDIS_URL": "redis://ann:hush@h:x", "REDIS_DB": "two", "REDIS_KEY_PREFIX": "a*", "CACHE_TTL": "-5", "CACHE_ENABLED": "ja"},
			[]string{"REDIS_URL", "REDIS_DB", "REDIS_KEY_PREFIX", "CACHE_TTL", "CACHE_ENABLED"}},
	} {
		_, err := optionsFrom(environ(tt.vars))
		if !errors.Is(err, ErrConfig) {
			t.Errorf("%v: %v, want ErrConfig", tt.vars, err)
			continue
		}
		for _, want := range tt.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: the error does not say %q:\n%v", tt.vars, want, err)
			}
		}
		for _, secret := range []string{"hush", "sesame"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%v: a password in the error:\n%v", tt.vars, err)
			}
		}
		if n := strings.Count(err.Error(), ErrConfig.Error()); n < len(tt.says)/2 {
			t.Errorf("%v: %d faults told", tt.vars, n)
		}
	}
}

func TestOptionsFromEnvReadsTheProcess(t *testing.T) {
	t.Setenv("REDIS_URL", "unix:///run/redis.sock")
	t.Setenv("REDIS_HOST", "")
	t.Setenv("REDIS_PORT", "")
	o, err := OptionsFromEnv()
	if err != nil || o.URL != "unix:///run/redis.sock" {
		t.Fatalf("got %q, %v", o.URL, err)
	}
}
