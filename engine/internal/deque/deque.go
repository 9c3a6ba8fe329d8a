package deque

// least is the smallest ring that is kept.
const least = 4

// Deque is a sequence of values. The zero value is empty and ready. It is for one goroutine at a time.
type Deque[T any] struct {
	ring []T // a power of two
	head int // index of the first
	n    int
}

// Len returns how many values there are.
func (d *Deque[T]) Len() int { return d.n }

// Cap returns for how many values there is room, for memory figures.
func (d *Deque[T]) Cap() int { return len(d.ring) }

func (d *Deque[T]) slot(i int) int { return (d.head + i) & (len(d.ring) - 1) }

// At returns the value at i, which is there.
func (d *Deque[T]) At(i int) T { return d.ring[d.slot(i)] }

// Set replaces the value at i, which is there.
func (d *Deque[T]) Set(i int, v T) { d.ring[d.slot(i)] = v }

// PushBack adds a value behind the last.
func (d *Deque[T]) PushBack(v T) {
	d.grow()
	d.ring[d.slot(d.n)] = v
	d.n++
}

// PushFront adds a value before the first.
func (d *Deque[T]) PushFront(v T) {
	d.grow()
	d.head = (d.head - 1) & (len(d.ring) - 1)
	d.ring[d.head] = v
	d.n++
}

// PopFront takes the first value out. There must be one.
func (d *Deque[T]) PopFront() T {
	var none T
	v := d.ring[d.head]
	d.ring[d.head] = none
	d.head = (d.head + 1) & (len(d.ring) - 1)
	d.n--
	d.shrink()
	return v
}

// PopBack takes the last value out. There must be one.
func (d *Deque[T]) PopBack() T {
	var none T
	at := d.slot(d.n - 1)
	v := d.ring[at]
	d.ring[at] = none
	d.n--
	d.shrink()
	return v
}

// Insert puts a value before that at i, or behind the last. It moves the shorter side.
func (d *Deque[T]) Insert(i int, v T) {
	if i < d.n-i {
		d.PushFront(v)
		for k := range i {
			d.Set(k, d.At(k+1))
		}
	} else {
		d.PushBack(v)
		for k := d.n - 1; k > i; k-- {
			d.Set(k, d.At(k-1))
		}
	}
	d.Set(i, v)
}

// Trim keeps the values from index from to index to, the latter excluded.
func (d *Deque[T]) Trim(from, to int) {
	var none T
	for i := range from {
		d.ring[d.slot(i)] = none
	}
	for i := to; i < d.n; i++ {
		d.ring[d.slot(i)] = none
	}
	if d.n > 0 {
		d.head = d.slot(from)
	}
	d.n = to - from
	d.shrink()
}

// DeleteFunc takes out values that drop names, at most so many, from the front or from the back on. It returns how
// many went.
func (d *Deque[T]) DeleteFunc(most int, fromBack bool, drop func(T) bool) (deleted int) {
	if fromBack {
		to := d.n - 1
		for i := d.n - 1; i >= 0; i-- {
			if v := d.At(i); deleted < most && drop(v) {
				deleted++
			} else {
				d.Set(to, v)
				to--
			}
		}
		d.Trim(deleted, d.n)
		return deleted
	}
	to := 0
	for i := range d.n {
		if v := d.At(i); deleted < most && drop(v) {
			deleted++
		} else {
			d.Set(to, v)
			to++
		}
	}
	d.Trim(0, to)
	return deleted
}

// Clone returns a copy that shares the values and nothing else.
func (d *Deque[T]) Clone() *Deque[T] {
	c := &Deque[T]{ring: make([]T, len(d.ring)), n: d.n}
	for i := range d.n {
		c.ring[i] = d.At(i)
	}
	return c
}

func (d *Deque[T]) grow() {
	switch {
	case len(d.ring) == 0:
		d.ring = make([]T, least)
	case d.n == len(d.ring):
		d.resize(2 * len(d.ring))
	}
}

// shrink halves a ring that is filled to less than a quarter, until it is not.
func (d *Deque[T]) shrink() {
	size := len(d.ring)
	for size > least && d.n < size/4 {
		size /= 2
	}
	if size < len(d.ring) {
		d.resize(size)
	}
}

func (d *Deque[T]) resize(size int) {
	ring := make([]T, size)
	for i := range d.n {
		ring[i] = d.At(i)
	}
	d.ring, d.head = ring, 0
}
