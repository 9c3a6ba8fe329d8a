package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

// Claim is what one identity asks for, made by Limiter.Claim for AllowAll.
type Claim struct {
	l       *Limiter
	id, tag string
	n       int64
}

// Claim asks for n calls of the identity, together with the other claims of an AllowAll.
func (l *Limiter) Claim(id string, n int64) Claim { return Claim{l: l, id: id, n: n} }

// AllowAll decides about several identities at once, such as a user and his address: all claims are admitted and counted,
// or none is. Their limiters have to stand on one client. Claims of one identity on one limiter count as one claim of the sum;
// two limiters that share a policy cannot be asked for one identity (ErrInvalid).
//
// Where one server holds all keys it is one script. On Redis Cluster the claims are made side by side and taken back if one
// of them is denied: nothing is admitted beyond a limit, but a call that comes in between may be denied for the sake of one
// that then is denied too. A claim whose answer was lost stays counted. The error is as in AllowN.
func AllowAll(ctx context.Context, claims ...Claim) (Result, error) {
	all := make([]Claim, 0, len(claims))
	for _, c := range claims {
		if err := c.l.check(c.id, c.n); err != nil {
			return Result{}, err
		}
		if c.l.o.Disabled || len(c.l.rules) == 0 {
			continue
		}
		c.tag = c.l.keys.tag(c.id)
		var err error
		if all, err = together(all, c); err != nil {
			return Result{}, err
		}
	}
	if len(all) == 0 {
		return Result{Allowed: true}, nil
	}
	for _, c := range all {
		if r, ok := c.l.blocks.get(c.tag, c.n); ok {
			c.l.counts.cached()
			return r, nil
		}
	}
	seen := make([]uint64, len(all))
	for i, c := range all {
		seen[i] = c.l.blocks.seen()
	}
	began := time.Now()
	r, err := decide(ctx, all[0].l.lane, true, all...)
	switch {
	case err == nil:
	case ended(ctx, err):
		return Result{}, err
	default:
		return awayAll(all, err)
	}
	for i, c := range all {
		own := c.share(r, all[:i])
		if own.Allowed != r.Allowed { // another claim was denied, not this one
			continue
		}
		c.l.settle(c.id, c.tag, c.n, began, seen[i], &own)
	}
	return r, nil
}

// together adds a claim to others. The script looks at all counters before it takes from any, so no two claims may be on one:
// those of one identity on one limiter are made one.
func together(all []Claim, c Claim) ([]Claim, error) {
	for i, b := range all {
		switch {
		case b.l == c.l && b.tag == c.tag:
			all[i].n += min(c.n, math.MaxInt64-b.n)
			return all, nil
		case b.l.rb != c.l.rb:
			return nil, fmt.Errorf("%w: claims on limiters of two clients", ErrInvalid)
		case b.tag == c.tag && b.l.meets(c.l, c.tag):
			return nil, fmt.Errorf("%w: two limiters with one counter for %s", ErrInvalid, shown(c.id))
		}
	}
	return append(all, c), nil
}

// meets reports whether two limiters have a counter in common.
func (l *Limiter) meets(other *Limiter, tag string) bool {
	for i := range l.rules {
		for k := range other.rules {
			if l.keys.key(tag, &l.rules[i].Policy) == other.keys.key(tag, &other.rules[k].Policy) {
				return true
			}
		}
	}
	return false
}

// share is the part of a result that is about this claim; before are the claims that stand before it.
func (c Claim) share(r Result, before []Claim) Result {
	if r.Policies == nil {
		return r
	}
	from := 0
	for _, b := range before {
		from += len(b.l.rules)
	}
	own := sum(r.Policies[from : from+len(c.l.rules)])
	own.Policies = r.Policies[from : from+len(c.l.rules)]
	return own
}

// decide asks Redis about the claims; take counts them if all are admitted.
func decide(ctx context.Context, d script.Doer, take bool, claims ...Claim) (Result, error) {
	answers := make([]PolicyResult, 0, 4)
	possible := true
	for _, c := range claims {
		for i := range c.l.rules {
			r := &c.l.rules[i]
			answers = append(answers, r.impossible())
			possible = possible && (c.n <= r.max || r.Shadow)
		}
	}
	if !possible {
		// No server is needed to deny it. What the others would say is not known; they are not what stands in the way.
		i := 0
		for _, c := range claims {
			for k := range c.l.rules {
				if r := &c.l.rules[k]; c.n <= r.max {
					answers[i] = PolicyResult{Name: r.Name, Shadow: r.Shadow, Limit: r.max, Window: r.Window, Allowed: true, Remaining: r.max, algorithm: r.Algorithm}
				}
				i++
			}
		}
		return sum(answers), nil
	}
	groups := group(claims)
	verdicts, admitted, err := ask(ctx, d, take, groups)
	if err != nil {
		return Result{}, err
	}
	taken := take && admitted
	marks := make([]int64, len(verdicts))
	i := 0
	for _, c := range claims {
		for k := range c.l.rules {
			if c.n <= c.l.rules[k].max {
				answers[i] = c.l.rules[k].judge(c.n, verdicts[i], taken)
			}
			if marks[i] = verdicts[i].mark; verdicts[i].wait > 0 {
				marks[i] = tookNothing // in shadow mode
			}
			i++
		}
	}
	r := sum(answers)
	if taken {
		r.joint = &joint{claims: claims, marks: marks}
	}
	return r, nil
}

// group puts together the claims that one script can decide.
func group(claims []Claim) [][]Claim {
	l := claims[0].l
	if !l.rb.Features().Cluster || len(claims) == 1 {
		return [][]Claim{claims}
	}
	groups := make([][]Claim, 0, len(claims))
	for i, c := range claims {
		if i > 0 && c.tag == claims[i-1].tag { // neighbours alone: the order of the answers is that of the claims
			groups[len(groups)-1] = append(groups[len(groups)-1], c)
			continue
		}
		groups = append(groups, []Claim{c})
	}
	return groups
}

const perVerdict = 4

// tookNothing stands for the mark of a policy that has not counted the call.
const tookNothing = -1

// ask runs a script for each group. If one of them denies, or fails, the others are taken back.
func ask(ctx context.Context, d script.Doer, take bool, groups [][]Claim) (verdicts []verdict, admitted bool, err error) {
	calls := make([]script.Call, len(groups))
	for i, g := range groups {
		calls[i] = decideCall(g, take)
	}
	admitted = true
	open := make([]bool, len(groups))
	all := make([][]verdict, len(groups))
	for i, res := range run(ctx, d, calls) {
		reply, failed := res.AsIntSlice()
		if failed != nil {
			err, admitted = errors.Join(err, failed), false
			continue
		}
		all[i] = make([]verdict, len(reply)/perVerdict)
		for k := range all[i] {
			v := reply[perVerdict*k:]
			all[i][k] = verdict{v[0], v[1], v[2], v[3]}
		}
		open[i] = admits(groups[i], all[i])
		admitted = admitted && open[i]
		verdicts = append(verdicts, all[i]...)
	}
	if admitted || !take || len(groups) == 1 {
		return verdicts, admitted, err
	}
	var back []Claim
	var marks []int64
	for i, g := range groups {
		if !open[i] {
			continue
		}
		for _, v := range all[i] {
			if v.wait > 0 {
				v.mark = tookNothing // in shadow mode
			}
			marks = append(marks, v.mark)
		}
		back = append(back, g...)
	}
	if len(back) > 0 {
		if failed := refund(context.WithoutCancel(ctx), back[0].l.slow, back, marks); failed != nil {
			err = errors.Join(err, fmt.Errorf("ratelimit: take back a claim: %w", failed))
		}
	}
	return verdicts, false, err
}

// run is script.DoMulti, with the cheaper path for one call.
func run(ctx context.Context, d script.Doer, calls []script.Call) []result {
	if len(calls) == 1 {
		return []result{calls[0].Script.Do(ctx, d, calls[0].Keys, calls[0].Args)}
	}
	return script.DoMulti(ctx, d, calls...)
}

func decideCall(claims []Claim, take bool) script.Call {
	const perRule = 6
	n := 0
	for _, c := range claims {
		n += len(c.l.rules)
	}
	keys := make([]string, 0, n)
	args := append(make([]string, 0, 1+perRule*n), flag(take))
	for _, c := range claims {
		for i := range c.l.rules {
			r := &c.l.rules[i]
			keys = append(keys, c.l.keys.key(c.tag, &r.Policy))
			args = append(args, r.kind, flag(r.Shadow), r.costs(min(c.n, r.max+1)), r.mostText, r.pText, r.qText)
		}
	}
	return script.Call{Script: decideScript, Keys: keys, Args: args}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// admits reports whether a script that gave the verdicts has taken what its claims ask for.
func admits(claims []Claim, verdicts []verdict) bool {
	i := 0
	for _, c := range claims {
		for k := range c.l.rules {
			if verdicts[i].wait > 0 && !c.l.rules[k].Shadow {
				return false
			}
			i++
		}
	}
	return true
}
