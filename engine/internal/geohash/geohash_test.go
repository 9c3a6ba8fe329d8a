package geohash

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	palermo := Point{13.361389, 38.115556}
	if got := Score(palermo); got != 3479099956230698 {
		t.Errorf("score %d", got)
	}
	if got := Text(Place(float64(Score(palermo)))); got != "sqc8b49rny0" {
		t.Errorf("text %q", got)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		p := Point{r.Float64()*360 - 180, r.Float64()*170 - 85}
		q := Place(float64(Score(p)))
		if d := Distance(p, q); d > 0.6 {
			t.Fatalf("%v is kept as %v, %v m away", p, q, d)
		}
		if got, want := Score(q), Score(p); got != want {
			t.Fatalf("%v: score %d, and of its cell's middle %d", p, want, got)
		}
	}
}

// What lies within a shape lies in its ranges.
func TestRangesCoverShapes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	inside := 0
	for range 3000 {
		s := Shape{Center: Point{r.Float64()*360 - 180, r.Float64()*140 - 70}, Unit: 1, Radius: math.Exp(r.Float64() * 13)}
		ranges := s.Ranges()
		for range 20 {
			far := s.Radius / earthRadius / radian * 2
			p := Point{s.Center.Longitude + (r.Float64()-0.5)*far*2, s.Center.Latitude + (r.Float64()-0.5)*far}
			if _, ok := s.Contains(p); !ok || !p.Valid() {
				continue
			}
			inside++
			score, covered := float64(Score(p)), false
			for _, bounds := range ranges {
				covered = covered || bounds[0] <= score && score < bounds[1]
			}
			if !covered {
				t.Fatalf("%v is within %+v and in none of its ranges", p, s)
			}
		}
	}
	if inside < 10_000 {
		t.Errorf("only %d places were inside", inside)
	}
}

// The functions are those of the standard library, whose last digit may be another.
func TestTrigonometry(t *testing.T) {
	t.Parallel()
	near := func(a, b float64) bool { return math.Abs(a-b) <= math.Abs(b)*4e-16+1e-300 }
	r := rand.New(rand.NewPCG(1, 3))
	for i := range 200_000 {
		x := (r.Float64() - 0.5) * 2 * math.Pi
		if i%3 == 0 {
			x *= math.Pow(10, -r.Float64()*20)
		}
		if got, want := sin(x), math.Sin(x); !near(got, want) {
			t.Fatalf("sin(%v) is %v, want %v", x, got, want)
		}
		if got, want := cos(x), math.Cos(x); !near(got, want) {
			t.Fatalf("cos(%v) is %v, want %v", x, got, want)
		}
		y := math.Abs(math.Sin(x))
		if got, want := asin(y), math.Atan2(y, math.Sqrt((1-y)*(1+y))); !near(got, want) {
			t.Fatalf("asin(%v) is %v, want %v", y, got, want)
		}
	}
	for x, want := range map[float64]float64{math.Pi: 1.2246467991473532e-16, math.Pi / 2: 1, -math.Pi / 2: -1, 0: 0, -math.Pi: -1.2246467991473532e-16} {
		if got := sin(x); got != want {
			t.Errorf("sin(%v) is %v, want %v", x, got, want)
		}
	}
	if asin(1) != math.Pi/2 || asin(0) != 0 || cos(0) != 1 {
		t.Error("a whole number is off")
	}
}

func BenchmarkDistance(b *testing.B) {
	p, q := Point{13.361389, 38.115556}, Point{15.087269, 37.502669}
	for b.Loop() {
		Distance(p, q)
	}
}
