package guard

import (
	"context"
	"fmt"
	"net/netip"
)

const scanCount = 500

// physical is the key of a plain set.
func (l *IPList) physical(s PlainSet) string {
	if s.Bare {
		return s.Key
	}
	return l.rb.Namespace() + s.Key
}

// readSets reads the plain sets. Of a prefix that several have the first one counts. What is no address is left out.
func (l *IPList) readSets(ctx context.Context) (trie, error) {
	var t trie
	for _, s := range l.o.Sets {
		err := l.members(ctx, s, func(p netip.Prefix) error {
			if t.get(p) == nil && t.size < l.o.MaxEntries {
				t = t.with(&Listed{Prefix: p, Kind: s.Kind, Set: s.Key})
			}
			return nil
		})
		if err != nil {
			return trie{}, err
		}
	}
	return t, nil
}

// members walks a set without holding up the server.
func (l *IPList) members(ctx context.Context, s PlainSet, f func(netip.Prefix) error) error {
	bad := 0
	for cursor := uint64(0); ; {
		page, err := l.d.Do(ctx, l.d.B().Sscan().Key(l.physical(s)).Cursor(cursor).Count(scanCount).Build()).AsScanEntry()
		if err != nil {
			return fmt.Errorf("guard: list %q: reading set %q: %w", l.name, s.Key, err)
		}
		for _, m := range page.Elements {
			p, err := ParsePrefix(m)
			if err != nil {
				bad++
				continue
			}
			if err := f(p); err != nil {
				return err
			}
		}
		if cursor = page.Cursor; cursor == 0 {
			break
		}
	}
	if bad > 0 {
		l.rb.Logger().DebugContext(ctx, "guard: members of a plain set that are no addresses", "list", l.name, "set", s.Key, "members", bad)
	}
	return nil
}

// Import takes the addresses of a plain set over into the list: each becomes an entry of the set's kind, unless the list has one for the same
// prefix. The set stays as it is. Import returns how many were new; repeating it takes over the rest.
func (l *IPList) Import(ctx context.Context, s PlainSet, e Entry) (added int, err error) {
	s.Kind = or(s.Kind, Deny)
	err = l.members(ctx, s, func(p netip.Prefix) error {
		there, err := l.d.Do(ctx, l.d.B().Hexists().Key(l.keys.list).Field(p.String()).Build()).AsBool()
		if err != nil || there {
			return err
		}
		_, err = l.put(ctx, "put", s.Kind, p, e)
		if err == nil {
			added++
		}
		return err
	})
	return added, err
}
