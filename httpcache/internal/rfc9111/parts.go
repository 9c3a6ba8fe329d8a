package rfc9111

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// Part is a run of the bytes of a representation.
type Part struct {
	From int64
	Data []byte
}

// Parts is what is known of a representation of Size bytes from partial responses (sections 3.3, 3.4). List is in order, and
// its parts neither overlap nor touch.
type Parts struct {
	Size int64
	List []Part
}

// StorePart decides whether a partial response (206) may be stored, and gives what it brings. It needs a strong validator,
// without which it joins nothing, and a single part. ok is false where the body is not as long as Content-Range says.
func (p Policy) StorePart(r *http.Request, resp http.Header, body []byte) (parts Parts, ok bool, why string) {
	if why := p.refuse(r, http.StatusPartialContent, resp); why != "" {
		return Parts{}, false, why
	}
	where, size, ok := contentRange(resp)
	if !ok || where.to-where.from != int64(len(body)) || !SameRepresentation(resp, resp) {
		return Parts{}, false, "partial"
	}
	return Parts{Size: size, List: []Part{{where.from, body}}}, true, ""
}

// Join adds the parts of another response that is known to be of the same representation. ok is false where they cannot be:
// the sizes differ. Bytes are copied only where parts become one.
func (p Parts) Join(q Parts) (Parts, bool) {
	if p.Size != q.Size {
		return p, false
	}
	all := append(slices.Clone(p.List), q.List...)
	slices.SortStableFunc(all, func(a, b Part) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	out := Parts{Size: p.Size}
	for _, next := range all {
		if n := len(out.List); n > 0 {
			last := &out.List[n-1]
			if end := last.end(); next.From <= end {
				if next.end() > end {
					last.Data = append(slices.Clip(last.Data), next.Data[end-next.From:]...)
				}
				continue
			}
		}
		out.List = append(out.List, next)
	}
	return out, true
}

func (p Part) end() int64 { return p.From + int64(len(p.Data)) }

// Whole gives the body if nothing of it is missing.
func (p Parts) Whole() ([]byte, bool) {
	if p.Size == 0 {
		return nil, true
	}
	if len(p.List) == 1 && p.List[0].From == 0 && p.List[0].end() == p.Size {
		return p.List[0].Data, true
	}
	return nil, false
}

// WholeHeader makes the header of a partial response that of the whole, of status 200.
func (p Parts) WholeHeader(h http.Header) {
	delete(h, "Content-Range")
	h["Content-Length"] = []string{strconv.FormatInt(p.Size, 10)}
}

// Serve answers a request for ranges if all of them lie in the parts, and reports whether it did; if not, the origin is to be
// asked. The answer's header must hold the stored fields already, as for ServeRange.
func (p Parts) Serve(w http.ResponseWriter, r *http.Request, stored http.Header) (served bool) {
	spec, ok := wantedRange(r, stored)
	if !ok {
		return false
	}
	list, ok := spans(spec, p.Size)
	sum := int64(0)
	for _, s := range list {
		if !p.holds(s) {
			return false
		}
		sum += s.to - s.from
	}
	if !ok || sum > p.Size { // malformed, unsatisfiable, or the whole would be sent
		return false
	}
	delete(w.Header(), "Content-Range")
	serveContent(w, r, &partReader{parts: p})
	return true
}

func (p Parts) holds(s span) bool {
	return s.from == s.to || slices.ContainsFunc(p.List, func(part Part) bool { return part.From <= s.from && s.to <= part.end() })
}

// partReader reads the parts as if they were the whole; who reads where nothing is gets an error.
type partReader struct {
	parts Parts
	at    int64
}

var errHole = errors.New("rfc9111: bytes that are not stored")

func (r *partReader) Read(b []byte) (int, error) {
	if r.at >= r.parts.Size {
		return 0, io.EOF
	}
	for _, part := range r.parts.List {
		if part.From <= r.at && r.at < part.end() {
			n := copy(b, part.Data[r.at-part.From:])
			r.at += int64(n)
			return n, nil
		}
	}
	return 0, errHole
}

func (r *partReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		r.at = offset
	case io.SeekCurrent:
		r.at += offset
	case io.SeekEnd:
		r.at = r.parts.Size + offset
	}
	return r.at, nil
}
