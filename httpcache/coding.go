package httpcache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
	"github.com/redbrick-go/redbrick/internal/store"
)

// coding is a content coding that responses are kept in beside the body as it is.
type coding int8

const (
	asItIs coding = iota - 1
	inZstd
	inGzip
	codings
)

// codingNames are wanted in this order by clients that want them alike.
var codingNames = [codings]string{"zstd", "gzip"}

// notSmaller is the form of every response that its coding does not make smaller.
var notSmaller = &entry{}

// compressors are the compressions that may be under way at once; what finds no room is sent as it is, and tried again later.
type compressors chan struct{}

func newCompressors() compressors { return make(compressors, max(runtime.GOMAXPROCS(0)/2, 1)) }

// coded reports whether bodies of a media type are kept compressed.
func (o *Options) coded(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.TrimSpace(kind)
	if slices.Contains(o.Compress, kind) {
		return true
	}
	kind = strings.ToLower(kind)
	return slices.ContainsFunc(o.Compress, func(pattern string) bool {
		ok, _ := path.Match(pattern, kind) // it was checked
		return ok
	})
}

func (c *Cache) codable(status int, h http.Header) bool {
	kind := h["Content-Type"]
	return len(kind) == 1 && c.opt.coded(kind[0]) && rfc9111.Policy{Targets: c.opt.Targets}.Codable(status, h)
}

// offered says in an entry that it is sent in codings too.
func (c *Cache) offered(e *entry) *entry {
	if len(e.body) >= c.opt.CompressFrom && c.codable(e.status, e.header) {
		e.vary = slices.Clip(rfc9111.VaryWith(e.header["Vary"], "Accept-Encoding")) // all who are sent it share it
	}
	return e
}

// wants gives the coding that a request wants most of what the header belongs to. A range is one of the body as it is.
func (t *route) wants(r *http.Request) coding {
	accept := r.Header["Accept-Encoding"]
	if !t.codes || len(accept) == 0 || len(r.Header["Range"]) > 0 || rfc9111.NoTransform(r.Header) {
		return asItIs
	}
	switch rfc9111.Encoding(accept, codingNames[:]...) {
	case codingNames[inZstd]:
		return inZstd
	case codingNames[inGzip]:
		return inGzip
	}
	return asItIs
}

// formKey is where a form of the response at the key lies: in its slot, ended with it by the same generation.
func (n coding) formKey(key string) string { return key + ":" + codingNames[n] }

// in is the entry in a coding.
func (e *entry) in(n coding, body []byte) *entry {
	if len(body) == 0 {
		return notSmaller
	}
	f := &entry{
		status: e.status, header: maps.Clone(e.header), body: body, fresh: e.fresh, open: e.open, received: e.received,
		life: e.life, at: e.at, vary: e.vary,
	}
	f.header["Content-Encoding"] = []string{codingNames[n]}
	tag := rfc9111.CodedTag(e.header, codingNames[n])
	if tag == "" {
		// Without one, who holds a part of this form would ask for the rest by Last-Modified, which is that of the body as it is
		// too, and get the rest of that (RFC 9110, section 13.1.5).
		sum := sha256.Sum256(e.body)
		tag = `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + "~" + codingNames[n] + `"`
	}
	f.header["Etag"] = []string{tag}
	delete(f.header, "Accept-Ranges") // ranges are of the body as it is
	return f.seal()
}

// keep makes the forms of another entry with the same body those of this one.
func (e *entry) keep(old *entry) {
	for n := range codings {
		switch f := old.forms[n].Load(); {
		case f == notSmaller:
			e.forms[n].Store(f)
		case f != nil:
			e.forms[n].Store(e.in(n, f.body))
		}
	}
}

// form is what is sent of an entry: itself, or its form in a coding. One that is not there is made aside.
func (t *route) form(e *entry, n coding) *entry {
	if n == asItIs || e.vary == nil {
		return e
	}
	switch f := e.forms[n].Load(); f {
	case notSmaller:
	case nil:
		t.c.compressAside(e, n)
	default:
		return f
	}
	return e
}

// formCodec names the form of what lies at a formKey, in the frame. Its body is the digest of the body as it is, so that a
// form belongs to no other whatever happens to either key, and the coded body; none where that is not smaller.
const formCodec = "http1-coded"

func encodeForm(body, small []byte) []byte {
	sum := sha256.Sum256(body)
	return append(store.Frame{Codec: formCodec, Body: sum[:]}.Append(make([]byte, 0, len(small)+64)), small...)
}

// decodeForm reads what encodeForm wrote for the body. The result points into b.
func decodeForm(b, body []byte) (small []byte, ok bool) {
	frame, err := store.Parse(b)
	if err != nil || frame.Codec != formCodec || frame.Compressed || frame.Encrypted || len(frame.Body) < sha256.Size {
		return nil, false
	}
	sum := sha256.Sum256(body)
	return frame.Body[sha256.Size:], bytes.Equal(sum[:], frame.Body[:sha256.Size])
}

// compressAside makes a form in the background, once in this process and, by a lease, once in the fleet.
func (c *Cache) compressAside(e *entry, n coding) {
	if e.key == "" {
		return
	}
	key := n.formKey(e.key)
	if c.passing.has(c.common.Clock, key) {
		return
	}
	fl, first := c.flights.join(key)
	if !first {
		return
	}
	select {
	case c.compressors <- struct{}{}:
	default:
		c.flights.land(key, fl, nil, false)
		return
	}
	end := func() {
		<-c.compressors
		c.flights.land(key, fl, nil, false)
	}
	if !c.work.Go(func() {
		defer end()
		ctx, cancel := context.WithTimeout(c.work.Life(), c.opt.LoadTimeout)
		defer cancel()
		small, ok := c.makeForm(ctx, e, n)
		if !ok {
			c.passing.add(c.common.Clock, key)
			return
		}
		c.attach(e, n, small)
	}) {
		end()
	}
}

// makeForm gets the form from Redis or makes it. ok is false where Redis is away, or another process is at it.
func (c *Cache) makeForm(ctx context.Context, e *entry, n coding) (small []byte, ok bool) {
	key := n.formKey(e.key)
	life := e.life - (c.common.Clock.Exact() - e.at)
	if life < leaseMargin {
		return nil, false
	}
	ask := store.Ask{V: key, Token: store.NewToken(), Mode: store.Miss}
	g := c.store.Acquire(ctx, c.rb.Hot(), c.opt.LoadTimeout+leaseMargin, ask)[0]
	if g.Value != nil {
		if small, ok = decodeForm(g.Value, e.body); ok {
			return small, true
		}
		ask.Mode = store.Replace // it is that of a body before
		g = c.store.Acquire(ctx, c.rb.Hot(), c.opt.LoadTimeout+leaseMargin, ask)[0]
	}
	if !g.Granted {
		c.leftBehind(g.Err, key, ask.Token)
		return nil, false
	}
	small = compress(n, e.body)
	c.stats.compressed.Add(1) // before anybody can find it
	_, errs := c.store.Fill(ctx, &c.rb.Lane, store.Entry{V: key, Token: ask.Token, Value: encodeForm(e.body, small), TTL: life})
	c.leftBehind(errs[0], key, ask.Token)
	return small, true
}

// attach gives the form to the entry, and to the one in the process that has the same body.
func (c *Cache) attach(e *entry, n coding, small []byte) {
	e.forms[n].Store(e.in(n, small))
	if c.bodies == nil {
		return
	}
	c.bodies.Grow(e.key, func(kept *entry) int {
		if kept != e {
			if kept.vary == nil || !bytes.Equal(kept.body, e.body) {
				return 0
			}
			kept.forms[n].Store(kept.in(n, small))
		}
		return kept.size()
	})
}

// gzips are writers at rest.
var gzips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// zstdWindow is what every client of the coding can hold (RFC 9659).
const zstdWindow = 8 << 20

var zstds = sync.OnceValue(func() *zstd.Encoder {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithWindowSize(zstdWindow))
	if err != nil {
		panic(err) // no option of ours can be wrong
	}
	return encoder
})

// compress gives the body in a coding; nothing where that is not smaller.
func compress(n coding, body []byte) []byte {
	var small []byte
	if n == inZstd {
		small = zstds().EncodeAll(body, nil)
	} else {
		var b bytes.Buffer
		w, _ := gzips.Get().(*gzip.Writer)
		w.Reset(&b)
		_, _ = w.Write(body) // a buffer takes everything
		_ = w.Close()
		gzips.Put(w)
		small = b.Bytes()
	}
	if len(small) >= len(body) {
		return nil
	}
	return bytes.Clone(small) // what it was made in has room for the whole body
}

// uncoded shows the origin its own entity tags in If-Match, where a client names one that a coding has changed.
func (c *Cache) uncoded(r *http.Request) *http.Request {
	lines := r.Header["If-Match"]
	if len(lines) == 0 || len(c.opt.Compress) == 0 {
		return r
	}
	lines = rfc9111.UncodedTags(lines, codingNames[:]...)
	if lines == nil {
		return r
	}
	r = r.WithContext(r.Context())
	r.Header = maps.Clone(r.Header)
	r.Header["If-Match"] = lines
	return r
}
