package num

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Int reads a decimal integer of 64 bits: a minus sign at most, no leading zero, no space.
func Int(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits, negative := b, false
	if b[0] == '-' {
		digits, negative = b[1:], true
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), true
	case !negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// Float reads a number as C's strtod does, all of b and no more: decimal, hexadecimal, "inf", but not "nan". A number
// too large for a float64, or too small to be told from zero, is refused.
func Float(b []byte) (float64, bool) {
	if len(b) == 0 || !plain(b) {
		return 0, false
	}
	f, err := strconv.ParseFloat(cText(b), 64)
	if math.IsNaN(f) || err != nil && (!errors.Is(err, strconv.ErrRange) || math.IsInf(f, 0)) || f == 0 && !zero(b) {
		return 0, false
	}
	return f, true
}

// Loose reads a number where Redis calls strtod and no more: spaces before it, nothing at all and what is behind a zero
// byte do no harm, and what is too large is infinite.
func Loose(b []byte) (float64, bool) {
	s, _, _ := strings.Cut(string(b), "\x00")
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	if s == "" {
		return 0, true
	}
	if !plain([]byte(s)) {
		return 0, false
	}
	f, err := strconv.ParseFloat(cText([]byte(s)), 64)
	return f, !math.IsNaN(f) && (err == nil || errors.Is(err, strconv.ErrRange))
}

// cText makes a number of C's one of Go's: hexadecimal ones need an exponent here.
func cText(b []byte) string {
	s := string(b)
	if digits := strings.TrimLeft(s, "+-"); len(digits) > 2 && (digits[1] == 'x' || digits[1] == 'X') && !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	return s
}

// zero reports whether a number is written as one: no digit but 0 before the exponent.
func zero(b []byte) bool {
	s := strings.TrimLeft(strings.ToLower(string(b)), "+-")
	exponent := "e"
	if strings.HasPrefix(s, "0x") {
		s, exponent = s[2:], "p"
	}
	s, _, _ = strings.Cut(s, exponent)
	return strings.Trim(s, "0.") == ""
}

// plain refuses what Go reads as a number and C does not.
func plain(b []byte) bool {
	for _, c := range b {
		if c == '_' || c <= ' ' {
			return false
		}
	}
	return true
}

// Long is a number with the precision of an 80-bit long double, in which Redis adds floats so that 0.1 and 0.2 give 0.3.
type Long struct{ big.Float }

const (
	mantissa = 64
	// leastExponent is that of the smallest number above zero, of C's long double as big.Float counts.
	leastExponent = -16444
)

// ParseLong reads a number as C's strtold does. Infinity is one, not a number is none.
func ParseLong(b []byte) (*Long, bool) {
	if len(b) == 0 || len(b) > 5*1024 || !plain(b) {
		return nil, false
	}
	l := &Long{}
	l.SetPrec(mantissa)
	s := strings.ToLower(string(b))
	switch strings.TrimLeft(s, "+-") {
	case "inf", "infinity":
		if len(s)-len(strings.TrimLeft(s, "+-")) > 1 {
			return nil, false
		}
		l.SetInf(s[0] == '-')
		return l, true
	}
	if hex := strings.TrimLeft(s, "+-"); !strings.HasPrefix(hex, "0x") && strings.ContainsAny(s, "xobp") {
		return nil, false
	}
	if _, _, err := l.Parse(cText([]byte(s)), baseOf(s)); err != nil {
		return nil, false
	}
	if e := l.MantExp(nil); e > 16384 || l.Sign() == 0 && !zero(b) || l.Sign() != 0 && e < leastExponent {
		return nil, false
	}
	return l, true
}

// baseOf tells big.Float that a leading zero is no octal number.
func baseOf(s string) int {
	if strings.HasPrefix(strings.TrimLeft(s, "+-"), "0x") {
		return 0
	}
	return 10
}

// Plus returns the sum; ok is false if it is no finite number.
func (l *Long) Plus(m *Long) (sum *Long, ok bool) {
	if l.IsInf() || m.IsInf() {
		return nil, false
	}
	sum = &Long{}
	sum.SetPrec(mantissa)
	sum.Add(&l.Float, &m.Float)
	return sum, sum.MantExp(nil) <= 16384
}

// Text writes the number for people, as C's "%.17Lf" without zeros at the end.
func (l *Long) Text() []byte {
	b := l.Append(nil, 'f', 17)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if string(b) == "-0" {
		return []byte("0")
	}
	return b
}
