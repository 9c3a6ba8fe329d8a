package script

import (
	"context"
	"crypto/sha1" //nolint:gosec // EVALSHA names scripts by SHA-1; nothing secret rests on it.
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/redis/rueidis"
)

// Doer sends commands. *redbrick.Client and *redbrick.Lane are the two of the toolkit; both keep to a hard deadline and
// answer at once while the breaker is open.
type Doer interface {
	// B starts a command.
	B() rueidis.Builder
	// Do sends one command. The command must not be used again.
	Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult
	// DoMulti sends several commands in one pipeline and returns a result for each, in order.
	DoMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult
}

// ErrNotSent is wrapped by the error of a call that a Doer refused before anything was sent: nothing has been done, and
// nothing will be.
var ErrNotSent = errors.New("script: not sent")

// Script is one Lua script.
type Script struct {
	name   string
	source string
	sha    string
}

// New makes a script from its source. The name is for errors and documentation.
func New(name, source string) *Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return &Script{name: name, source: source, sha: hex.EncodeToString(sum[:])}
}

// Name returns the name given to New.
func (s *Script) Name() string { return s.name }

// Source returns the text of the script.
func (s *Script) Source() string { return s.source }

// Do runs the script once. keys must not be empty and must share a slot.
func (s *Script) Do(ctx context.Context, d Doer, keys, args []string) rueidis.RedisResult {
	r := d.Do(ctx, s.evalsha(d, keys, args))
	if isNoScript(r.Error()) {
		r = d.Do(ctx, s.eval(d, keys, args))
	}
	return r
}

// Call is one run of a script in a pipeline.
type Call struct {
	Script *Script
	Keys   []string
	Args   []string
}

// Build returns the call as a command that names the script by its hash, for a pipeline with other commands. A reply
// for which Missing reports true must be repeated with Do.
func (c Call) Build(d Doer) rueidis.Completed { return c.Script.evalsha(d, c.Keys, c.Args) }

// Missing reports whether the reply says that the server does not know the script yet.
func Missing(r rueidis.RedisResult) bool { return isNoScript(r.Error()) }

// DoMulti runs the calls in one pipeline; those whose script the server did not know are sent again by their text, after
// all others. So the calls must not depend on their order.
func DoMulti(ctx context.Context, d Doer, calls ...Call) []rueidis.RedisResult {
	if len(calls) == 0 {
		return nil
	}
	cmds := make([]rueidis.Completed, len(calls))
	for i, c := range calls {
		cmds[i] = c.Build(d)
	}
	results := d.DoMulti(ctx, cmds...)
	var again []rueidis.Completed
	var at []int
	for i, r := range results {
		if Missing(r) {
			again = append(again, calls[i].Script.eval(d, calls[i].Keys, calls[i].Args))
			at = append(at, i)
		}
	}
	if len(again) > 0 {
		for i, r := range d.DoMulti(ctx, again...) {
			results[at[i]] = r
		}
	}
	return results
}

func (s *Script) evalsha(d Doer, keys, args []string) rueidis.Completed {
	return d.B().Arbitrary("EVALSHA", s.sha, strconv.Itoa(len(keys))).Keys(keys...).Args(args...).Build()
}

func (s *Script) eval(d Doer, keys, args []string) rueidis.Completed {
	return d.B().Arbitrary("EVAL", s.source, strconv.Itoa(len(keys))).Keys(keys...).Args(args...).Build()
}

func isNoScript(err error) bool {
	e, ok := rueidis.IsRedisErr(err)
	return ok && e.IsNoScript()
}
