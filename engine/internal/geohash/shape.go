package geohash

import "math"

// Shape is a circle or a box around a place. Lengths are in a unit of Unit meters.
type Shape struct {
	Center        Point
	Unit          float64
	Radius        float64
	Width, Height float64
	Box           bool
}

// Contains returns the distance in meters of a place from the center, if it lies within the shape.
func (s *Shape) Contains(p Point) (meters float64, ok bool) {
	if s.Box {
		if Distance(p, Point{s.Center.Longitude, p.Latitude}) > s.Width*s.Unit/2 ||
			Distance(p, Point{p.Longitude, s.Center.Latitude}) > s.Height*s.Unit/2 {
			return 0, false
		}
		return Distance(s.Center, p), true
	}
	meters = Distance(s.Center, p)
	return meters, meters <= s.Radius*s.Unit
}

// bounds returns the rectangle of degrees around the shape.
func (s *Shape) bounds() area {
	width, height := s.Unit*s.Radius, s.Unit*s.Radius
	if s.Box {
		width, height = s.Unit*(s.Width/2), s.Unit*(s.Height/2)
	}
	lat, lon := s.Center.Latitude, s.Center.Longitude
	up := height / earthRadius / radian
	// The parallel that is nearer to a pole is the shorter one.
	far := lat + up
	if lat < 0 {
		far = lat - up
	}
	aside := width / earthRadius / cos(far*radian) / radian
	return area{west: lon - aside, south: lat - up, east: lon + aside, north: lat + up}
}

// reach is how far the shape goes from its center, in meters.
func (s *Shape) reach() float64 {
	if s.Box {
		return math.Sqrt(float64(s.Width/2*(s.Width/2))+float64(s.Height/2*(s.Height/2))) * s.Unit
	}
	return s.Radius * s.Unit
}

// half of the equator, in meters.
const mercatorMax = 20037726.37

// stepFor estimates the precision at which a cell and its eight neighbors cover a circle.
func stepFor(meters, latitude float64) uint8 {
	if meters == 0 {
		return MaxStep
	}
	step := -1
	for meters < mercatorMax {
		meters *= 2
		step++
	}
	// Cells are narrower towards the poles.
	if math.Abs(latitude) > 66 {
		step--
		if math.Abs(latitude) > 80 {
			step--
		}
	}
	return uint8(max(1, min(MaxStep, step)))
}

// neighbor returns the cell so many columns and rows away; the grid goes around.
func (c Cell) neighbor(columns, rows int) Cell {
	mask := uint32(1)<<c.Step - 1
	column, row := gather(c.Bits>>1), gather(c.Bits)
	if columns != 0 {
		column = (column + uint32(columns)) & mask
	}
	if rows != 0 {
		row = (row + uint32(rows)) & mask
	}
	return Cell{join(column, row), c.Step}
}

// around is the cell itself and its neighbors, in the order in which Redis looks at them.
var around = [9]struct{ columns, rows int }{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}

// Ranges returns ranges of scores, from..to-1, that together hold all places within the shape, and others.
func (s *Shape) Ranges() (ranges [][2]float64) {
	bounds := s.bounds()
	step := stepFor(s.reach(), s.Center.Latitude)
	cell := cellOf(s.Center, MaxLatitude, step)
	if step > 1 && (cell.neighbor(0, 1).area().north < bounds.north || cell.neighbor(0, -1).area().south > bounds.south ||
		cell.neighbor(1, 0).area().east < bounds.east || cell.neighbor(-1, 0).area().west > bounds.west) {
		step--
		cell = cellOf(s.Center, MaxLatitude, step)
	}
	own := cell.area()
	last := Cell{}
	for _, a := range around {
		if step >= 2 && (a.rows < 0 && own.south < bounds.south || a.rows > 0 && own.north > bounds.north ||
			a.columns < 0 && own.west < bounds.west || a.columns > 0 && own.east > bounds.east) {
			continue // the shape does not go that far
		}
		n := cell.neighbor(a.columns, a.rows)
		if n == last {
			continue // a grid of two columns
		}
		if a.columns != 0 || a.rows != 0 {
			last = n
		}
		shift := 2 * (MaxStep - n.Step)
		ranges = append(ranges, [2]float64{float64(n.Bits << shift), float64((n.Bits + 1) << shift)})
	}
	return ranges
}
