package engine

import (
	"testing"
	"time"
	"unsafe"
)

// A key costs as many bytes as the smallest place that holds all there is to know of it.
func TestEntrySize(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(node{}); size != 64 {
		t.Errorf("a node takes %d bytes, want 64", size)
	}
}

// An entry gives back what it was given, of each kind, and nothing of another.
func TestEntryValues(t *testing.T) {
	t.Parallel()
	n := &node{}
	for _, text := range [][]byte{nil, {}, []byte("abc"), make([]byte, 3, 100)} {
		n.Val.empty(kindString)
		n.Val.setText(text)
		if got := n.Val.text(); string(got) != string(text) || cap(got) != cap(text) || n.Val.object() != nil || asList(n) != nil {
			t.Errorf("%q of %d bytes came back as %q of %d", text, cap(text), got, cap(got))
		}
	}
	for k, o := range map[kind]object{kindList: &list{}, kindSet: newSet(), kindZSet: &zset{}, kindHash: &hash{}, kindStream: &stream{}} {
		n.Val.empty(k)
		n.Val.setObject(o)
		if n.Val.object() != o || n.Val.kind != k {
			t.Errorf("a %s came back as %T of kind %s", k, n.Val.object(), n.Val.kind)
		}
		if asList(n) != nil != (k == kindList) || asStream(n) != nil != (k == kindStream) {
			t.Errorf("a %s is taken for another kind", k)
		}
	}
}

// Times of use are kept in 32 bits: rounded to milliseconds, right for half a year, and never far ahead.
func TestEntryIdle(t *testing.T) {
	t.Parallel()
	const at = 1_800_000_000_000_123
	var e entry
	e.use(at)
	for ago, want := range map[time.Duration]time.Duration{
		0: 0, time.Second: time.Second, 10 * time.Second: 10 * time.Second, 24 * time.Hour: 24 * time.Hour, 190 * 24 * time.Hour: 190 * 24 * time.Hour,
		-10 * time.Millisecond: 0, -30 * time.Minute: 0,
	} {
		got := time.Duration(e.idle(at+ago.Microseconds())) * time.Microsecond
		if got < want || got > want+9*time.Millisecond {
			t.Errorf("%v after its use an entry is idle for %v", ago, got)
		}
	}
}
