package luabox

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// spaces are what C's isspace knows.
const spaces = " \t\n\v\f\r"

// AppendNumber appends a number as Lua 5.1 writes it, which is C's "%.14g".
func AppendNumber(b []byte, f float64) []byte { return AppendG(b, f, 14) }

// AppendG appends a number as C's "%.<digits>g" does.
func AppendG(b []byte, f float64, digits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		if math.Signbit(f) {
			b = append(b, '-')
		}
		return append(b, "nan"...)
	}
	if i := int64(f); float64(i) == f && i > -1e14 && i < 1e14 && digits >= 14 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(b, i, 10)
	}
	return strconv.AppendFloat(b, f, 'g', digits, 64)
}

func formatNumber(f lua.LNumber) string {
	var text [32]byte
	return string(AppendNumber(text[:0], float64(f)))
}

// parseNumber reads a number as Lua 5.1 does, which is C's strtod with space around it.
func parseNumber(s string) (float64, bool) {
	if len(s) > 0 && len(s) < 16 && s[0] >= '0' && s[0] <= '9' {
		n, plain := int64(0), true
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				plain = false
				break
			}
			n = n*10 + int64(s[i]-'0')
		}
		if plain {
			return float64(n), true
		}
	}
	s = strings.Trim(s, spaces)
	if s == "" || strings.ContainsRune(s, '_') {
		return 0, false
	}
	digits := strings.TrimPrefix(s, "-")
	if len(digits) == len(s) {
		digits = strings.TrimPrefix(s, "+")
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'x' && !strings.ContainsAny(digits, "pP") {
		s += "p0"
	}
	if strings.EqualFold(digits, "nan") {
		f := math.NaN()
		if s[0] == '-' {
			f = math.Copysign(f, -1)
		}
		return f, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// toNumber is a value as a number, if it is one or a string that looks like one.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return parseNumber(string(v))
	}
	return 0, false
}

// ToInt is C's conversion of a double to a 64-bit integer on the machines Redis runs on.
func ToInt(f float64) int64 {
	if f >= -9223372036854775808 && f < 9223372036854775808 {
		return int64(f)
	}
	return math.MinInt64
}

// display is a value as messages show it.
func display(v lua.LValue) string {
	if n, ok := v.(lua.LNumber); ok {
		return formatNumber(n)
	}
	return v.String()
}

// Text is a value as tostring shows it, without its metatable.
func Text(v lua.LValue) string {
	if v == null {
		return "userdata: (nil)"
	}
	return display(v)
}

// String is a value as a string, if it is one or a number.
func String(v lua.LValue) (string, bool) {
	if lua.LVCanConvToString(v) {
		return display(v), true
	}
	return "", false
}

// Number is a value as a number, if it is one or a string that looks like one; else 0.
func Number(v lua.LValue) (float64, bool) { return toNumber(v) }
