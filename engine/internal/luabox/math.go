package luabox

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Random is drand48, which Redis took over with the numbers it gives: they begin anew when a server does.
type Random struct {
	x      uint64
	seeded bool
}

func (r *Random) seed(n int32) { r.x, r.seeded = uint64(uint32(n))<<16|0x330e, true }

func (r *Random) next() int32 {
	if !r.seeded {
		r.x, r.seeded = 0x1234abcd330e, true
	}
	r.x = (r.x*0x5deece66d + 0xb) & (1<<48 - 1)
	return int32(r.x >> 17)
}

// calculate is arithmetic of two numbers.
func calculate(op int, x, y float64) float64 {
	switch op {
	case lua.OP_ADD:
		return x + y
	case lua.OP_SUB:
		return x - y
	case lua.OP_MUL:
		return x * y
	case lua.OP_DIV:
		return x / y
	case lua.OP_MOD:
		return x - math.Floor(x/y)*y
	}
	return math.Pow(x, y)
}

func (b *Box) openMath() {
	functions := map[string]lua.LGFunction{
		"max": mathMax, "min": mathMin, "modf": mathModF, "frexp": mathFrexp, "ldexp": mathLdexp, "random": b.mathRandom, "randomseed": b.mathSeed,
	}
	for name, f := range map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos, "cosh": math.Cosh,
		"deg": func(x float64) float64 { return x / (math.Pi / 180) }, "exp": math.Exp, "floor": math.Floor, "log": math.Log, "log10": math.Log10,
		"rad": func(x float64) float64 { return x * (math.Pi / 180) }, "sin": math.Sin, "sinh": math.Sinh, "sqrt": math.Sqrt,
		"tan": math.Tan, "tanh": math.Tanh,
	} {
		functions[name] = func(L *lua.LState) int {
			L.Push(lua.LNumber(f(checkNumber(L, 1, name))))
			return 1
		}
	}
	for name, f := range map[string]func(x, y float64) float64{"atan2": math.Atan2, "fmod": math.Mod, "mod": math.Mod, "pow": math.Pow} {
		functions[name] = func(L *lua.LState) int {
			L.Push(lua.LNumber(f(checkNumber(L, 1, name), checkNumber(L, 2, name))))
			return 1
		}
	}
	b.Library("math", functions, map[string]lua.LValue{"pi": lua.LNumber(math.Pi), "huge": lua.LNumber(math.Inf(1))})
}

func mathMax(L *lua.LState) int {
	most := checkNumber(L, 1, "max")
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i, "max"); f > most {
			most = f
		}
	}
	L.Push(lua.LNumber(most))
	return 1
}

func mathMin(L *lua.LState) int {
	least := checkNumber(L, 1, "min")
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i, "min"); f < least {
			least = f
		}
	}
	L.Push(lua.LNumber(least))
	return 1
}

func mathModF(L *lua.LState) int {
	x := checkNumber(L, 1, "modf")
	whole := math.Trunc(x)
	rest := x - whole
	if math.IsInf(x, 0) {
		rest = 0
	}
	L.Push(lua.LNumber(whole))
	L.Push(lua.LNumber(rest))
	return 2
}

func mathFrexp(L *lua.LState) int {
	f, e := math.Frexp(checkNumber(L, 1, "frexp"))
	L.Push(lua.LNumber(f))
	L.Push(lua.LNumber(e))
	return 2
}

func mathLdexp(L *lua.LState) int {
	L.Push(lua.LNumber(math.Ldexp(checkNumber(L, 1, "ldexp"), checkInt(L, 2, "ldexp"))))
	return 1
}

func (b *Box) mathRandom(L *lua.LState) int {
	const most = 1<<31 - 1
	r := float64(b.random.next()%most) / most
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r))
	case 1:
		to := checkInt(L, 1, "random")
		if to < 1 {
			argError(L, 1, "random", "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*float64(to)) + 1))
	case 2:
		from, to := checkInt(L, 1, "random"), checkInt(L, 2, "random")
		if from > to {
			argError(L, 2, "random", "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*float64(to-from+1)) + float64(from)))
	default:
		raise(L, "wrong number of arguments")
	}
	return 1
}

func (b *Box) mathSeed(L *lua.LState) int {
	b.random.seed(int32(checkInt(L, 1, "randomseed")))
	return 0
}
