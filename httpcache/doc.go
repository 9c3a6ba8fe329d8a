// Package httpcache is a shared HTTP cache as RFC 9111 means it, as net/http middleware, on Redis.
//
//	pages, err := httpcache.New(rb, httpcache.Options{Hosts: []string{"shop.example"}})
//	mux.Handle("GET /recipes", pages.Route(httpcache.Rule{TTL: time.Minute, Query: []string{"tag", "page"}, Tags: recipeTags})(list))
//	mux.Handle("POST /recipes", pages.InvalidateOn("recipes")(create))
//
// # What is stored
//
// What the handler allows by Cache-Control, Expires and the targeted fields of RFC 9213; a Rule adds a TTL for handlers that
// say nothing. A response to a request with Authorization or a Cookie, or one that sets a cookie, is not stored, unless
// the response says that it is for everybody (RFC 9111 section 3.5) or the rule says how it is keyed: Rule.Private gives
// each user entries of his own, Rule.Shared declares that credentials make no difference. X-Forwarded-Host and its
// like, which some handlers heed and a stranger can send, are a part of the key.
//
// # Guarantees
//
// A response whose handler began before an invalidation of its URL or of one of its tags is seen by nobody who asks after
// it: the URL has a generation, which is a part of the keys of all its variants, and one command ends it. One handler runs
// for a missing response at a time, in the whole fleet; who waits for it does so for Patience at most. Redis that is away is a
// normal state: the handler answers.
//
// docs/design/httpcache.md has the keys, the invariants with their tests, the requirements of RFC 9111 with theirs, and what
// happens when something fails.
package httpcache
