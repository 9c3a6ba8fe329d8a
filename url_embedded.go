package redbrick

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine"
)

// defaultUser is the only user of the embedded engine.
const defaultUser = "default"

var policies = []string{"noeviction", "allkeys-lru", "allkeys-random", "volatile-lru", "volatile-random", "volatile-ttl"}

var fsyncs = []string{string(engine.FsyncEverySecond), string(engine.FsyncAlways), string(engine.FsyncNo)}

// setEngine reads what an embedded: URL says of the engine.
func (t *target) setEngine(hosts, path string, values url.Values) error {
	switch {
	case hosts != "":
		return errors.New("a folder after three slashes, as in embedded:///var/lib/app")
	case strings.ContainsRune(path, 0):
		return errors.New("a folder's name without a zero byte")
	case path != "":
		t.engine.Dir = "/" + path
	}
	if values.Has("fsync") {
		policy := values.Get("fsync")
		switch {
		case !slices.Contains(fsyncs, policy):
			return errors.New("fsync=everysec, fsync=always or fsync=no in the query")
		case t.engine.Dir == "":
			return errors.New("a folder beside fsync, as in embedded:///var/lib/app?fsync=always")
		}
		if t.engine.Fsync = engine.Fsync(policy); t.engine.Fsync == engine.FsyncEverySecond {
			t.engine.Fsync = "" // the default, said aloud: another URL may leave it out
		}
	}
	if values.Has("maxmemory") {
		var ok bool
		if t.engine.MaxMemory, ok = parseBytes(values.Get("maxmemory")); !ok {
			return errors.New("bytes in maxmemory, as in maxmemory=256mb")
		}
	}
	if values.Has("maxmemory_policy") {
		t.engine.MaxMemoryPolicy = values.Get("maxmemory_policy")
		switch {
		case !slices.Contains(policies, t.engine.MaxMemoryPolicy):
			return errors.New("one of " + strings.Join(policies, ", ") + " in maxmemory_policy")
		case t.engine.MaxMemory == 0:
			return errors.New("a bound beside maxmemory_policy, as in maxmemory=256mb&maxmemory_policy=allkeys-lru")
		}
	}
	if values.Has("listen") {
		t.engine.Listen = values.Get("listen")
		if !isSocket(t.engine.Listen) && !validListen(t.engine.Listen) {
			return errors.New("an address or the path of a socket in listen, as in listen=127.0.0.1:6379 or listen=/run/app/redis.sock")
		}
	}
	return nil
}

// parseBytes reads a size as redis.conf has it: 100, 100k (of 1000), 100kb (of 1024), and so with m, mb, g and gb.
func parseBytes(s string) (int64, bool) {
	unit := strings.TrimLeft(s, "0123456789")
	scale, known := map[string]int64{"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30}[strings.ToLower(unit)]
	n, err := strconv.ParseInt(s[:len(s)-len(unit)], 10, 64)
	if !known || err != nil || n < 1 || n > math.MaxInt64/scale {
		return 0, false
	}
	return n * scale, true
}

// isSocket tells the path of a Unix socket from an address, as the engine does.
func isSocket(listen string) bool {
	return !strings.ContainsRune(listen, 0) && (strings.HasPrefix(listen, "/") || strings.HasPrefix(listen, "."))
}

func validListen(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = parseNumber(port, 0, 65535)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return host == "" || validHost(host) || err == nil && address.Is6()
}

// secureEngine sees to it that nobody reaches the engine whom the user did not mean: beyond this machine it wants a
// password, and a password without a listener guards nothing.
func (t *target) secureEngine(o Options, name naming) error {
	switch {
	case o.Redis.DialCtxFn != nil && t.engine != (engine.Options{}):
		return conflict(name("Redis"), "has a DialCtxFn, which leads to an engine of its own, beside settings of the engine in "+name("URL")+": leave one out")
	case t.engine.Listen == "" && (t.username != "" || t.password != ""):
		return conflict(name("Password"), "or "+name("Username")+" is set, but neither "+name("URL")+" nor "+name("Host")+" names a server to log in to, nor asks for one with listen=")
	case t.username != "" && t.username != defaultUser:
		return fault(name("Username"), t.username, "none or "+defaultUser+": the embedded engine has one user")
	case t.engine.Listen != "" && t.password == "" && !isSocket(t.engine.Listen) && !loopback(t.engine.Listen):
		return fault(name("URL"), "listen="+t.engine.Listen, "an address of this machine alone (127.0.0.1, ::1, localhost), or a password in "+name("Password")+" or as in embedded://:password@/var/lib/app?listen=...")
	}
	t.engine.Password = t.password
	return nil
}

func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
