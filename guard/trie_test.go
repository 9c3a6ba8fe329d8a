package guard_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/internal/bricktest"
)

// The tree finds what a search through all entries finds, after any sequence of changes, and former versions stay as they were.
func TestTheTreeFindsTheLongestPrefix(t *testing.T) {
	t.Parallel()
	r := bricktest.Trace(t)
	any4 := func() netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(3)), byte(r.IntN(256))})
	}
	any6 := func() netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, byte(r.IntN(2)), byte(r.IntN(256)), 15: byte(r.IntN(4))})
	}
	anyAddr := func() netip.Addr {
		if r.IntN(2) == 0 {
			return any4()
		}
		return any6()
	}
	var tree guard.Trie
	model := map[netip.Prefix]*guard.Listed{}
	type version struct {
		tree  guard.Trie
		model map[netip.Prefix]*guard.Listed
	}
	var past []version
	check := func(tree guard.Trie, model map[netip.Prefix]*guard.Listed) {
		t.Helper()
		if tree.Size() != len(model) || len(tree.All()) != len(model) {
			t.Fatalf("%d entries, %d listed, the model has %d", tree.Size(), len(tree.All()), len(model))
		}
		for range 50 {
			a := anyAddr()
			live := func(e *guard.Listed) bool { return e.Reason != "ended" }
			var want *guard.Listed
			for p, e := range model {
				if live(e) && p.Contains(a) && (want == nil || p.Bits() > want.Prefix.Bits()) {
					want = e
				}
			}
			if got := tree.Find(a, live); got != want {
				t.Fatalf("%v: found %+v, want %+v", a, got, want)
			}
		}
	}
	for i := range 2000 {
		a := anyAddr()
		p := netip.PrefixFrom(a, r.IntN(a.BitLen()+1)).Masked()
		if r.IntN(3) == 0 {
			for p = range model { // any
				break
			}
			tree = tree.Without(p)
			tree = tree.Without(p)
			delete(model, p)
		} else {
			e := &guard.Listed{Prefix: p, Reason: []string{"", "ended"}[r.IntN(2)]}
			tree = tree.With(e)
			model[p] = e
		}
		if i%100 == 0 {
			check(tree, model)
			copied := map[netip.Prefix]*guard.Listed{}
			for p, e := range model {
				copied[p] = e
			}
			past = append(past, version{tree, copied})
		}
	}
	for _, v := range past {
		check(v.tree, v.model)
	}
	for p := range model {
		tree = tree.Without(p)
	}
	if tree.Size() != 0 || len(tree.All()) != 0 || !tree.Empty() {
		t.Errorf("%d entries are left", tree.Size())
	}
}

// FuzzCIDR holds that what is read as a prefix has one form, contains the address it was written with, and is found in a tree.
func FuzzCIDR(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1", "10.0.0.0/8", "10.1.2.3/8", "::ffff:192.0.2.1", "::ffff:10.0.0.0/104", "::ffff:0:0/95", "2001:db8::/32", "::/0", "0.0.0.0/0",
		" 192.0.2.1\n", "fe80::1%eth0", "fe80::/10%eth0", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/08", "01.2.3.4", "", "/", "x", strings.Repeat("1", 400),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := guard.ParsePrefix(s)
		if err != nil {
			return
		}
		again, err := guard.ParsePrefix(p.String())
		if err != nil || again != p || p != p.Masked() || p.Addr().Is4In6() || p.Addr().Zone() != "" {
			t.Fatalf("%q is %v, then %v, %v", s, p, again, err)
		}
		text, _, _ := strings.Cut(strings.TrimSpace(s), "/")
		if a, err := netip.ParseAddr(text); err != nil || !p.Contains(a.Unmap()) {
			t.Fatalf("%q is %v, which does not contain %v", s, p, a)
		}
		var tree guard.Trie
		e := &guard.Listed{Prefix: p}
		tree = tree.With(e)
		if tree.Find(p.Addr(), func(*guard.Listed) bool { return true }) != e {
			t.Fatalf("%v is not found", p)
		}
	})
}

// FuzzEntry holds that nothing that lies in a list makes a node fail, and that what it reads is what was written.
func FuzzEntry(f *testing.F) {
	f.Add("10.0.0.0/8", `{"kind":"deny","reason":"r","by":"b","at":1,"until":2}`)
	f.Add("::/0", `{"kind":"allow"}`)
	f.Add("x", `{`)
	f.Add("1.2.3.4", `null`)
	f.Fuzz(func(t *testing.T, prefix, value string) {
		e, err := guard.ReadRecord(prefix, value)
		if err == nil && (!e.Prefix.IsValid() || e.Kind != guard.Deny && e.Kind != guard.Allow) {
			t.Fatalf("%q %q: %+v", prefix, value, e)
		}
	})
}
