package hll

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
)

// The sparse form, the dense form and plain registers say the same, whatever comes.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	var model [Registers]uint8
	b, d := New(), New()
	var err error
	if d, err = Dense(d); err != nil {
		t.Fatal(err)
	}
	for step := range 3000 {
		index, rank := r.IntN(Registers), uint8(1+r.IntN(mostSparse))
		if step%3 == 0 {
			index = r.IntN(40) // neighbours
			rank = uint8(1 + r.IntN(3))
		}
		raised := rank > model[index]
		model[index] = max(model[index], rank)
		for _, form := range []*[]byte{&b, &d} {
			out, changed, err := raise(*form, index, rank, 1<<20)
			if err != nil || changed != raised {
				t.Fatalf("step %d: changed is %v, %v", step, changed, err)
			}
			*form = out
		}
		if step%100 > 0 {
			continue
		}
		if dense, err := Dense(b); err != nil || !bytes.Equal(dense[header:], d[header:]) {
			t.Fatalf("step %d: the forms differ, %v", step, err)
		}
		x, err1 := Count(b)
		y, err2 := Count(d)
		var u Union
		if err := u.Merge(b); err != nil || err1 != nil || err2 != nil || x != y || u.Count() != x || u.registers != model {
			t.Fatalf("step %d: %d, %d, %d; %v, %v, %v", step, x, y, u.Count(), err, err1, err2)
		}
	}
	if IsDense(b) || !IsDense(d) || !Valid(b) || !Valid(d) {
		t.Fatal("the forms are not those expected")
	}
}

// Any string behind a good header is an error or works; none makes a command panic.
func FuzzCorrupt(f *testing.F) {
	f.Add([]byte{0x7f, 0xff}, []byte("a"))
	f.Add([]byte{0x80, 0x40}, []byte("b"))
	f.Add([]byte{}, []byte(""))
	f.Fuzz(func(t *testing.T, body, element []byte) {
		b := append(New()[:header], body...)
		if !Valid(b) {
			return
		}
		_, countErr := Count(b)
		var u Union
		if err := u.Merge(b); (err == nil) != (countErr == nil) {
			t.Fatalf("Merge: %v, Count: %v", err, countErr)
		}
		if _, err := Dense(b); (err == nil) != (countErr == nil) {
			t.Fatalf("Dense: %v, Count: %v", err, countErr)
		}
		if countErr != nil && !errors.Is(countErr, ErrCorrupt) {
			t.Fatal(countErr)
		}
		for i := range 50 {
			out, _, err := Add(b, append(element, strconv.Itoa(i)...), 3000)
			if err != nil {
				break
			}
			b = out
		}
		if _, err := Count(b); countErr == nil && err != nil {
			t.Fatalf("a good string went bad: %v", err)
		}
	})
}

func TestCache(t *testing.T) {
	t.Parallel()
	b := New()
	if n, ok := Cached(b); n != 0 || !ok {
		t.Errorf("a new one is estimated at %d, %v", n, ok)
	}
	Outdate(b)
	if _, ok := Cached(b); ok {
		t.Error("an estimate out of date is taken")
	}
	Cache(b, 1<<40)
	if n, ok := Cached(b); n != 1<<40 || !ok {
		t.Errorf("%d, %v", n, ok)
	}
}
