package geohash

import "math"

// Distances are shown with all their digits, and stored. Those of redis-server come from C's library, whose sine and its
// inverse are rounded correctly but for a case in thousands; math.Sin is off by one digit now and then. So they are
// computed here with twice the precision, and rounded at the end.

// double is an unevaluated sum of two numbers, the second less than half a digit of the first.
type double struct{ hi, lo float64 }

// sum adds two numbers without loss.
func sum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

func (x double) plus(y double) double {
	s := sum(x.hi, y.hi)
	return sum(s.hi, s.lo+(x.lo+y.lo))
}

func (x double) times(y double) double {
	p := x.hi * y.hi
	e := math.FMA(x.hi, y.hi, -p)
	return sum(p, e+(float64(x.hi*y.lo)+float64(x.lo*y.hi)))
}

// over divides by a whole number.
func (x double) over(n float64) double {
	q := x.hi / n
	return sum(q, (math.FMA(-q, n, x.hi)+x.lo)/n)
}

// Series of sine (the odd powers) and cosine (the even ones), up to what counts below a quarter turn's half.
var sineSeries, cosineSeries = series(1), series(0)

func series(power float64) (list [13]double) {
	term := double{1, 0}
	for i := range list {
		list[i] = term
		term = term.over(-(power + 1) * (power + 2))
		power += 2
	}
	return list
}

func evaluate(series *[13]double, square double) double {
	total := series[len(series)-1]
	for i := len(series) - 2; i >= 0; i-- {
		total = total.times(square).plus(series[i])
	}
	return total
}

// A quarter turn in three parts.
const (
	quarter1 = 1.57079632679489655800e+00
	quarter2 = 6.12323399573676603587e-17
	quarter3 = -1.49738490485916984e-33
)

// sineCosine computes both for up to two quarter turns either way.
func sineCosine(x float64) (sine, cosine double) {
	k := math.Round(x / quarter1)
	r := sum(x-k*quarter1, -k*quarter2) // k is 0, 1 or 2: the products are exact
	r = r.plus(double{-k * quarter3, 0})
	square := r.times(r)
	s, c := r.times(evaluate(&sineSeries, square)), evaluate(&cosineSeries, square)
	switch int(k) & 3 {
	case 1:
		return c, double{-s.hi, -s.lo}
	case 2:
		return double{-s.hi, -s.lo}, double{-c.hi, -c.lo}
	case 3:
		return double{-c.hi, -c.lo}, s
	}
	return s, c
}

func sin(x float64) float64 {
	if x == 0 {
		return x
	}
	s, _ := sineCosine(x)
	return s.hi
}

func cos(x float64) float64 {
	if !(math.Abs(x) <= math.Pi) {
		return math.Cos(x) // of an angle beyond the poles: nothing is shown of it
	}
	_, c := sineCosine(x)
	return c.hi
}

// asin is for numbers from 0 to 1.
func asin(y float64) float64 {
	x := math.Atan2(y, math.Sqrt((1-y)*(1+y))) // near 1 better than math.Asin
	if y == 0 || y == 1 {
		return x
	}
	s, c := sineCosine(x)
	return x + ((y-s.hi)-s.lo)/c.hi
}
