package num

import (
	"math"
	"strconv"
	"testing"
)

func TestInt(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"0": 0, "-1": -1, "10": 10, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if got, ok := Int([]byte(s)); !ok || got != want {
			t.Errorf("Int(%q): %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808", "-9223372036854775809", "99999999999999999999", "18446744073709551616", "abc", "1_0"} {
		if got, ok := Int([]byte(s)); ok {
			t.Errorf("Int(%q) is %d, expected to be refused", s, got)
		}
	}
}

func FuzzInt(f *testing.F) {
	f.Add([]byte("-123"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ok := Int(b)
		if want, err := strconv.ParseInt(string(b), 10, 64); ok && (err != nil || want != n) {
			t.Fatalf("Int(%q) is %d, strconv says %d, %v", b, n, want, err)
		}
		if ok && string(strconv.AppendInt(nil, n, 10)) != string(b) {
			t.Fatalf("Int takes %q, which is not how %d is written", b, n)
		}
	})
}

func TestFloat(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"1.5": 1.5, "-1e3": -1000, "inf": math.Inf(1), "-inf": math.Inf(-1), "+1": 1, ".5": .5, "5.": 5, "0x10": 16, "0x1.8p1": 3, "Infinity": math.Inf(1), "0e5": 0, "-0.0": 0, "0x0p3": 0, "5e-324": 5e-324,
	} {
		if got, ok := Float([]byte(s)); !ok || got != want {
			t.Errorf("Float(%q): %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", " 1", "1 ", "nan", "NaN", "1_0", "abc", "1e400", "1e-400", "0b1", "0o7", "--1"} {
		if got, ok := Float([]byte(s)); ok {
			t.Errorf("Float(%q) is %v, expected to be refused", s, got)
		}
	}
}

func TestLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"0.1", "0.2", "0.3"}, {"10.5", "0.1", "10.6"}, {"5.0e3", "200", "5200"}, {"3", "-3", "0"}, {"-0.1", "0.1", "0"},
		{"1", "1e-17", "1.00000000000000001"}, {"0x10", "1", "17"},
	} {
		a, ok1 := ParseLong([]byte(c.a))
		b, ok2 := ParseLong([]byte(c.b))
		if !ok1 || !ok2 {
			t.Errorf("ParseLong(%q), (%q): %v, %v", c.a, c.b, ok1, ok2)
			continue
		}
		if sum, ok := a.Plus(b); !ok || string(sum.Text()) != c.want {
			t.Errorf("%s + %s: %s, %v; want %s", c.a, c.b, sum.Text(), ok, c.want)
		}
	}
	for _, s := range []string{"", " 1", "1 ", "nan", "1_0", "abc", "1e5000", "1e-5000", "-1e-30012", "1e-99999999999999999999", "0b1", "0o7", "--inf", "1p4"} {
		if got, ok := ParseLong([]byte(s)); ok {
			t.Errorf("ParseLong(%q) is %s, expected to be refused", s, got.Text())
		}
	}
	inf, ok := ParseLong([]byte("-Inf"))
	if !ok || !inf.IsInf() {
		t.Fatal("-Inf is a number")
	}
	if _, ok := inf.Plus(inf); ok {
		t.Fatal("a sum with infinity is a number")
	}
}
