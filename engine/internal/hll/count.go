package hll

import "math"

// Union has the registers that several strings have together.
type Union struct {
	registers [Registers]uint8
	// Dense tells that one of them has the dense form.
	Dense bool
}

// Merge takes a string in.
func (u *Union) Merge(b []byte) error {
	if IsDense(b) {
		u.Dense = true
		for i := range u.registers {
			u.registers[i] = max(u.registers[i], denseAt(b[header:], i))
		}
		return nil
	}
	index := 0
	for r := range runs(b[header:]) {
		if index+r.length > Registers {
			return ErrCorrupt
		}
		for i := range u.registers[index : index+r.length] {
			u.registers[index+i] = max(u.registers[index+i], r.value)
		}
		index += r.length
	}
	if index != Registers {
		return ErrCorrupt
	}
	return nil
}

// Count estimates how many different elements the strings have seen together.
func (u *Union) Count() uint64 {
	var counts histogram
	for _, v := range u.registers {
		counts[v]++
	}
	return counts.estimate()
}

// Into returns b with all registers at least those of the union.
func (u *Union) Into(b []byte, most int) (out []byte, err error) {
	if u.Dense {
		if b, err = Dense(b); err != nil {
			return nil, err
		}
	}
	for i, v := range u.registers {
		if v > 0 {
			if b, _, err = raise(b, i, v, most); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// Count estimates how many different elements a string has seen.
func Count(b []byte) (uint64, error) {
	var counts histogram
	if IsDense(b) {
		for i := range Registers {
			counts[denseAt(b[header:], i)]++
		}
		return counts.estimate(), nil
	}
	index := 0
	for r := range runs(b[header:]) {
		index += r.length
		counts[r.value] += r.length
	}
	if index != Registers {
		return 0, ErrCorrupt
	}
	return counts.estimate(), nil
}

// histogram tells how many registers have each value.
type histogram [1 << registerBits]int

// estimate is Ertl's. Products are rounded before they are added, on every machine alike.
func (h *histogram) estimate() uint64 {
	const m = float64(Registers)
	z := m * tau((m-float64(h[mostRank]))/m)
	for v := mostRank - 1; v >= 1; v-- {
		z = (z + float64(h[v])) * 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	return uint64(math.Round(0.5 / math.Ln2 * m * m / z))
}

// sigma is the sum of x^(2^k) 2^(k-1) for k from 1 on, and x.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	z := x
	for y := 1.0; ; y += y {
		x *= x
		old := z
		if z += float64(x * y); z == old {
			return z
		}
	}
}

// tau is a third of 1-x less the sum of (1-x^(2^-k))^2 2^-k for k from 1 on.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	z := 1 - x
	for y := 0.5; ; y *= 0.5 {
		x = math.Sqrt(x)
		old := z
		if z -= float64(float64((1-x)*(1-x)) * y); z == old {
			return z / 3
		}
	}
}
