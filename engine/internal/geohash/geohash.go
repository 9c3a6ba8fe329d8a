package geohash

import "math"

// Bounds of what can be stored, in degrees: those of the Web Mercator projection.
const (
	MaxLongitude = 180
	MaxLatitude  = 85.05112878
)

// MaxStep is the precision of a score: so many bits for each of latitude and longitude.
const MaxStep = 26

// Point is a place in degrees.
type Point struct{ Longitude, Latitude float64 }

// Valid reports whether a place can be stored.
func (p Point) Valid() bool {
	return math.Abs(p.Longitude) <= MaxLongitude && math.Abs(p.Latitude) <= MaxLatitude
}

// Cell is a rectangle of the grid that has 2^Step columns and rows. The zero value is none.
type Cell struct {
	Bits uint64
	Step uint8
}

// area is what a cell covers, in degrees.
type area struct{ west, south, east, north float64 }

// spread puts zero bits between the bits of x.
func spread(x uint32) uint64 {
	b := uint64(x)
	b = (b | b<<16) & 0x0000ffff0000ffff
	b = (b | b<<8) & 0x00ff00ff00ff00ff
	b = (b | b<<4) & 0x0f0f0f0f0f0f0f0f
	b = (b | b<<2) & 0x3333333333333333
	return (b | b<<1) & 0x5555555555555555
}

// gather takes every second bit of b.
func gather(b uint64) uint32 {
	b &= 0x5555555555555555
	b = (b | b>>1) & 0x3333333333333333
	b = (b | b>>2) & 0x0f0f0f0f0f0f0f0f
	b = (b | b>>4) & 0x00ff00ff00ff00ff
	b = (b | b>>8) & 0x0000ffff0000ffff
	return uint32(b | b>>16)
}

func join(column, row uint32) uint64 { return spread(row) | spread(column)<<1 }

// cellOf finds the cell of a place, with latitudes up to top.
func cellOf(p Point, top float64, step uint8) Cell {
	scale := float64(uint64(1) << step)
	row := (p.Latitude + top) / (2 * top) * scale
	column := (p.Longitude + MaxLongitude) / (2 * MaxLongitude) * scale
	return Cell{join(uint32(column), uint32(row)), step}
}

// Score returns the number under which a place is stored.
func Score(p Point) uint64 { return cellOf(p, MaxLatitude, MaxStep).Bits }

func (c Cell) area() area {
	row, column := gather(c.Bits), gather(c.Bits>>1)
	scale := float64(uint64(1) << c.Step)
	degrees := func(i uint32, half float64) float64 {
		return -half + float64(float64(i)/scale*(2*half))
	}
	return area{
		west: degrees(column, MaxLongitude), east: degrees(column+1, MaxLongitude),
		south: degrees(row, MaxLatitude), north: degrees(row+1, MaxLatitude),
	}
}

// Place returns the middle of the smallest cell of a score. Any number is one.
func Place(score float64) Point {
	a := Cell{bitsOf(score), MaxStep}.area()
	return Point{
		Longitude: max(-MaxLongitude, min(MaxLongitude, (a.west+a.east)/2)),
		Latitude:  max(-MaxLatitude, min(MaxLatitude, (a.south+a.north)/2)),
	}
}

// bitsOf makes an integer of a score as the processors do that Redis is built for, out of range too.
func bitsOf(score float64) uint64 {
	switch {
	case score >= 1<<64:
		return 0
	case score >= 1<<63:
		return uint64(int64(score-1<<63)) ^ 1<<63
	case score < -1<<63:
		return 1 << 63
	}
	return uint64(int64(score))
}

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// Text returns the standard geohash of a place, 11 letters of which the last is always 0.
func Text(p Point) string {
	bits := cellOf(p, 90, MaxStep).Bits
	var b [11]byte
	for i := range 10 {
		b[i] = alphabet[bits>>(2*MaxStep-5*(i+1))&31]
	}
	b[10] = alphabet[0]
	return string(b[:])
}

const (
	earthRadius = 6372797.560856 // meters
	radian      = math.Pi / 180
)

// Distance returns meters along the surface.
func Distance(p, q Point) float64 {
	u := sin((q.Latitude*radian - p.Latitude*radian) / 2)
	v := sin((q.Longitude*radian - p.Longitude*radian) / 2)
	if v == 0 {
		return earthRadius * math.Abs(q.Latitude*radian-p.Latitude*radian)
	}
	a := float64(u*u) + float64(float64(float64(cos(p.Latitude*radian)*cos(q.Latitude*radian))*v)*v)
	return 2 * earthRadius * asin(math.Sqrt(min(a, 1)))
}
