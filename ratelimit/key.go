package ratelimit

import (
	"net/http"
	"strings"
)

// Key gives the identity that a request counts for; "" is not limited.
type Key func(*http.Request) string

// ByClient counts for the address of the client.
func ByClient(c *Clients) Key { return c.ID }

// ByUser counts for a user id, "user:<id>". Requests for which user gives "" are not limited: see FirstOf.
func ByUser(user func(*http.Request) string) Key {
	return func(r *http.Request) string { return prefixed("user:", user(r)) }
}

// ByHeader counts for the value of a header, such as an API key, "<name>:<value>". Requests without it are not limited, and
// whoever may write what he likes into it gets a limit for each value: it is for headers that are checked.
func ByHeader(name string) Key {
	name = http.CanonicalHeaderKey(name)
	prefix := strings.ToLower(name) + ":"
	return func(r *http.Request) string {
		return prefixed(prefix, strings.TrimSpace(strings.Join(r.Header[name], ",")))
	}
}

// ByRoute counts for the pattern of http.ServeMux that the request matched, "route:<pattern>", all clients together; see
// AllOf. Requests that matched none share "route:", so that nobody gets another limit by another path. The middleware has
// to stand behind the mux.
func ByRoute() Key {
	return func(r *http.Request) string { return "route:" + r.Pattern }
}

// FirstOf counts for the first key that is not "": the user, and for visitors the client.
func FirstOf(keys ...Key) Key {
	return func(r *http.Request) string {
		for _, k := range keys {
			if id := k(r); id != "" {
				return id
			}
		}
		return ""
	}
}

// AllOf counts for the keys together, such as each client on each route. Where one is "" the request is not limited.
func AllOf(keys ...Key) Key {
	escape := strings.NewReplacer("%", "%25", "|", "%7C")
	return func(r *http.Request) string {
		parts := make([]string, len(keys))
		for i, k := range keys {
			if parts[i] = escape.Replace(k(r)); parts[i] == "" {
				return ""
			}
		}
		return strings.Join(parts, "|")
	}
}

func prefixed(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}
