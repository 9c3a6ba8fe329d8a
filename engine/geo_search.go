package engine

import (
	"math"

	"github.com/redbrick-go/redbrick/engine/internal/geohash"
)

// geoQuery is what GEOSEARCH and its kin were asked.
type geoQuery struct {
	z        *zset // where to search; nil if it is not there
	shape    geohash.Shape
	search   bool // GEOSEARCH, GEOSEARCHSTORE: options say where and how far
	mayStore bool // STORE and STOREDIST are options

	from, by                      []byte // the options that said where and how far
	withDist, withHash, withCoord bool
	sort, desc, any               bool
	count                         int64 // 0: all
	store                         []byte
	storeDist                     bool
}

func cmdGeoRadius(c *call)           { c.radius(true) }
func cmdGeoRadiusRO(c *call)         { c.radius(false) }
func cmdGeoRadiusByMember(c *call)   { c.radiusByMember(true) }
func cmdGeoRadiusByMemberRO(c *call) { c.radiusByMember(false) }

// source looks up where to search, or answers an error.
func (c *call) source(q *geoQuery, key []byte) bool {
	n, ok := c.readKind(key, kindZSet)
	if n != nil {
		q.z = asZSet(n)
	}
	return ok
}

func (c *call) radius(mayStore bool) {
	q := geoQuery{mayStore: mayStore}
	if !c.source(&q, c.args[1]) {
		return
	}
	var ok bool
	if q.shape.Center, ok = c.placeArg(2); ok && c.radiusArg(&q.shape, 4) {
		c.find(&q, 6)
	}
}

func (c *call) radiusByMember(mayStore bool) {
	q := geoQuery{mayStore: mayStore}
	if !c.source(&q, c.args[1]) {
		return
	}
	if q.z == nil || c.memberArg(&q, c.args[2]) && c.radiusArg(&q.shape, 3) {
		c.find(&q, 5)
	}
}

func cmdGeoSearch(c *call) {
	q := geoQuery{search: true}
	if c.source(&q, c.args[1]) {
		c.find(&q, 2)
	}
}

func cmdGeoSearchStore(c *call) {
	q := geoQuery{search: true, store: c.args[1]}
	if c.source(&q, c.args[2]) {
		c.find(&q, 3)
	}
}

// memberArg makes a member the center.
func (c *call) memberArg(q *geoQuery, member []byte) bool {
	score, ok := q.z.Score(member)
	if !ok {
		c.fail("ERR could not decode requested zset member")
		return false
	}
	q.shape.Center = geohash.Place(score)
	return true
}

// radiusArg reads a radius and its unit.
func (c *call) radiusArg(s *geohash.Shape, at int) (ok bool) {
	if s.Radius, ok = c.floatArg(c.args[at], "ERR need numeric radius"); !ok {
		return false
	}
	if s.Radius < 0 {
		c.fail("ERR radius cannot be negative")
		return false
	}
	s.Unit, ok = c.unitArg(c.args[at+1])
	return ok
}

// boxArg reads width, height and their unit.
func (c *call) boxArg(s *geohash.Shape, at int) (ok bool) {
	if s.Width, ok = c.floatArg(c.args[at], "ERR need numeric width"); !ok {
		return false
	}
	if s.Height, ok = c.floatArg(c.args[at+1], "ERR need numeric height"); !ok {
		return false
	}
	if s.Width < 0 || s.Height < 0 {
		c.fail("ERR height or width cannot be negative")
		return false
	}
	s.Box = true
	s.Unit, ok = c.unitArg(c.args[at+2])
	return ok
}

// find reads the options from an index on, searches and answers.
func (c *call) find(q *geoQuery, at int) {
	for at < len(c.args) {
		n, ok := c.geoOption(q, at)
		if !ok {
			return
		}
		at += n
	}
	scored := q.withDist || q.withHash || q.withCoord
	switch {
	case q.store != nil && scored && q.search:
		c.fail("ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
	case q.store != nil && scored:
		c.fail("ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
	case q.search && q.from == nil:
		c.fail("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + string(c.args[0]))
	case q.search && q.by == nil:
		c.fail("ERR exactly one of BYRADIUS and BYBOX can be specified for " + string(c.args[0]))
	case q.any && q.count == 0:
		c.fail("ERR the ANY argument requires COUNT argument")
	default:
		c.answerFound(q, q.run())
	}
}

// geoOption reads the option at an index, and returns of how many words it is.
func (c *call) geoOption(q *geoQuery, at int) (n int, ok bool) {
	arg, left := c.args[at], len(c.args)-at-1
	switch {
	case is(arg, "withdist"):
		q.withDist = true
	case is(arg, "withhash"):
		q.withHash = true
	case is(arg, "withcoord"):
		q.withCoord = true
	case is(arg, "any"):
		q.any = true
	case is(arg, "asc"):
		q.sort, q.desc = true, false
	case is(arg, "desc"):
		q.sort, q.desc = true, true
	case is(arg, "count") && left >= 1:
		if q.count, ok = c.int64Arg(c.args[at+1]); !ok {
			return 0, false
		}
		if q.count <= 0 {
			c.fail("ERR COUNT must be > 0")
			return 0, false
		}
		return 2, true
	case q.search:
		return c.geoSearchOption(q, at)
	case q.mayStore && left >= 1 && (is(arg, "store") || is(arg, "storedist")):
		q.store, q.storeDist = c.args[at+1], is(arg, "storedist")
		return 2, true
	default:
		c.fail(errSyntax)
		return 0, false
	}
	return 1, true
}

// geoSearchOption reads the options that only GEOSEARCH and GEOSEARCHSTORE have.
func (c *call) geoSearchOption(q *geoQuery, at int) (n int, ok bool) {
	arg, left := c.args[at], len(c.args)-at-1
	// allowed reports that nothing but the same option was there before: the other one excludes it.
	allowed := func(said []byte, word string) bool { return said == nil || is(said, word) }
	switch {
	case is(arg, "frommember") && left >= 1 && allowed(q.from, "frommember"):
		q.from = arg
		return 2, q.z == nil || c.memberArg(q, c.args[at+1])
	case is(arg, "fromlonlat") && left >= 2 && allowed(q.from, "fromlonlat"):
		q.from = arg
		q.shape.Center, ok = c.placeArg(at + 1)
		return 3, ok
	case is(arg, "byradius") && left >= 2 && allowed(q.by, "byradius"):
		q.by = arg
		return 3, c.radiusArg(&q.shape, at+1)
	case is(arg, "bybox") && left >= 3 && allowed(q.by, "bybox"):
		q.by = arg
		return 4, c.boxArg(&q.shape, at+1)
	case is(arg, "storedist") && q.store != nil:
		q.storeDist = true
		return 1, true
	}
	c.fail(errSyntax)
	return 0, false
}

// run searches. With COUNT the nearest are wanted, unless ANY will do.
func (q *geoQuery) run() []found {
	if q.z == nil {
		return nil
	}
	limit := int64(0)
	if q.any {
		limit = q.count
	}
	list := q.z.search(&q.shape, limit)
	if q.sort || q.count > 0 && !q.any {
		nearestFirst(list, q.desc)
	}
	if q.count > 0 {
		list = list[:min(q.count, int64(len(list)))]
	}
	return list
}

func (c *call) answerFound(q *geoQuery, list []found) {
	if q.store != nil {
		c.storeFound(q, list)
		return
	}
	parts := 1
	for _, wanted := range []bool{q.withDist, q.withHash, q.withCoord} {
		if wanted {
			parts++
		}
	}
	c.w.Array(len(list))
	for _, f := range list {
		if parts > 1 {
			c.w.Array(parts)
		}
		c.w.Bulk(f.member)
		if q.withDist {
			c.w.BulkString(fixed(f.meters/q.shape.Unit, 4))
		}
		if q.withHash {
			c.w.Int(int64(math.Trunc(f.score)))
		}
		if q.withCoord {
			c.place(f.place)
		}
	}
}

func (c *call) storeFound(q *geoQuery, list []found) {
	out := make([]scored, len(list))
	for i, f := range list {
		out[i] = f.scored
		if q.storeDist {
			out[i].score = f.meters / q.shape.Unit
		}
	}
	event := "georadiusstore"
	if q.search {
		event = "geosearchstore"
	}
	c.storeScored(q.store, out, event)
}
