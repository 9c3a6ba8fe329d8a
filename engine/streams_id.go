package engine

import (
	"bytes"
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// streamID names an entry of a stream: milliseconds since 1970 and a number among those of the same millisecond.
type streamID struct{ ms, seq uint64 }

var lastID = streamID{math.MaxUint64, math.MaxUint64}

func (id streamID) compare(o streamID) int {
	if c := cmp.Compare(id.ms, o.ms); c != 0 {
		return c
	}
	return cmp.Compare(id.seq, o.seq)
}

func (id streamID) less(o streamID) bool { return id.compare(o) < 0 }

func (id streamID) zero() bool { return id == streamID{} }

// next returns the id behind id; ok is false if there is none, and the first is returned then.
func (id streamID) next() (streamID, bool) {
	switch {
	case id.seq < math.MaxUint64:
		return streamID{id.ms, id.seq + 1}, true
	case id.ms < math.MaxUint64:
		return streamID{id.ms + 1, 0}, true
	}
	return streamID{}, false
}

// before returns the id in front of id; ok is false if there is none, and the last is returned then.
func (id streamID) before() (streamID, bool) {
	switch {
	case id.seq > 0:
		return streamID{id.ms, id.seq - 1}, true
	case id.ms > 0:
		return streamID{id.ms - 1, math.MaxUint64}, true
	}
	return lastID, false
}

func (id streamID) appendTo(b []byte, separator byte) []byte {
	b = strconv.AppendUint(b, id.ms, 10)
	b = append(b, separator)
	return strconv.AppendUint(b, id.seq, 10)
}

func (id streamID) bytes() []byte { return id.appendTo(nil, '-') }

func writeID(w *resp.Writer, id streamID) {
	var text [41]byte
	w.Bulk(id.appendTo(text[:0], '-'))
}

const errStreamID = "ERR Invalid stream ID specified as stream command argument"

// longestID is how long the text of an id may be.
const longestID = 127

// idForm says what may stand for an id.
type idForm struct {
	missing uint64 // the number taken if there are milliseconds alone
	ends    bool   // - and + are the first and the last there are
	auto    bool   // the number may be *
}

// parse reads an id. seqGiven is false if its number is to be chosen.
func (f idForm) parse(b []byte) (id streamID, seqGiven, ok bool) {
	if len(b) > longestID {
		return id, true, false
	}
	b = cText(b)
	if len(b) == 1 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '+' {
			id = lastID
		}
		return id, true, f.ends
	}
	ms, seq, both := bytes.Cut(b, []byte("-"))
	if id.ms, ok = parseUint(ms); !ok {
		return id, true, false
	}
	switch {
	case !both:
		id.seq = f.missing
	case f.auto && string(seq) == "*":
		return id, false, true
	default:
		id.seq, ok = parseUint(seq)
	}
	return id, true, ok
}

// cText is what C sees of a text: all before the first zero byte.
func cText(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// parseUint reads a number as Redis does: what C's strtoul takes is one, with space before it and a sign.
func parseUint(b []byte) (uint64, bool) {
	if n, ok := num.Int(b); ok {
		return uint64(n), n >= 0
	}
	s := strings.TrimLeft(string(b), " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil
}

// idArg reads a whole id, or answers an error.
func (c *call) idArg(b []byte) (streamID, bool) {
	id, _, ok := idForm{}.parse(b)
	if !ok {
		c.fail(errStreamID)
	}
	return id, ok
}

// idArgs reads ids, or answers an error.
func (c *call) idArgs(args [][]byte) ([]streamID, bool) {
	ids := make([]streamID, len(args))
	for i, b := range args {
		var ok bool
		if ids[i], ok = c.idArg(b); !ok {
			return nil, false
		}
	}
	return ids, true
}

// fromArg reads the first id of a range, or answers an error. An opening bracket leaves the id itself out.
func (c *call) fromArg(b []byte) (streamID, bool) {
	return c.boundArg(b, 0, streamID.next, "ERR invalid start ID for the interval")
}

// toArg reads the last id of a range.
func (c *call) toArg(b []byte) (streamID, bool) {
	return c.boundArg(b, math.MaxUint64, streamID.before, "ERR invalid end ID for the interval")
}

func (c *call) boundArg(b []byte, missing uint64, within func(streamID) (streamID, bool), none string) (streamID, bool) {
	open := len(b) > 1 && b[0] == '('
	if open {
		b = b[1:]
	}
	id, _, ok := idForm{missing: missing, ends: !open}.parse(b)
	if !ok {
		c.fail(errStreamID)
		return id, false
	}
	if open {
		if id, ok = within(id); !ok {
			c.fail(none)
		}
	}
	return id, ok
}
