package httpcache

import (
	"hash/maphash"
	"strings"
	"sync"
)

// guesses remember the root that was last seen of each URL, in a few bytes and without hearing of its changes: by it a request
// asks Redis for root and response at once, and takes the response only where Redis gives the same root.
type guesses struct {
	seed   maphash.Seed
	shards [guessShards]guessShard
}

const (
	guessShards = 64
	// mostGuesses of a shard: 131,072 URLs in all, in about 10 MB.
	mostGuesses = 2048
)

type guessShard struct {
	mu     sync.Mutex
	byHash map[uint64]guess
}

// guess is what a root says. Another URL may have the same hash: then the guess is wrong, as one that is too old.
type guess struct {
	generation [generationLen]byte
	names      []string
}

func newGuesses() *guesses { return &guesses{seed: maphash.MakeSeed()} }

func (s *guesses) shard(key string) (*guessShard, uint64) {
	hash := maphash.String(s.seed, key)
	return &s.shards[hash%guessShards], hash
}

// add remembers a root. Where there is no room another one goes, whichever.
func (s *guesses) add(key string, rt *root) {
	generation := rt.generation()
	if len(generation) != generationLen {
		return // not made by us
	}
	g := guess{names: rt.names}
	copy(g.generation[:], generation)
	shard, hash := s.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.byHash == nil {
		shard.byHash = make(map[uint64]guess)
	}
	if _, had := shard.byHash[hash]; !had && len(shard.byHash) >= mostGuesses {
		for other := range shard.byHash {
			delete(shard.byHash, other)
			break
		}
	}
	shard.byHash[hash] = g
}

// of gives the root that a URL is likely to have, nil where nothing is known.
func (s *guesses) of(key string) *root {
	shard, hash := s.shard(key)
	shard.mu.Lock()
	g, ok := shard.byHash[hash]
	shard.mu.Unlock()
	if !ok {
		return nil
	}
	rt, _ := parseRoot(key, rootVersion+string(g.generation[:])+" "+strings.Join(g.names, ","))
	return rt
}

// drop forgets a root that is there no more.
func (s *guesses) drop(key string) {
	shard, hash := s.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	delete(shard.byHash, hash)
}
