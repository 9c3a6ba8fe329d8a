package rfc9111

import (
	"net/http"
	"net/url"
	"strings"
)

// safeMethod reports whether a method changes nothing. Of one that is not known it is assumed that it does (section 4.4).
func safeMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, "QUERY", "PROPFIND", "REPORT", "SEARCH":
		return true
	}
	return false
}

// InvalidationTargets gives the URLs whose stored responses are no longer good after an answer to an unsafe method that is no
// error (section 4.4): the target, which is absolute, and those of Location and Content-Location that have its origin. It is
// empty for other answers.
func InvalidationTargets(method string, target *url.URL, status int, resp http.Header) []*url.URL {
	if safeMethod(method) || status < 200 || status >= 400 {
		return nil
	}
	out := []*url.URL{without(target)}
	for _, name := range []string{"Location", "Content-Location"} {
		for _, line := range resp[name] {
			u, err := target.Parse(trim(line))
			if err == nil && Origin(u) == Origin(target) {
				out = append(out, without(u))
			}
		}
	}
	return out
}

// without is the URL without what no request carries.
func without(u *url.URL) *url.URL {
	v := *u
	v.Fragment, v.RawFragment, v.User = "", "", nil
	return &v
}

// Origin is scheme, host and port of a URL in one spelling: lower case, no port that the scheme implies (RFC 9110, sections
// 4.2.3, 4.3.1).
func Origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + strings.TrimSuffix(host, ":")
}

// Groups gives the groups that a response belongs to, those of its origin (RFC 9875, section 2). A field that is malformed
// names none.
func Groups(resp http.Header) []string { return sfStrings(resp["Cache-Groups"]) }

// InvalidatedGroups gives the groups of its origin that an answer makes invalid; one to a safe method makes none (RFC 9875,
// section 3).
func InvalidatedGroups(method string, resp http.Header) []string {
	if safeMethod(method) {
		return nil
	}
	return sfStrings(resp["Cache-Group-Invalidation"])
}

func sfStrings(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	list, ok := parseList(lines)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range list {
		if v.kind != sfString {
			return nil
		}
		out = append(out, v.text)
	}
	return out
}
