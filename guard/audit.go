package guard

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Action is one change of a list, as the audit trail has it.
type Action struct {
	// At is when, by the clock of Redis.
	At time.Time
	// Action is "put", "ban" or "remove". Entries that end do so without a record: their TTL is in that of the put.
	Action string
	Prefix string
	// Kind is empty for a removal.
	Kind       Kind
	Reason, By string
	// TTL is 0 for an entry that stands for good.
	TTL time.Duration
}

// Audit returns the last n changes, the newest first.
func (l *IPList) Audit(ctx context.Context, n int) ([]Action, error) {
	if n < 1 {
		return nil, nil
	}
	records, err := l.d.Do(ctx, l.d.B().Xrevrange().Key(l.keys.audit).End("+").Start("-").Count(int64(n)).Build()).AsXRange()
	if err != nil {
		return nil, fmt.Errorf("guard: list %q: audit: %w", l.name, err)
	}
	out := make([]Action, len(records))
	for i, r := range records {
		at, _, _ := strings.Cut(r.ID, "-")
		ms, _ := strconv.ParseInt(at, 10, 64)
		ttl, _ := strconv.ParseInt(r.FieldValues["ttl"], 10, 64)
		f := r.FieldValues
		out[i] = Action{
			At: time.UnixMilli(ms), Action: f["action"], Prefix: f["prefix"], Kind: Kind(f["kind"]), Reason: f["reason"], By: f["by"],
			TTL: time.Duration(ttl) * time.Millisecond,
		}
	}
	return out, nil
}
