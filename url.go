package redbrick

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	redisPort    = 6379
	sentinelPort = 26379
	maxDB        = 1<<31 - 1
)

// schemes maps what a URL begins with to the kind of server and the names its query may have.
var schemes = map[string]struct {
	kind   kind
	secure bool
	query  []string
}{
	"embedded":       {kind: kindEmbedded, query: []string{"db", "fsync", "listen", "maxmemory", "maxmemory_policy"}},
	"redis":          {kind: kindSingle, query: []string{"db"}},
	"rediss":         {kind: kindSingle, secure: true, query: []string{"db"}},
	"redis+sentinel": {kind: kindSentinel, query: []string{"db", "tls", "sentinel_username", "sentinel_password"}},
	"redis+cluster":  {kind: kindCluster, query: []string{"db", "tls"}},
	"unix":           {kind: kindUnix, query: []string{"db"}},
}

// parseURL reads a Redis URL. It does not use net/url for the whole because that takes one host only. Its errors say
// what was expected and never show the URL, which may hold a password: see redactURL.
func parseURL(raw string) (target, error) {
	scheme, rest, ok := strings.Cut(raw, ":")
	s, known := schemes[strings.ToLower(scheme)]
	if !ok || !known {
		return target{}, errors.New("embedded:, redis://, rediss://, redis+sentinel://, redis+cluster:// or unix:// at its start")
	}
	if strings.ContainsAny(raw, "#") || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return target{}, errors.New("no spaces, control characters or '#': they are percent-encoded, '#' is %23")
	}
	t := target{kind: s.kind, secure: s.secure, plain: !s.secure}
	bare := s.kind == kindEmbedded && (rest == "" || rest[0] == '?') // it names no place, so it needs no slashes
	rest, ok = strings.CutPrefix(rest, "//")
	if !ok && !bare {
		return target{}, fmt.Errorf("%s:// with two slashes", strings.ToLower(scheme))
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i+1:]
	}
	hosts := authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		var err error
		if t.username, t.password, err = parseUser(authority[:i]); err != nil {
			return target{}, err
		}
		hosts = authority[i+1:]
	} else if strings.Contains(path, "@") && s.kind != kindEmbedded && s.kind != kindUnix {
		return target{}, errors.New("'/' in a password to be percent-encoded as %2F")
	}
	path, err := url.PathUnescape(path)
	if err != nil {
		return target{}, errors.New("valid percent-encoding in the path")
	}
	values, err := parseQuery(query, s.query)
	if err != nil {
		return target{}, err
	}

	switch s.kind {
	case kindEmbedded:
		err = t.setEngine(hosts, path, values)
	case kindUnix:
		err = t.setSocket(hosts, path)
	default:
		err = t.setHosts(hosts, path)
	}
	if err != nil {
		return target{}, err
	}
	if err := t.setQuery(values); err != nil {
		return target{}, err
	}
	return t, nil
}

func parseUser(s string) (username, password string, err error) {
	user, pass, _ := strings.Cut(s, ":")
	username, err = url.PathUnescape(user)
	if err == nil {
		password, err = url.PathUnescape(pass)
	}
	if err != nil {
		// The error of url shows a piece of the password.
		return "", "", errors.New("valid percent-encoding in user and password ('%' itself is %25)")
	}
	return username, password, nil
}

func parseQuery(query string, allowed []string) (url.Values, error) {
	if strings.Contains(query, "@") {
		return nil, errors.New("'?' in a password to be percent-encoded as %3F, and '@' in the query as %40")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("valid percent-encoding in the query")
	}
	for name, v := range values {
		switch {
		case slices.Contains(allowed, name) && len(v) == 1:
		case slices.Contains(allowed, name):
			return nil, fmt.Errorf("%q once in the query", name)
		case len(allowed) == 0:
			return nil, errors.New("no query")
		case plainWord(name):
			return nil, fmt.Errorf("only %s in the query, but it has %q", strings.Join(allowed, ", "), name)
		default:
			return nil, fmt.Errorf("only %s in the query", strings.Join(allowed, ", "))
		}
	}
	return values, nil
}

func (t *target) setSocket(hosts, path string) error {
	if hosts != "" || path == "" || strings.ContainsRune(path, 0) {
		return errors.New("the path of a socket after three slashes, as in unix:///run/redis.sock")
	}
	t.addresses = []string{"/" + path}
	return nil
}

func (t *target) setHosts(hosts, path string) error {
	port := redisPort
	if t.kind == kindSentinel {
		port = sentinelPort
	}
	for host := range strings.SplitSeq(hosts, ",") {
		address, err := parseHost(host, port)
		if err != nil {
			return err
		}
		t.addresses = append(t.addresses, address)
	}
	switch t.kind {
	case kindSentinel:
		if path == "" || strings.ContainsRune(path, '/') {
			return errors.New("the master's name behind the hosts, as in redis+sentinel://h1,h2/mymaster")
		}
		t.master = path
		return nil
	case kindSingle:
		if len(t.addresses) > 1 {
			return errors.New("one host; several are redis+cluster://h1,h2 or redis+sentinel://h1,h2/mymaster")
		}
	}
	if path != "" {
		return t.setDB(path)
	}
	return nil
}

func (t *target) setQuery(values url.Values) error {
	if values.Has("db") {
		if t.hasDB {
			return errors.New("the database either as path or as ?db=, not both")
		}
		if err := t.setDB(values.Get("db")); err != nil {
			return err
		}
	}
	if values.Has("tls") {
		switch values.Get("tls") {
		case "true":
			t.secure, t.plain = true, false
		case "false":
		default:
			return errors.New("tls=true or tls=false in the query")
		}
	} else if t.kind == kindSentinel || t.kind == kindCluster {
		// Nothing was said about TLS, so Options.TLS may still turn it on.
		t.plain = false
	}
	t.sentinelUsername, t.sentinelPassword = values.Get("sentinel_username"), values.Get("sentinel_password")
	return nil
}

func (t *target) setDB(s string) error {
	db, err := parseNumber(s, 0, maxDB)
	if err != nil {
		return errors.New("a database number from 0 up behind the host")
	}
	if t.kind == kindCluster && db != 0 {
		return errors.New("no database: Redis Cluster has number 0 only")
	}
	t.db, t.hasDB = db, true
	return nil
}

// parseHost reads host, host:port or [ipv6]:port, and gives host:port.
func parseHost(s string, port int) (string, error) {
	var host string
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, rest, ok = strings.Cut(rest, "]")
		address, err := netip.ParseAddr(strings.Replace(host, "%25", "%", 1))
		if !ok || err != nil || !address.Is6() || (rest != "" && rest[0] != ':') {
			return "", errors.New("an IPv6 address in brackets, as in [::1]:6379")
		}
		host, s = address.String(), rest
	} else {
		host, _, _ = strings.Cut(s, ":")
		s = s[len(host):]
		if !validHost(host) {
			return "", errors.New("a host name or address, with an IPv6 address in brackets")
		}
	}
	if s != "" {
		var err error
		if port, err = parseNumber(s[1:], 1, 65535); err != nil {
			return "", errors.New("a port from 1 to 65535 behind the colon (special characters in a password are percent-encoded)")
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// validHost takes what may stand in a DNS name or an IPv4 address, and the underscores of container names.
func validHost(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}

// parseNumber takes plain decimal digits only: no sign, no spaces.
func parseNumber(s string, least, most int) (int, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, strconv.ErrRange
	}
	return n, nil
}

// redactURL shows a URL, well formed or not, without what may be a secret: passwords, a user name without one (it is
// often the password in the wrong place), values of the query, and a port that is no number.
func redactURL(raw string) string {
	const hidden = "***"
	head, rest := "", raw
	if i := strings.Index(raw, "://"); i >= 0 {
		head, rest = raw[:i+3], raw[i+3:]
	} else if scheme, after, ok := strings.Cut(raw, ":"); ok {
		if _, known := schemes[strings.ToLower(scheme)]; known {
			head, rest = scheme+":", after
		}
	}
	show := []string{"tls", "db"}
	if strings.EqualFold(head, "embedded:") || strings.EqualFold(head, "embedded://") {
		show = append(show, "fsync", "listen", "maxmemory", "maxmemory_policy")
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if strings.Contains(rest[:i], "?") {
			return head + hidden
		}
		user, _, ok := strings.Cut(rest[:i], ":")
		if ok && user != "" && validHost(user) {
			head += user
		}
		if ok {
			head += ":"
		}
		return head + hidden + redactQuery(rest[i:], show)
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	for host := range strings.SplitSeq(authority, ",") {
		if _, err := parseHost(host, redisPort); err == nil {
			continue
		}
		// Behind a colon anything but a short number may be a password that lacks its host.
		name, port, ok := strings.Cut(host, ":")
		if _, err := parseNumber(port, 0, 99999); ok && (name == "" || err != nil) {
			return head + hidden
		}
	}
	return head + redactQuery(rest, show)
}

// plainWord tells a setting's name from a password that lost its way.
func plainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' })
}

// redactQuery shows the values of the named settings, which hold no secrets; of db a number.
func redactQuery(s string, show []string) string {
	before, query, ok := strings.Cut(s, "?")
	if !ok {
		return s
	}
	pairs := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' || r == '#' })
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		switch _, err := parseNumber(value, 0, maxDB); {
		case slices.Contains(show, name) && (name != "db" || err == nil):
		case plainWord(name):
			pairs[i] = name + "=***"
		default:
			pairs[i] = "***"
		}
	}
	return before + "?" + strings.Join(pairs, "&")
}
