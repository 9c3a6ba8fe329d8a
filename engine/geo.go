package engine

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/geohash"
)

func geoCommands() []command {
	const g = "geo"
	const w, r = write | denyOOM, readonly
	return []command{
		{name: "geoadd", arity: -5, flags: w, keys: oneKey, run: cmdGeoAdd, group: g, since: "3.2.0", summary: "Adds places to a sorted set."},
		{name: "geopos", arity: -2, flags: r, keys: oneKey, run: cmdGeoPos, group: g, since: "3.2.0", summary: "Returns where members are."},
		{name: "geodist", arity: -4, flags: r, keys: oneKey, run: cmdGeoDist, group: g, since: "3.2.0", summary: "Returns the distance between two members."},
		{name: "geohash", arity: -2, flags: r, keys: oneKey, run: cmdGeoHash, group: g, since: "3.2.0", summary: "Returns where members are, as geohash strings."},
		{name: "geosearch", arity: -7, flags: r, keys: oneKey, run: cmdGeoSearch, group: g, since: "6.2.0", summary: "Returns members within a circle or a box."},
		{name: "geosearchstore", arity: -8, flags: w, keys: twoKeys, run: cmdGeoSearchStore, group: g, since: "6.2.0", summary: "Stores members within a circle or a box."},
		{name: "georadius", arity: -6, flags: w | movableKeys, keys: oneKey, find: radiusKeys(6), run: cmdGeoRadius, group: g, since: "3.2.0", summary: "Returns or stores members within a circle around a place."},
		{name: "georadius_ro", arity: -6, flags: r, keys: oneKey, run: cmdGeoRadiusRO, group: g, since: "3.2.10", summary: "Returns members within a circle around a place."},
		{name: "georadiusbymember", arity: -5, flags: w | movableKeys, keys: oneKey, find: radiusKeys(5), run: cmdGeoRadiusByMember, group: g, since: "3.2.0", summary: "Returns or stores members within a circle around one."},
		{name: "georadiusbymember_ro", arity: -5, flags: r, keys: oneKey, run: cmdGeoRadiusByMemberRO, group: g, since: "3.2.10", summary: "Returns members within a circle around one."},
	}
}

// radiusKeys finds the key, and those of STORE and STOREDIST among the options from an index on.
func radiusKeys(from int) func([][]byte) []int {
	return func(args [][]byte) []int {
		out := []int{1}
		for _, word := range []string{"store", "storedist"} {
			for i := from; i+1 < len(args); i++ {
				if is(args[i], word) {
					out = append(out, i+1)
					break
				}
			}
		}
		return out
	}
}

// placeArg reads longitude and latitude, or answers an error.
func (c *call) placeArg(at int) (p geohash.Point, ok bool) {
	if p.Longitude, ok = c.floatArg(c.args[at], errNotFloat); !ok {
		return p, false
	}
	if p.Latitude, ok = c.floatArg(c.args[at+1], errNotFloat); !ok {
		return p, false
	}
	if !p.Valid() {
		c.fail("ERR invalid longitude,latitude pair " + fixed(p.Longitude, 6) + "," + fixed(p.Latitude, 6))
		return p, false
	}
	return p, true
}

// fixed writes a number with so many digits behind the point, as C's "%.6f".
func fixed(f float64, digits int) string {
	if math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+"))
	}
	return strconv.FormatFloat(f, 'f', digits, 64)
}

// unitArg reads a unit of length in meters, or answers an error.
func (c *call) unitArg(b []byte) (float64, bool) {
	switch {
	case is(b, "m"):
		return 1, true
	case is(b, "km"):
		return 1000, true
	case is(b, "ft"):
		return 0.3048, true
	case is(b, "mi"):
		return 1609.34, true
	}
	c.fail("ERR unsupported unit provided. please use M, KM, FT, MI")
	return 0, false
}

func cmdGeoAdd(c *call) {
	var a zaddArgs
	at := 2
	for at < len(c.args) && a.option(c.args[at]) {
		at++
	}
	if left := len(c.args) - at; left == 0 || left%3 != 0 || a.nx && a.xx {
		c.fail(errSyntax)
		return
	}
	a.members, a.step = at+2, 3
	for ; at < len(c.args); at += 3 {
		p, ok := c.placeArg(at)
		if !ok {
			return
		}
		a.scores = append(a.scores, float64(geohash.Score(p)))
	}
	c.zadd(&a)
}

// coordinate writes degrees: all digits of the number, and no zeros at the end.
func (c *call) coordinate(f float64) {
	text := strings.TrimRight(strconv.FormatFloat(f, 'f', 17, 64), "0")
	text = strings.TrimSuffix(text, ".")
	if text == "-0" {
		text = "0"
	}
	if c.w.V3 {
		c.w.Raw([]byte("," + text + "\r\n"))
		return
	}
	c.w.BulkString(text)
}

func (c *call) place(p geohash.Point) {
	c.w.Array(2)
	c.coordinate(p.Longitude)
	c.coordinate(p.Latitude)
}

// eachPlace answers an array with what there is to say of each member, or that there is none.
func (c *call) eachPlace(one func(geohash.Point), none func()) {
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	c.w.Array(len(c.args) - 2)
	for _, m := range c.args[2:] {
		if score, ok := z.Score(m); ok {
			one(geohash.Place(score))
		} else {
			none()
		}
	}
}

func cmdGeoPos(c *call) { c.eachPlace(c.place, c.w.NullArray) }

func cmdGeoHash(c *call) {
	c.eachPlace(func(p geohash.Point) { c.w.BulkString(geohash.Text(p)) }, c.w.Null)
}

func cmdGeoDist(c *call) {
	if len(c.args) > 5 {
		c.fail(errSyntax)
		return
	}
	unit := 1.0
	if len(c.args) == 5 {
		var ok bool
		if unit, ok = c.unitArg(c.args[4]); !ok {
			return
		}
	}
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	p, ok1 := z.Score(c.args[2])
	q, ok2 := z.Score(c.args[3])
	if !ok1 || !ok2 {
		c.w.Null()
		return
	}
	c.w.BulkString(fixed(geohash.Distance(geohash.Place(p), geohash.Place(q))/unit, 4))
}

// found is a member that a search has found.
type found struct {
	scored
	place  geohash.Point
	meters float64
}

// search returns the members of z in a shape, in the order of their cells; at most limit, if that is not 0.
func (z *zset) search(s *geohash.Shape, limit int64) (out []found) {
	for _, r := range s.Ranges() {
		scores := scoreRange{min: r[0], max: r[1], maxEx: true}
		from, to := scores.ranks(z)
		for m, score := range z.Range(from, to, false) {
			p := geohash.Place(score)
			if meters, ok := s.Contains(p); ok {
				out = append(out, found{scored{m, score}, p, meters})
				if limit > 0 && int64(len(out)) >= limit {
					return out
				}
			}
		}
	}
	return out
}

// nearestFirst sorts what was found.
func nearestFirst(list []found, desc bool) {
	slices.SortStableFunc(list, func(a, b found) int {
		switch {
		case a.meters == b.meters:
			return 0
		case a.meters < b.meters != desc:
			return -1
		}
		return 1
	})
}
