package luabox

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// spec is one directive of string.format: flags, width, precision.
type spec struct {
	left, plus, space, sharp, zero bool
	width, precision               int // precision -1: none
}

// parseSpec reads a directive behind its '%' and returns its letter and what comes behind.
func parseSpec(L *lua.LState, s string) (spec, byte, string) {
	sp := spec{precision: -1}
	for n := 0; s != "" && strings.IndexByte("-+ #0", s[0]) >= 0; s = s[1:] {
		if n++; n > 5 {
			raise(L, "invalid format (repeated flags)")
		}
		switch s[0] {
		case '-':
			sp.left = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '#':
			sp.sharp = true
		case '0':
			sp.zero = true
		}
	}
	sp.width, s = twoDigits(s)
	if strings.HasPrefix(s, ".") {
		sp.precision, s = twoDigits(s[1:])
	}
	if s == "" {
		return sp, 0, ""
	}
	if isDigit(s[0]) {
		raise(L, "invalid format (width or precision too long)")
	}
	return sp, s[0], s[1:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func twoDigits(s string) (n int, rest string) {
	for i := 0; i < 2 && s != "" && isDigit(s[0]); i++ {
		n = n*10 + int(s[0]-'0')
		s = s[1:]
	}
	return n, s
}

// pad brings text to the width; zeros come behind the sign.
func (sp spec) pad(out []byte, text string, zeros bool) []byte {
	fill := sp.width - len(text)
	switch {
	case fill <= 0:
	case sp.left:
		return append(append(out, text...), strings.Repeat(" ", fill)...)
	case zeros && sp.zero:
		sign := 0
		for sign < len(text) && strings.IndexByte("+- ", text[sign]) >= 0 {
			sign++
		}
		if strings.HasPrefix(text[sign:], "0x") || strings.HasPrefix(text[sign:], "0X") {
			sign += 2
		}
		return append(append(append(out, text[:sign]...), strings.Repeat("0", fill)...), text[sign:]...)
	default:
		out = append(out, strings.Repeat(" ", fill)...)
	}
	return append(out, text...)
}

func (sp spec) sign(text string) string {
	switch {
	case strings.HasPrefix(text, "-"):
		return text
	case sp.plus:
		return "+" + text
	case sp.space:
		return " " + text
	}
	return text
}

// integer shows digits with at least as many as the precision says.
func (sp spec) integer(digits string) string {
	if sp.precision == 0 && digits == "0" {
		return ""
	}
	return strings.Repeat("0", max(sp.precision-len(digits), 0)) + digits
}

func (sp spec) float(f float64, verb byte) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text := string(AppendNumber(nil, f))
		if verb < 'a' {
			text = strings.ToUpper(text)
		}
		return sp.sign(text)
	}
	precision := sp.precision
	if precision < 0 {
		precision = 6
	}
	if (verb == 'g' || verb == 'G') && precision == 0 {
		precision = 1
	}
	if sp.sharp {
		return sp.sign(fmt.Sprintf("%#."+strconv.Itoa(precision)+string(verb), f))
	}
	return sp.sign(strconv.FormatFloat(f, verb, precision, 64))
}

// format is string.format.
func (b *Box) format(L *lua.LState) int {
	s := checkString(L, 1, "format")
	var out []byte
	arg := 1
	for {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			break
		}
		out, s = append(out, s[:at]...), s[at+1:]
		if strings.HasPrefix(s, "%") {
			out, s = append(out, '%'), s[1:]
			continue
		}
		if arg++; arg > L.GetTop() {
			argError(L, arg, "format", "no value")
		}
		sp, verb, rest := parseSpec(L, s)
		shown := s[:len(s)-len(rest)]
		s = rest
		out = directive(L, out, sp, verb, arg, shown)
		if len(out) > maxString {
			raise(L, "not enough memory")
		}
	}
	L.Push(lua.LString(append(out, s...)))
	return 1
}

// directive appends argument arg in the form asked for.
func directive(L *lua.LState, out []byte, sp spec, verb byte, arg int, shown string) []byte {
	const fn = "format"
	switch verb {
	case 'c':
		// What C puts together ends at a zero byte.
		text, _, _ := strings.Cut(string(sp.pad(nil, string([]byte{byte(checkInt(L, arg, fn))}), false)), "\x00")
		return append(out, text...)
	case 'd', 'i':
		n := ToInt(checkNumber(L, arg, fn))
		digits, minus := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
		digits = sp.integer(digits)
		if minus {
			digits = "-" + digits
		}
		return sp.pad(out, sp.sign(digits), sp.precision < 0)
	case 'u', 'o', 'x', 'X':
		n := unsigned(checkNumber(L, arg, fn))
		base := map[byte]int{'u': 10, 'o': 8, 'x': 16, 'X': 16}[verb]
		digits := sp.integer(strconv.FormatUint(n, base))
		switch {
		case sp.sharp && base == 8 && !strings.HasPrefix(digits, "0"):
			digits = "0" + digits
		case sp.sharp && base == 16 && n != 0:
			digits = "0x" + digits
		}
		if verb == 'X' {
			digits = strings.ToUpper(digits)
		}
		return sp.pad(out, digits, sp.precision < 0)
	case 'e', 'E', 'f', 'g', 'G':
		f := checkNumber(L, arg, fn)
		return sp.pad(out, sp.float(f, verb), !math.IsInf(f, 0) && !math.IsNaN(f))
	case 'q':
		return quote(out, checkString(L, arg, fn))
	case 's':
		text := checkString(L, arg, fn)
		if sp.precision >= 0 {
			text = text[:min(sp.precision, len(text))]
		}
		return sp.pad(out, text, false)
	}
	raise(L, "invalid option '%"+shown+"' to 'format'")
	return nil
}

// unsigned is C's conversion of a double for %u and %x.
func unsigned(f float64) uint64 {
	if f >= 9223372036854775808 && f < 18446744073709551616 {
		return uint64(f)
	}
	return uint64(ToInt(f))
}

// quote writes a string as Lua reads it.
func quote(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
