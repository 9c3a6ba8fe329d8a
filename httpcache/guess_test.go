package httpcache

import (
	"fmt"
	"slices"
	"testing"
)

func TestAGuessIsTheRootThatWasSeenLast(t *testing.T) {
	t.Parallel()
	s := newGuesses()
	if s.of("k}") != nil {
		t.Error("a guess of what was never seen")
	}
	for _, names := range [][]string{nil, {"Accept", "Cookie"}} {
		rt := newRoot("k}", names)
		s.add("k}", rt)
		if got := s.of("k}"); got == nil || got.raw != rt.raw || got.plain != rt.plain || !slices.Equal(got.names, names) {
			t.Errorf("%+v came back as %+v", rt, got)
		}
	}
	foreign, _ := parseRoot("f}", rootVersion+"short ")
	if s.add("f}", foreign); s.of("f}") != nil {
		t.Error("a guess of a root that is not ours")
	}
	if s.drop("k}"); s.of("k}") != nil {
		t.Error("a guess of what has gone")
	}
}

func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	s := newGuesses()
	rt := newRoot("k}", nil)
	for i := range 2 * guessShards * mostGuesses {
		s.add(fmt.Sprint(i), rt)
	}
	n := 0
	for i := range s.shards {
		n += len(s.shards[i].byHash)
	}
	if n > guessShards*mostGuesses || n < guessShards*mostGuesses*9/10 {
		t.Errorf("%d guesses", n)
	}
}
