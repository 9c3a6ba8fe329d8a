package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

func TestGeoCases(t *testing.T) {
	testCases(t, map[string]string{
		"add": `
			GEOADD
			GEOADD g 13.361389 38.115556
			GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
			GEOADD g CH 13.361389 38.115556 Palermo 15.08 37.5 Catania 0 0 zero
			GEOADD g NX 1 1 Palermo 2 2 new
			GEOADD g XX CH 3 3 new 4 4 nosuch
			GEOADD g NX XX 1 1 a
			GEOADD g nx ch xx
			GEOADD g ch ch ch
			GEOADD g 1 1 a 2 2
			GEOADD g 1 1 a 2 2 b c
			GEOADD g INCR 1 1 a
			GEOADD g 181 1 a
			GEOADD g 1 86 a
			GEOADD g -180.1 -86 a
			GEOADD g inf -inf a
			GEOADD g 1e300 1 a
			GEOADD g abc 1 a
			GEOADD g 1 abc a
			GEOADD g nan 1 a
			GEOADD g 180 85.05112878 ne -180 -85.05112878 sw 180 -85.05112878 se -180 85.05112878 nw
			GEOADD g 1 1 a 200 1 b
			ZRANGE g 0 -1 WITHSCORES
			ZADD g 1 one -1 minus 0 nought 1.5 half 1e300 huge inf inf -inf ninf 9223372036854775808 edge 18446744073709551616 edge2 -9223372036854775809 edge3
			GEOPOS g Palermo Catania zero new nosuch ne sw se nw a one minus nought half huge inf ninf edge edge2 edge3
			GEOHASH g Palermo Catania zero new nosuch ne sw se nw a one minus nought half huge inf ninf edge edge2 edge3
			GEOPOS g
			GEOPOS none a b
			GEOHASH g
			GEOHASH none a b
			GEOHASH none
			GEOPOS
			TYPE g
			SET s v
			GEOADD s 1 1 a
			GEOPOS s a
			GEOHASH s a
			GEODIST s a b
		`,
		"dist": `
			GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.361389 39 North
			GEODIST g Palermo Catania
			GEODIST g Palermo Catania m
			GEODIST g Palermo Catania KM
			GEODIST g Palermo Catania ft
			GEODIST g Palermo Catania mi
			GEODIST g Palermo Catania miles
			GEODIST g Palermo Catania m m
			GEODIST g Palermo Palermo
			GEODIST g Palermo North
			GEODIST g Palermo nosuch
			GEODIST g nosuch Palermo m
			GEODIST none a b
			GEODIST none a b miles
			GEODIST g a
			GEOADD g 180 85 e -180 85 w 0 0 z 180 0 anti
			GEODIST g e w
			GEODIST g z anti
		`,
		"search": `
			GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC WITHCOORD WITHDIST WITHHASH
			GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST
			GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km
			GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m WITHDIST
			GEOSEARCH g FROMMEMBER nosuch BYRADIUS 200 km
			GEOSEARCH g FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 1 m
			GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 1 1 BYRADIUS 1 m
			GEOSEARCH g FROMLONLAT 1 1 FROMLONLAT 15 37 BYRADIUS 200 km ASC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 m BYRADIUS 200 km ASC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 m BYBOX 200 200 km ASC
			GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 m BYRADIUS 200 km ASC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 DESC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 2000 km COUNT 1 ANY
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 2000 km COUNT 2 ANY DESC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 2000 km ANY
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT -1
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT abc
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS abc km
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 parsec
			GEOSEARCH g FROMLONLAT 15 37 BYBOX a 1 km
			GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 a km
			GEOSEARCH g FROMLONLAT 15 37 BYBOX -1 1 km
			GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 1 parsec
			GEOSEARCH g FROMLONLAT 200 37 BYRADIUS 1 km
			GEOSEARCH g FROMLONLAT a 37 BYRADIUS 1 km
			GEOSEARCH g BYRADIUS 1 km ASC ASC ASC
			GeoSearch g BYRADIUS 1 km ASC ASC ASC
			GEOSEARCH g FROMLONLAT 15 37 ASC ASC ASC
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km STORE x
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km STOREDIST
			GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1
			GEOSEARCH g FROMLONLAT 15 37
			GEOSEARCH none FROMMEMBER a BYRADIUS 1 km
			GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 1 km
			GEOSEARCH none FROMMEMBER a BYRADIUS 1 parsec
			GEOSEARCH none FROMMEMBER a FROMLONLAT 1 2 BYRADIUS 1 m
			GEOSEARCH none FROMMEMBER a BYRADIUS 1 m ANY
			GEOSEARCHSTORE dst g FROMLONLAT 15 37 BYRADIUS 200 km
			ZRANGE dst 0 -1 WITHSCORES
			GEOSEARCHSTORE dst g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
			ZRANGE dst 0 -1 WITHSCORES
			GEOSEARCHSTORE dst g FROMLONLAT 15 37 BYBOX 400 400 km STOREDIST COUNT 1 ASC
			ZRANGE dst 0 -1 WITHSCORES
			GEOSEARCHSTORE dst g FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST
			GEOSEARCHSTORE dst g FROMLONLAT 15 37 BYRADIUS 1 m
			EXISTS dst
			GEOSEARCHSTORE dst none FROMLONLAT 15 37 BYRADIUS 1 m
			GEOSEARCHSTORE g none FROMLONLAT 15 37 BYRADIUS 1 m
			EXISTS g
			SET s v
			GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 1 km
			GEOSEARCHSTORE dst s FROMLONLAT 15 37 BYRADIUS 1 km
		`,
		"radius": `
			GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
			GEORADIUS g 15 37 200 km
			GEORADIUS g 15 37 200 km WITHDIST
			GEORADIUS g 15 37 200 km WITHCOORD WITHHASH WITHDIST ASC
			GEORADIUS g 15 37 200 km COUNT 1
			GEORADIUS g 15 37 200 km COUNT 1 ANY
			GEORADIUS g 15 37 100 km
			GEORADIUS g 15 37 200 km DESC
			GEORADIUS g 15 37 200 km STORE dst
			ZRANGE dst 0 -1 WITHSCORES
			GEORADIUS g 15 37 200 km STOREDIST dst
			ZRANGE dst 0 -1 WITHSCORES
			GEORADIUS g 15 37 200 km STOREDIST dst2 STORE dst
			GEORADIUS g 15 37 200 km STORE dst WITHDIST
			GEORADIUS g 15 37 200 km STORE
			GEORADIUS g 15 37 1 m STORE dst
			EXISTS dst
			GEORADIUS none 15 37 200 km STORE g2
			GEORADIUS none 15 37 200 km
			GEORADIUS none 15 37 200 parsec
			GEORADIUS g 15 37 abc km
			GEORADIUS g 15 137 1 km
			GEORADIUS g 15 37 200
			GEORADIUS g 15 37 200 km FROMMEMBER a
			GEORADIUS_RO g 15 37 200 km ASC
			GEORADIUS_RO g 15 37 200 km STORE x
			GEORADIUSBYMEMBER g Palermo 200 km
			GEORADIUSBYMEMBER g Palermo 200 km WITHDIST ASC
			GEORADIUSBYMEMBER g nosuch 200 km
			GEORADIUSBYMEMBER none a abc parsec
			GEORADIUSBYMEMBER none a 200 km STORE x
			GEORADIUSBYMEMBER g Palermo 200 km STORE dst
			ZRANGE dst 0 -1 WITHSCORES
			GEORADIUSBYMEMBER_RO g Palermo 200 km DESC
			GEORADIUSBYMEMBER_RO g Palermo 200 km STORE x
			SET s v
			GEORADIUS s 15 37 200 km
			GEORADIUS s a
			GEORADIUSBYMEMBER s Palermo 200 km
			COMMAND GETKEYS GEORADIUS g 15 37 200 km STORE dst
			COMMAND GETKEYS GEORADIUS g 15 37 200 km
			COMMAND GETKEYS GEORADIUS g 15 37 200 km STORE a STOREDIST b
			COMMAND GETKEYS GEORADIUSBYMEMBER g Palermo 200 km STOREDIST dst
			COMMAND GETKEYS GEOSEARCHSTORE a g FROMLONLAT 1 2 BYRADIUS 1 m
		`,
	})
}

// randomPlace is anywhere, near one spot, or at an edge.
func randomPlace(r *rand.Rand) []string {
	lon, lat := r.Float64()*360-180, r.Float64()*170-85
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		lon, lat = 13+r.Float64()*0.1, 38+r.Float64()*0.1
	case 4:
		lon = pickFloat(r, -180, 180, 179.999, -179.999, 0)
	case 5:
		lat = pickFloat(r, -85.05112878, 85.05112878, 84.9, -84.9, 0)
	}
	return []string{strconv.FormatFloat(lon, 'f', -1, 64), strconv.FormatFloat(lat, 'f', -1, 64)}
}

func pickFloat(r *rand.Rand, list ...float64) float64 { return list[r.IntN(len(list))] }

// sameDistances compares replies. A distance may differ by one in the last digit: C's sine is not always rounded
// correctly.
func sameDistances(want, got reply) bool {
	if want.kind != got.kind || len(want.parts) != len(got.parts) {
		return false
	}
	for i := range want.parts {
		if !sameDistances(want.parts[i], got.parts[i]) {
			return false
		}
	}
	if want.text == got.text {
		return true
	}
	a, err1 := strconv.ParseFloat(want.text, 64)
	b, err2 := strconv.ParseFloat(got.text, 64)
	return err1 == nil && err2 == nil && a > 1e5 && math.Abs(a-b) < 1.5e-4
}

// Random places, their distances and searches have the digits and the order of redis-server's.
func TestGeoLikeRedis(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	e := open(t, Options{})
	ours, theirs := dialEngine(t, e), dialServer(t, s)
	r := rand.New(rand.NewPCG(1, 7))
	rounds := 20
	if os.Getenv("REDISTEST_FULL") != "" {
		rounds = 200
	}
	const places = 300
	member := func() string { return fmt.Sprint("m", r.IntN(places)) }
	for range rounds {
		cmds := [][]string{{"DEL", "g"}}
		for i := range places {
			cmds = append(cmds, cmdline("GEOADD", "g", randomPlace(r), fmt.Sprint("m", i)))
		}
		for range 100 {
			cmds = append(cmds, []string{"GEOPOS", "g", member()}, []string{"GEOHASH", "g", member()}, []string{"GEODIST", "g", member(), member(), pick(r, "m", "km", "ft", "mi")})
		}
		for range 100 {
			cmds = append(cmds, cmdline("GEOSEARCH", "g", randomCenter(r, member()), randomShape(r), maybe(r, 2, pick(r, "ASC", "DESC")), maybe(r, 3, "COUNT", strconv.Itoa(1+r.IntN(20))), "WITHDIST", maybe(r, 2, "WITHCOORD")),
				cmdline("GEOSEARCH", "g", randomCenter(r, member()), randomShape(r), "COUNT", strconv.Itoa(1+r.IntN(20)), "ANY"))
		}
		want, err := theirs.all(cmds...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ours.all(cmds...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cmds {
			if !sameDistances(want[i], got[i]) {
				t.Errorf("%q\n got %s\nwant %s", cmds[i], got[i], want[i])
			}
		}
	}
}

func randomCenter(r *rand.Rand, member string) []string {
	if r.IntN(2) == 0 {
		return []string{"FROMMEMBER", member}
	}
	return cmdline("FROMLONLAT", randomPlace(r))
}

func randomShape(r *rand.Rand) []string {
	length := func() string {
		return strconv.FormatFloat(r.Float64()*pickFloat(r, 100, 10_000, 1e6, 1e7, 5e7), 'f', 3, 64)
	}
	unit := pick(r, "m", "m", "km", "ft", "mi")
	if r.IntN(2) == 0 {
		return []string{"BYRADIUS", length(), unit}
	}
	return []string{"BYBOX", length(), length(), unit}
}

func genGeo(r *rand.Rand) []string {
	key, other := key(r), key(r)
	switch r.IntN(8) {
	case 0, 1, 2:
		return cmdline("GEOADD", key, maybe(r, 6, pick(r, "NX", "XX")), maybe(r, 6, "CH"), randomPlace(r), value(r), maybe(r, 2, append(randomPlace(r), value(r))...))
	case 3:
		return cmdline(pick(r, "GEOPOS", "GEOHASH"), key, some(r, 2, value))
	case 4:
		return cmdline("GEODIST", key, value(r), value(r), maybe(r, 2, pick(r, "km", "ft", "mi", "x")))
	case 5:
		return cmdline("GEOSEARCH", key, randomCenter(r, value(r)), randomShape(r), "WITHDIST", "WITHHASH", maybe(r, 2, "WITHCOORD"), maybe(r, 4, "COUNT", number(r), "ANY"))
	case 6:
		return cmdline("GEOSEARCHSTORE", other, key, randomCenter(r, value(r)), randomShape(r), maybe(r, 4, "DESC"))
	}
	return cmdline("GEORADIUS", key, randomPlace(r), number(r), "km", maybe(r, 2, "STORE", other))
}
