package engine

import "unsafe"

// Snapshots hold values as the commands that rebuild them, so that they share one format and one reader with the log
// of effects.

// Bounds of one rebuilding command: what a reader holds at once, and for how long a snapshot works without looking up.
const (
	pieceWords = 512
	pieceBytes = 64 << 10
)

// pieces makes commands of bounded size out of the parts of a value: "RPUSH key a b c", "RPUSH key d e".
type pieces struct {
	yield func([][]byte) bool
	words [][]byte
	head  int // how many words begin every command
	bytes int
	over  bool // nobody wants more
}

// newPieces begins commands with the words of head, the key among them.
func newPieces(yield func([][]byte) bool, head ...[]byte) *pieces {
	return &pieces{yield: yield, words: append(make([][]byte, 0, 64), head...), head: len(head)}
}

// add puts words that belong together (a field and its value) into one command. They must stay as they are until the
// command was taken, by a later add or by end. False if nobody wants more.
func (p *pieces) add(words ...[]byte) bool {
	p.words = append(p.words, words...)
	for _, w := range words {
		p.bytes += len(w)
	}
	if len(p.words) >= pieceWords || p.bytes >= pieceBytes {
		p.end()
	}
	return !p.over
}

// end gives out what was added since the last full command.
func (p *pieces) end() {
	if len(p.words) > p.head && !p.over {
		p.over = !p.yield(p.words)
	}
	clear(p.words[p.head:])
	p.words, p.bytes = p.words[:p.head], 0
}

// view shows the bytes of a string without a copy. They must not be changed.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// rebuild yields the commands that make n where there is nothing, with its lifetime.
func rebuild(n *node, yield func([][]byte) bool) {
	key := view(n.Key())
	if o := n.Val.object(); o != nil {
		more := true
		o.rebuild(key, func(words [][]byte) bool {
			more = yield(words)
			return more
		})
		if more && n.Val.expire != 0 {
			yield([][]byte{bPExpireAt, key, appendInt(n.Val.expire)})
		}
		return
	}
	s := n.Val.text()
	first := s[:min(len(s), pieceBytes)]
	words := [][]byte{bSet, key, first}
	if n.Val.expire != 0 {
		words = append(words, bPXAT, appendInt(n.Val.expire))
	}
	for yield(words) && len(first) < len(s) {
		s = s[len(first):]
		first = s[:min(len(s), pieceBytes)]
		words = append(words[:0], bAppend, key, first)
	}
}
