package httpcache_test

import (
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/httpcache"
)

const (
	cc = "Cache-Control"
	// stale makes a response that is stale when it arrives, fresh one that is not.
	stale = "max-age=5"
	fresh = "max-age=600"
)

// ago writes the date that is d before now.
func ago(d time.Duration) string { return time.Now().Add(-d).UTC().Format(http.TimeFormat) }

// aged is a response that is stale when it arrives, by five seconds, with an entity tag and more.
func aged(more ...string) step { return miss(append([]string{"Age", "10", "Etag", `"a"`}, more...)...) }

// demands are the requirements that TestConformance holds, in the order of the RFCs.
func demands() []demand {
	hour := ago(time.Hour)
	twice := func(s step) []step { return []step{s, s} } // the origin is asked again
	kept := func(s step, more ...step) []step { return append([]step{s, hit()}, more...) }
	return []demand{
		{id: "3a", name: "a response that may be stored is", steps: kept(miss(cc, fresh))},
		{id: "3b", name: "MUST NOT store the response to a method that is not understood", steps: []step{miss(cc, fresh).on("POST"), miss(cc, fresh), hit()}},
		{id: "3c", name: "the response to HEAD is none to GET", steps: []step{miss(cc, fresh).on("HEAD"), miss(cc, fresh), hit()}},
		{id: "3d", name: "MUST NOT store what must be understood and is not", steps: twice(miss(cc, fresh+", must-understand").is(299))},
		{id: "3e", name: "stores what must be understood and is", steps: kept(miss(cc, fresh+", must-understand, no-store"))},
		{id: "3f", name: "MUST NOT store no-store", steps: twice(miss(cc, fresh+", no-store"))},
		{id: "3g", name: "MUST NOT store private", steps: twice(miss(cc, fresh+", private"))},
		{id: "3h", name: "stores private for its user", rule: httpcache.Rule{Private: func(*http.Request) string { return "u" }}, steps: kept(miss(cc, fresh+", private"))},
		{id: "3i", name: "MUST NOT store what nothing allows to be", steps: twice(miss().is(201))},
		{id: "3j", name: "stores what Expires, s-maxage or public allow", steps: []step{
			miss("Expires", ago(-time.Hour)).is(201), hit().get(201),
			miss(cc, "s-maxage=600").is(201).at("/s"), hit().get(201).at("/s"),
			miss(cc, "public", "Last-Modified", hour).is(201).at("/p"), hit().get(201).at("/p"),
		}},
		{id: "3k", name: "a status nobody knows, with explicit freshness", steps: []step{miss(cc, fresh).is(299), hit().get(299)}},
		{id: "3l", name: "an error with explicit freshness", steps: []step{miss(cc, fresh).is(404), hit().get(404)}},
		{id: "3m", name: "what answers one request's own fields is not stored", steps: []step{miss(cc, fresh).is(400), miss(cc, fresh).is(401), miss(cc, fresh).is(429), miss(cc, fresh), hit()}},
		{id: "3.1a", name: "MUST store fields that nobody knows, all lines of them", steps: []step{miss(cc, fresh, "X-A", "1", "X-A", "2", "x-b", ""), hit("X-A", "1, 2")}},
		{id: "3.1b", name: "MUST NOT store Connection and what it lists", steps: []step{miss(cc, fresh, "Connection", "x-a", "X-A", "1", "Keep-Alive", "x", "X-B", "2"), hit("X-A", "", "Keep-Alive", "", "Connection", "~^(close)?$", "X-B", "2")}},
		{id: "3.1c", name: "MUST NOT store fields for a proxy", steps: []step{miss(cc, fresh, "Proxy-Authenticate", "x", "Proxy-Authentication-Info", "x"), hit("Proxy-Authenticate", "", "Proxy-Authentication-Info", "")}},
		{id: "3.1d", name: "MUST NOT store fields that private or no-cache name", steps: []step{miss(cc, fresh+`, private="x-a", no-cache="x-b, x-c"`, "X-A", "1", "X-B", "2", "X-C", "3", "X-D", "4"), hit("X-A", "", "X-B", "", "X-C", "", "X-D", "4")}},
		{id: "3.1e", name: "a response that sets a cookie is not stored", steps: twice(miss(cc, "public, "+fresh, "Set-Cookie", "a=b"))},
		{id: "3.2a", name: "MUST add and replace the fields of a 304", steps: []step{
			aged(cc, stale, "X-A", "1", "X-B", "1"),
			miss(cc, fresh, "Etag", `"a"`, "X-A", "2", "X-C", "3").is(304).get(200).shows("X-A", "2", "X-B", "1", "X-C", "3", "Etag", `"a"`),
			hit("X-A", "2", "X-B", "1", "X-C", "3"),
		}},
		{id: "3.2b", name: "MUST NOT take Content-Length of a 304", steps: []step{aged(cc, stale).text("four"), miss(cc, fresh, "Etag", `"a"`, "Content-Encoding", "br").is(304).get(200), hit("Content-Length", "4", "Content-Encoding", "")}},
		{id: "3.3a", name: "MUST NOT answer with what is incomplete", steps: []step{{from: origin, says: []string{cc, fresh, "Content-Length", "100"}, cut: true, reads: "answer 1"}, {from: origin, says: []string{cc, fresh}, cut: true, reads: "answer 2"}, miss(cc, fresh), hit()}},
		{id: "3.3b", name: "MUST NOT take a part for the whole", steps: []step{miss(cc, fresh, "Etag", `"a"`, "Content-Range", "bytes 2-4/10").is(206).text("234").with("Range", "bytes=2-4").read("234"), miss(cc, fresh, "Etag", `"a"`).text("0123456789"), hit()}},
		{id: "3.4a", name: "a part of a stored whole is sent", steps: kept(miss(cc, fresh).text("0123456789"),
			hit("Content-Range", "bytes 7-9/10").with("Range", "bytes=-3").get(206).read("789"), hit("Content-Range", "bytes */10").with("Range", "bytes=10-").get(416))},
		{id: "3.5a", name: "MUST NOT store the response to a request with Authorization", steps: twice(miss(cc, fresh).with("Authorization", "x"))},
		{id: "3.5b", name: "unless it is public, has s-maxage or must-revalidate", steps: []step{
			miss(cc, fresh+", public").with("Authorization", "x"), hit(),
			miss(cc, "s-maxage=600").with("Authorization", "x").at("/s"), hit().at("/s"),
			miss(cc, fresh+", must-revalidate").with("Authorization", "x").at("/m"), hit().at("/m"),
		}},
		{id: "3.5c", name: "proxy-revalidate is not among them", steps: twice(miss(cc, fresh+", proxy-revalidate").with("Authorization", "x"))},

		{id: "4a", name: "MUST match the URI", steps: []step{miss(cc, fresh).at("?a=1"), miss(cc, fresh).at("?a=2"), hit().at("?a=1").read("answer 1"), miss(cc, fresh), miss(cc, fresh).at("/%2f"), miss(cc, fresh).at("/f")}},
		{id: "4b", name: "MUST send Age with what is stored", steps: []step{miss(cc, fresh), hit("Age", `~^\d+$`), miss(cc, fresh, "Age", "30").at("/a"), hit("Age", `~^([3-9]\d|\d{3})$`).at("/a")}},
		{id: "4c", name: "MUST write unsafe requests through", steps: []step{miss(cc, fresh), miss(cc, fresh).on("POST"), miss(cc, fresh).on("POST"), miss(cc, fresh).on("DELETE"), miss(cc, fresh).on("PATCH")}},
		{id: "4d", name: "a stored GET answers HEAD", steps: kept(miss(cc, fresh).text("four"), hit("Content-Length", "4").on("HEAD"))},
		{id: "4.1a", name: "MUST match all fields that Vary names", steps: []step{
			miss(cc, fresh, "Vary", "X-A, X-B").with("X-A", "1", "X-B", "1"), hit().with("X-A", "1", "X-B", "1"),
			miss(cc, fresh, "Vary", "X-A, X-B").with("X-A", "1", "X-B", "2"), miss(cc, fresh, "Vary", "X-A, X-B").with("X-A", "1"),
			hit().with("X-A", "1", "X-B", "1", "X-C", "9").read("answer 1"), hit().with("X-B", "2", "X-A", "1").read("answer 2"),
		}},
		{id: "4.1b", name: "a field that is absent matches one that is absent alone", steps: []step{miss(cc, fresh, "Vary", "X-A"), hit(), miss(cc, fresh, "Vary", "X-A").with("X-A", "")}},
		{id: "4.1c", name: "MUST NOT match Vary: *", steps: twice(miss(cc, fresh, "Vary", "*"))},
		{id: "4.1d", name: "lines joined, spaces, order and case where they mean nothing", steps: []step{
			miss(cc, fresh, "Vary", "accept-encoding, Accept-Language", "Vary", "x-a").with("Accept-Encoding", "gzip, br", "Accept-Language", "en-US,de;q=0.5", "X-A", "1", "X-A", "2"),
			hit().with("Accept-Encoding", "br", "Accept-Encoding", "GZIP", "Accept-Language", "de;q=0.50 , EN-us", "X-A", " 1, 2 "),
		}},
		{id: "4.2a", name: "s-maxage before max-age, max-age before Expires", steps: []step{
			miss(cc, "max-age=600, s-maxage=0"), miss(cc, "max-age=0, s-maxage=600"), hit(),
			miss(cc, "max-age=600", "Expires", hour).at("/e"), hit().at("/e"), miss(cc, "max-age=0", "Expires", ago(-time.Hour)).at("/f"), miss().at("/f"),
		}},
		{id: "4.2b", name: "Expires counts from Date", steps: []step{miss("Expires", ago(30*time.Minute), "Date", ago(31*time.Minute)), miss("Expires", ago(-time.Hour), "Date", ago(time.Minute)), hit()}},
		{id: "4.2c", name: "SHOULD take a date whatever its case, MUST NOT one of another zone", steps: []step{
			miss("Expires", "sun, 06 nov 2094 08:49:37 gmt"), hit(), miss("Expires", "Sun, 06 Nov 2094 08:49:37 EST").at("/z"), miss().at("/z"),
		}},
		{id: "4.2.1a", name: "freshness that is invalid, or said twice and not alike, is stale", steps: []step{
			miss(cc, "max-age=6x"), miss(cc, "max-age=600, max-age=500"), miss(cc, "max-age=600.5"), miss("Expires", "0"), miss(cc, "max-age=-1"), miss(cc, "max-age=600, max-age=600"), hit(),
		}},
		{id: "4.2.2a", name: "heuristic freshness where nothing is explicit", steps: kept(miss("Last-Modified", ago(100*time.Hour)))},
		{id: "4.2.2b", name: "MUST NOT use it where something is, or the status does not allow it", steps: []step{
			miss("Last-Modified", ago(100*time.Hour), "Expires", "0"), miss("Last-Modified", ago(100*time.Hour), cc, "max-age=0"),
			miss("Last-Modified", ago(100*time.Hour)).is(201).at("/s"), miss("Last-Modified", ago(100*time.Hour)).is(201).at("/s"),
		}},
		{id: "4.2.3a", name: "age counts from Date and from Age", steps: []step{miss(cc, "max-age=60", "Date", hour), miss(cc, "max-age=60", "Age", "61"), miss(cc, "max-age=60", "Age", "30"), hit()}},
		{id: "4.2.4a", name: "MUST NOT send what is stale unless it is allowed to", steps: []step{
			aged(cc, stale), miss().is(503), aged(cc, stale), miss(cc, fresh), hit(),
		}},
		{id: "4.2.4b", name: "MUST NOT send what is stale where it is forbidden", steps: []step{
			aged(cc, stale+", must-revalidate, stale-if-error=600"), miss().is(503).with(cc, "max-stale"),
			aged(cc, stale+", proxy-revalidate, stale-if-error=600").at("/p"), miss().is(503).with(cc, "max-stale").at("/p"),
			aged(cc, "s-maxage=5, stale-if-error=600").at("/s"), miss().is(503).with(cc, "max-stale").at("/s"),
			aged(cc, fresh+", no-cache, stale-if-error=600").at("/n"), miss().is(503).with(cc, "max-stale").at("/n"),
		}},
		{id: "4.2.4c", name: "MUST NOT either where the origin breaks the connection off", proxied: true, steps: []step{
			aged(cc, stale+", must-revalidate, stale-if-error=600"), {from: either, aborts: true, gets: 502},
			aged(cc, "s-maxage=5, stale-if-error=600").at("/s"), {from: either, aborts: true, gets: 502, path: "/s"},
			aged(cc, fresh+", no-cache").at("/n"), {from: either, aborts: true, gets: 502, path: "/n"},
			aged(cc, stale).at("/x"), {from: either, aborts: true, gets: 502, path: "/x"},
		}},
		{id: "4.3.1a", name: "MUST validate with the tag, SHOULD with the date", steps: []step{
			aged(cc, stale, "Last-Modified", hour), aged(cc, stale).sees("If-None-Match", `"a"`, "If-Modified-Since", hour),
			miss(cc, stale, "Age", "10", "Last-Modified", hour).at("/d"), miss().at("/d").sees("If-None-Match", "", "If-Modified-Since", hour),
		}},
		{id: "4.3.1b", name: "the client's own conditions are not taken for ours", steps: []step{
			aged(cc, stale), miss(cc, fresh, "Etag", `"a"`).is(304).with("If-None-Match", `"x"`, "If-Modified-Since", hour, "Range", "bytes=0-1", "If-Range", `"a"`).get(206).
				sees("If-None-Match", `"a"`, "If-Modified-Since", "", "Range", "", "If-Range", ""), hit(),
		}},
		{id: "4.3.2a", name: "If-None-Match, weakly", steps: kept(miss(cc, fresh, "Etag", `W/"a"`),
			hit("Etag", `W/"a"`, "Content-Length", "", "Content-Type", "").with("If-None-Match", `"a"`).get(304), hit().with("If-None-Match", `"x", W/"a"`).get(304),
			hit().with("If-None-Match", "*").get(304), hit().with("If-None-Match", `"b"`), hit().with("If-None-Match", `"a"`).get(304).on("HEAD"))},
		{id: "4.3.2b", name: "If-Modified-Since where there is no If-None-Match", steps: kept(miss(cc, fresh, "Last-Modified", hour, "Etag", `"a"`),
			hit().with("If-Modified-Since", hour).get(304), hit().with("If-Modified-Since", ago(time.Minute)).get(304), hit().with("If-Modified-Since", ago(2*time.Hour)),
			hit().with("If-Modified-Since", hour, "If-None-Match", `"b"`), hit().with("If-Modified-Since", "x"))},
		{id: "4.3.2c", name: "SHOULD take Date where there is no Last-Modified", steps: kept(miss(cc, fresh, "Date", ago(time.Minute)),
			hit().with("If-Modified-Since", ago(time.Second)).get(304), hit().with("If-Modified-Since", ago(2*time.Minute)))},
		{id: "4.3.2d", name: "If-Match and If-Unmodified-Since are for the origin", steps: kept(miss(cc, fresh, "Etag", `"a"`),
			miss().is(412).with("If-Match", `"b"`).sees("If-Match", `"b"`), miss().is(412).with("If-Unmodified-Since", hour).sees("If-Unmodified-Since", hour), hit().read("answer 1"))},
		{id: "4.3.2e", name: "If-Range sends the part of what the client holds, else the whole", steps: kept(miss(cc, fresh, "Etag", `"a"`).text("0123456789"),
			hit().with("Range", "bytes=0-1", "If-Range", `"a"`).get(206).read("01"), hit().with("Range", "bytes=0-1", "If-Range", `"b"`), hit().with("Range", "bytes=0-1", "If-Range", `W/"a"`))},
		{id: "4.3.2f", name: "conditions do not count for what is no success", steps: []step{miss(cc, fresh, "Etag", `"a"`).is(404), hit().with("If-None-Match", `"a"`).get(404)}},
		{id: "4.3.3a", name: "a full response to a validation takes the place of what is stored", steps: []step{aged(cc, stale), miss(cc, fresh, "Etag", `"b"`), hit("Etag", `"b"`)}},
		{id: "4.3.3b", name: "an error does not", steps: []step{aged(cc, stale), miss().is(500), miss(cc, fresh, "Etag", `"a"`).is(304).get(200).sees("If-None-Match", `"a"`), hit()}},
		{id: "4.3.4a", name: "MUST NOT update by a 304 with another strong tag", steps: []step{aged(cc, stale, "X-A", "1"), {from: either, status: 304, says: []string{cc, fresh, "Etag", `"b"`, "X-A", "2"}, gets: 200, asked: []string{"If-None-Match", ""}}}},
		{id: "4.3.5a", name: "SHOULD update a stored GET by HEAD", steps: []step{
			aged(cc, stale, "X-A", "1").text("four"), miss(cc, fresh, "Etag", `"a"`, "X-A", "2", "Content-Length", "4").on("HEAD"), hit("X-A", "2").read("four"),
		}},
		{id: "4.3.5b", name: "SHOULD take it for stale where HEAD speaks of another", steps: []step{
			miss(cc, fresh, "Etag", `"a"`), miss(cc, fresh, "Etag", `"b"`).on("HEAD").with(cc, "no-cache"), miss(cc, fresh),
		}},
		{id: "4.4a", name: "MUST invalidate by unsafe methods that succeed", steps: []step{
			miss(cc, fresh), hit(), miss().on("POST"), miss(cc, fresh), hit(), miss().on("PUT").is(204), miss(cc, fresh), miss().on("DELETE").is(303), miss(cc, fresh), hit(), miss().on("PATCH"), miss(cc, fresh),
		}},
		{id: "4.4b", name: "and by methods that nobody knows", steps: kept(miss(cc, fresh), miss().on("FROB"), miss(cc, fresh))},
		{id: "4.4c", name: "not by errors, nor by safe methods", steps: kept(miss(cc, fresh), miss().on("POST").is(400), miss().on("PUT").is(500), miss().on("OPTIONS"), hit().read("answer 1"))},
		{id: "4.4d", name: "all variants of it", steps: []step{miss(cc, fresh, "Vary", "X-A"), miss(cc, fresh, "Vary", "X-A").with("X-A", "1"), miss().on("POST"), miss(cc, fresh, "Vary", "X-A"), miss(cc, fresh, "Vary", "X-A").with("X-A", "1")}},
		{id: "4.4e", name: "MAY invalidate Location and Content-Location of the same origin", steps: []step{
			miss(cc, fresh).at("/a/l"), miss(cc, fresh).at("/a/c?x"), miss("Location", "a/l", "Content-Location", "a/c?x").on("POST").at("/p").is(201), miss(cc, fresh).at("/a/l"), miss(cc, fresh).at("/a/c?x"), hit().at("/a/c?x"),
		}},
		{id: "4.4f", name: "MUST NOT invalidate them of another", steps: []step{
			miss(cc, fresh).at("/l"), miss("Location", "https://127.0.0.1/l", "Content-Location", "//other.example/l").on("POST").at("/p").is(201), hit().at("/l"),
		}},

		{id: "5.1a", name: "SHOULD take the first of several ages, and none that is no number", steps: []step{miss(cc, "max-age=60", "Age", "7200, 0"), miss(cc, "max-age=60", "Age", "0, 7200"), hit(), miss(cc, "max-age=60", "Age", "7200s").at("/x"), hit().at("/x")}},
		{id: "5.2a", name: "directives whatever their case, quoted or not, on several lines", steps: kept(miss(cc, "x", cc, `Max-Age="600"`))},
		{id: "5.2b", name: "MUST ignore directives that nobody knows", steps: kept(miss(cc, `x="no-store", y=no-store, no-stored, max-age=600, z`))},
		{id: "5.2c", name: "a quote that is never closed hides no directive", steps: twice(miss(cc, `max-age=600, x=", no-store`))},
		{id: "5.2.1.1a", name: "max-age of a request", steps: []step{miss(cc, fresh, "Age", "30"), hit().with(cc, "max-age=300"), miss(cc, fresh).with(cc, "max-age=10")}},
		{id: "5.2.1.2a", name: "max-stale", steps: []step{aged(cc, stale), hit().with(cc, "max-stale=600"), hit().with(cc, "max-stale"), miss(cc, fresh).with(cc, "max-stale=2")}},
		{id: "5.2.1.3a", name: "min-fresh", steps: []step{miss(cc, fresh), hit().with(cc, "min-fresh=500"), miss(cc, fresh).with(cc, "min-fresh=601")}},
		{id: "5.2.1.4a", name: "no-cache of a request", steps: []step{miss(cc, fresh, "Etag", `"a"`), miss(cc, fresh, "Etag", `"a"`).is(304).with(cc, "no-cache").get(200).sees("If-None-Match", `"a"`), hit()}},
		{id: "5.2.1.5a", name: "MUST NOT store the response to no-store", steps: []step{miss(cc, fresh).with(cc, "no-store"), miss(cc, fresh), hit()}},
		{id: "5.2.1.7a", name: "SHOULD answer only-if-cached from the store, else with 504", steps: []step{hit().with(cc, "only-if-cached").get(504), miss(cc, fresh), hit().with(cc, "only-if-cached"), aged(cc, stale).at("/s"), hit().with(cc, "only-if-cached").get(504).at("/s"), hit().with(cc, "only-if-cached, max-stale").at("/s")}},
		{id: "5.2.2.2a", name: "MUST NOT send stale what must be revalidated", steps: []step{aged(cc, stale+", must-revalidate, stale-while-revalidate=600"), miss(cc, fresh, "Etag", `"a"`).is(304).get(200).with(cc, "max-stale")}},
		{id: "5.2.2.4a", name: "MUST NOT send no-cache without validation", steps: []step{miss(cc, fresh+", no-cache", "Etag", `"a"`), miss(cc, fresh+", no-cache", "Etag", `"a"`).is(304).get(200).sees("If-None-Match", `"a"`), miss(cc, fresh)}},
		{id: "5.2.2.6a", name: "MUST NOT transform", steps: []step{miss(cc, fresh+", no-transform", "Content-Type", "text/plain").with("Accept-Encoding", "gzip, zstd"), hit("Content-Encoding", "").with("Accept-Encoding", "gzip, zstd")}},
		{id: "5.2.2.8a", name: "MUST NOT send stale what a proxy must revalidate", steps: []step{aged(cc, stale+", proxy-revalidate"), miss(cc, fresh, "Etag", `"a"`).is(304).get(200).with(cc, "max-stale")}},
		{id: "5.2.2.10a", name: "s-maxage is proxy-revalidate for a shared cache", steps: []step{aged(cc, "s-maxage=5, stale-while-revalidate=600"), miss(cc, fresh, "Etag", `"a"`).is(304).get(200).with(cc, "max-stale")}},
		{id: "5.3a", name: "MUST take an invalid date for the past", steps: []step{miss("Expires", "0"), miss("Expires", "-1"), miss("Expires", "never"), miss("Expires", ago(-time.Hour), "Expires", ago(-2*time.Hour)), miss("Expires", ago(-time.Hour)), hit()}},
		{id: "5.4a", name: "Pragma of a request where there is no Cache-Control", steps: []step{miss(cc, fresh), miss(cc, fresh).with("Pragma", "no-cache"), hit().with("Pragma", "no-cache", cc, "max-age=600")}},

		{id: "RFC5861a", name: "stale-while-revalidate", steps: []step{aged(cc, stale+", stale-while-revalidate=600"), {from: aside, says: []string{cc, fresh}, reads: "answer 1"}}},
		{id: "RFC5861b", name: "stale-if-error", steps: []step{
			aged(cc, stale+", stale-if-error=600"), miss().is(503).get(200).read("answer 1"), miss().is(404), miss().is(500).get(200).read("answer 1"),
			aged(cc, stale+", stale-if-error=1").at("/x"), miss().is(503).at("/x"), miss().is(503).with(cc, "stale-if-error=600").get(200).at("/x"),
		}},
		{id: "RFC5861c", name: "stale-if-error where the origin breaks the connection off", proxied: true, steps: []step{aged(cc, stale+", stale-if-error=600"), {from: either, aborts: true, reads: "answer 1"}}},
		{id: "RFC8246a", name: "what is immutable is not asked for again by a reload", steps: []step{miss(cc, fresh+", immutable", "Age", "30"), hit().with(cc, "max-age=0"), miss(cc, fresh).with(cc, "no-cache")}},
		{id: "RFC9211a", name: "Cache-Status and X-Cache tell what was done", steps: []step{
			miss(cc, fresh).shows("Cache-Status", "~^redbrick; fwd=(uri-)?miss", "X-Cache", "MISS"), hit("Cache-Status", `~^redbrick; hit; ttl=\d+`, "X-Cache", "HIT"),
			miss(cc, fresh, "Cache-Status", "inner; hit").at("/i"), hit("Cache-Status", "~^inner; hit, redbrick; hit").at("/i"), miss().on("POST").shows("Cache-Status", "~^redbrick; fwd=method", "X-Cache", "BYPASS"),
		}},
		{id: "RFC9213a", name: "MUST heed the first targeted field alone", steps: []step{
			miss(cc, "no-store", "CDN-Cache-Control", "max-age=600", "Expires", "0"), hit(), miss(cc, fresh, "CDN-Cache-Control", "no-store").at("/n"), miss(cc, fresh, "CDN-Cache-Control", "max-age=600", "Redbrick-Cache-Control", "max-age=0").at("/n"), miss().at("/n"),
		}},
		{id: "RFC9213b", name: "MUST ignore one that is no dictionary, or empty", steps: []step{miss(cc, fresh, "CDN-Cache-Control", "max-age=0;;"), hit(), miss(cc, fresh, "CDN-Cache-Control", "").at("/e"), hit().at("/e")}},
		{id: "RFC9875a", name: "Cache-Group-Invalidation ends the group", steps: []step{
			miss(cc, fresh, "Cache-Groups", `"g", "h"`).at("/a"), miss(cc, fresh, "Cache-Groups", `"i"`).at("/b"), miss("Cache-Group-Invalidation", `"h"`).on("POST").at("/p"), miss(cc, fresh).at("/a"), hit().at("/b").read("answer 2"),
		}},
		{id: "RFC9875b", name: "MUST ignore it in answers to safe methods, and errors end nothing", steps: []step{
			miss(cc, fresh, "Cache-Groups", `"g"`).at("/a"), miss(cc, fresh, "Cache-Group-Invalidation", `"g"`).at("/p"), hit().at("/a").read("answer 1"),
		}},
	}
}
