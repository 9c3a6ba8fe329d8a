package rfc9111_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

var digits = []byte("0123456789")

// strongly is the header of a stored response with a date that is a strong validator.
func strongly(fields ...string) http.Header {
	return header(append([]string{"Content-Type", "text/plain", "Content-Length", "10", "Date", at(0), "Last-Modified", at(-time.Hour), "Cache-Control", "max-age=5", "X-A", "1"}, fields...)...)
}

// whole answers as a cache does that holds the whole body.
func whole(r *http.Request, stored http.Header, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	fill(w.Header(), stored)
	if !rfc9111.ServeRange(w, r, stored, body) {
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(body) // a recorder takes all
	}
	return w
}

// parts takes a multipart answer apart, since its boundary is drawn by lot.
func parts(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || kind != "multipart/byteranges" {
		return nil
	}
	if want := fmt.Sprint(w.Body.Len()); w.Header().Get("Content-Length") != want {
		t.Errorf("Content-Length is %s of %s bytes", w.Header().Get("Content-Length"), want)
	}
	w.Header().Set("Content-Type", kind)
	var out []string
	for r := multipart.NewReader(w.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if err != nil {
			return out
		}
		data, _ := io.ReadAll(p)
		out = append(out, fmt.Sprint(p.Header, " ", string(data)))
	}
}

func TestRangesAreAnsweredAsServeContentAnswersThem(t *testing.T) {
	t.Parallel()
	for _, body := range [][]byte{digits, {}, []byte("x")} {
		for _, spec := range []string{
			"bytes=0-0", "bytes=2-5", "bytes=5-", "bytes=-3", "bytes=-100", "bytes=0-100", "bytes=9-9", "bytes=10-", "bytes=100-200", "bytes=-0",
			"bytes=0-1,4-5", "bytes= 0-1 , 8- ", "bytes=0-1,100-", "bytes=0-9,0-9", "bytes=0-8,1-9", "bytes=,0-1,", "bytes=",
			"bytes=5-2", "bytes=a-b", "bytes=-", "bytes=1", "bytes=0-1,x", "bytes=--1", "bytes=99999999999999999999-", "bytes=0-99999999999999999999",
		} {
			for _, tag := range []string{"", `"a"`, `W/"a"`} {
				for _, ir := range []string{"", `"a"`, `"b"`, `W/"a"`, at(-time.Hour), at(0), "x"} {
					r := get(t, "GET", "Range", spec)
					if ir != "" {
						r.Header.Set("If-Range", ir)
					}
					stored := strongly("Content-Length", fmt.Sprint(len(body)), "Content-Encoding", "x")
					stored.Set("Content-Length", fmt.Sprint(len(body)))
					if tag != "" {
						stored.Set("Etag", tag)
					}
					std := httptest.NewRecorder()
					fill(std.Header(), stored)
					http.ServeContent(std, r, "", now.Add(-time.Hour), bytes.NewReader(body))
					ours := whole(r, stored, body)
					name := fmt.Sprintf("%q, If-Range %q, tag %q, %d bytes", spec, ir, tag, len(body))
					if std.Code == 200 { // what is not answered by parts is the caller's: it offers no ranges
						std.Header().Del("Accept-Ranges")
						ours.Header().Del("Accept-Ranges")
					}
					if std.Code == http.StatusRequestedRangeNotSatisfiable && std.Body.String() != ours.Body.String() {
						t.Errorf("%s: %q, http.ServeContent says %q", name, ours.Body, std.Body)
					}
					if diff := cmp.Diff(parts(t, std), parts(t, ours)); diff != "" {
						t.Errorf("%s:\n%s", name, diff)
					}
					if std.Code != ours.Code || std.Body.String() != ours.Body.String() {
						t.Errorf("%s: %d %q, http.ServeContent says %d %q", name, ours.Code, ours.Body, std.Code, std.Body)
					}
					h := std.Header()
					if h.Get("Content-Type") == "multipart/byteranges" { // boundaries are of one length
						h.Set("Content-Length", ours.Header().Get("Content-Length"))
					}
					if diff := cmp.Diff(h, ours.Header()); diff != "" {
						t.Errorf("%s:\n%s", name, diff)
					}
				}
			}
		}
	}
}

func TestRangesThatAreNotForUsAreIgnored(t *testing.T) {
	t.Parallel()
	weakDate := strongly()
	weakDate.Set("Last-Modified", at(0))
	for _, c := range []struct {
		name   string
		r      *http.Request
		stored http.Header
		want   bool
	}{
		{"one that is", get(t, "GET", "Range", "bytes=0-1"), strongly(), true},
		{"its unit in another case (9110 14.1)", get(t, "GET", "Range", "Bytes=0-1"), strongly(), true},
		{"none", get(t, "GET"), strongly(), false},
		{"HEAD (9110 14.2)", get(t, "HEAD", "Range", "bytes=0-1"), strongly(), false},
		{"another unit (9110 14.2)", get(t, "GET", "Range", "lines=0-1"), strongly(), false},
		{"two fields", get(t, "GET", "Range", "bytes=0-1", "Range", "bytes=3-4"), strongly(), false},
		{"64 ranges", get(t, "GET", "Range", "bytes=0-0"+strings.Repeat(",", 63)), strongly(), true},
		{"more than 64 ranges (9110 14.2)", get(t, "GET", "Range", "bytes=0-0"+strings.Repeat(",", 64)), strongly(), false},
		{"If-Range by a date that is a strong validator", get(t, "GET", "Range", "bytes=0-1", "If-Range", at(-time.Hour)), strongly(), true},
		{"If-Range by one that is not (9110 13.1.5)", get(t, "GET", "Range", "bytes=0-1", "If-Range", at(0)), weakDate, false},
		{"two If-Range", get(t, "GET", "Range", "bytes=0-1", "If-Range", `"a"`, "If-Range", `"a"`), strongly("Etag", `"a"`), false},
	} {
		if got := rfc9111.ServeRange(httptest.NewRecorder(), c.r, c.stored, digits); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	w := whole(get(t, "GET", "Range", "bytes=0-1"), header(), []byte("<html>"))
	if kind := w.Header().Get("Content-Type"); kind != "" {
		t.Errorf("a Content-Type was made up: %q", kind)
	}
}

// part is a partial response as an origin sends it.
func part(t *testing.T, from, to int, fields ...string) rfc9111.Parts {
	t.Helper()
	h := strongly(append([]string{"Etag", `"a"`, "Content-Range", fmt.Sprintf("bytes %d-%d/10", from, to-1)}, fields...)...)
	p, ok, why := rfc9111.Policy{}.StorePart(get(t, "GET", "Range", "x"), h, digits[from:to:to])
	if !ok {
		t.Fatalf("%d to %d is not stored: %s", from, to, why)
	}
	return p
}

func TestPartsAreStoredWhereTheyCanBeJoined(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		h    http.Header
		want string
	}{
		{"with a strong tag", header("Content-Range", "bytes 2-4/10", "Etag", `"a"`), ""},
		{"with a strong date", strongly("Content-Range", "Bytes 2-4/10"), ""},
		{"with a weak tag (3.4)", header("Content-Range", "bytes 2-4/10", "Etag", `W/"a"`), "partial"},
		{"with no validator", header("Content-Range", "bytes 2-4/10"), "partial"},
		{"of nobody knows how much", header("Content-Range", "bytes 2-4/*", "Etag", `"a"`), "partial"},
		{"of another length than it says (3.3)", header("Content-Range", "bytes 2-5/10", "Etag", `"a"`), "partial"},
		{"behind the end", header("Content-Range", "bytes 8-10/10", "Etag", `"a"`), "partial"},
		{"backwards", header("Content-Range", "bytes 4-2/10", "Etag", `"a"`), "partial"},
		{"in another unit", header("Content-Range", "lines 2-4/10", "Etag", `"a"`), "partial"},
		{"several at once", header("Content-Type", "multipart/byteranges; boundary=x", "Etag", `"a"`), "partial"},
		{"that must not be stored", header("Content-Range", "bytes 2-4/10", "Etag", `"a"`, "Cache-Control", "no-store"), "no-store"},
	} {
		_, ok, why := rfc9111.Policy{}.StorePart(get(t, "GET", "Range", "bytes=2-4"), c.h, digits[2:5])
		if why != c.want || ok != (why == "") {
			t.Errorf("%s: %t %q, want %q", c.name, ok, why, c.want)
		}
	}
}

func TestPartsJoinWhereTheyTouch(t *testing.T) {
	t.Parallel()
	join := func(a rfc9111.Parts, more ...rfc9111.Parts) rfc9111.Parts {
		for _, b := range more {
			var ok bool
			if a, ok = a.Join(b); !ok {
				t.Fatal("not joined")
			}
		}
		return a
	}
	one, apart := part(t, 0, 3), join(part(t, 7, 9), part(t, 0, 3))
	if len(apart.List) != 2 {
		t.Errorf("parts that do not touch: %v", apart)
	}
	if all, ok := join(apart, part(t, 2, 8), part(t, 9, 10), part(t, 4, 5)).Whole(); !ok || !bytes.Equal(all, digits) {
		t.Errorf("the whole is %q %t", all, ok)
	}
	if _, ok := join(part(t, 0, 9), part(t, 3, 4)).Whole(); ok {
		t.Error("what lacks a byte is whole")
	}
	if len(one.List[0].Data) != 3 || string(one.List[0].Data) != "012" {
		t.Errorf("a part that was joined is another now: %v", one)
	}
	if _, ok := one.Join(rfc9111.Parts{Size: 11}); ok {
		t.Error("parts of two sizes were joined")
	}
	if b, ok := (rfc9111.Parts{}).Whole(); !ok || len(b) != 0 {
		t.Error("of nothing something is missing")
	}
	h := strongly("Content-Range", "bytes 0-2/10", "Content-Length", "3")
	one.WholeHeader(h)
	if h.Get("Content-Range") != "" || len(h["Content-Length"]) != 1 || h.Get("Content-Length") != "10" {
		t.Errorf("the header of the whole: %v", h)
	}
}

func TestPartsAnswerWhatTheyHoldAsTheWholeWould(t *testing.T) {
	t.Parallel()
	held, ok := part(t, 1, 4).Join(part(t, 6, 10))
	if !ok {
		t.Fatal("not joined")
	}
	stored := strongly("Etag", `"a"`, "Content-Range", "bytes 1-3/10")
	for spec, want := range map[string]bool{
		"bytes=1-3": true, "bytes=6-": true, "bytes=-4": true, "bytes=2-2,7-8": true, "bytes=1-1, 3-3, 9-9": true,
		"bytes=0-3": false, "bytes=3-6": false, "bytes=-5": false, "bytes=1-2,5-6": false, "bytes=1-": false, "bytes=4-4": false,
		"bytes=10-": false, "bytes=x": false, "bytes=x-3": false, "bytes=1-x": false, "bytes=1-3,100-": true, "bytes=3-1": false, "bytes=6-9,6-9,6-9": false, "bytes=": false,
	} {
		r := get(t, "GET", "Range", spec)
		ours := httptest.NewRecorder()
		fill(ours.Header(), stored)
		if got := held.Serve(ours, r, stored); got != want {
			t.Errorf("%q: %t", spec, got)
		}
		if !want {
			if ours.Header().Get("Content-Range") == "" {
				t.Errorf("%q: the header was touched", spec)
			}
			continue
		}
		std := whole(r, strongly("Etag", `"a"`), digits)
		if diff := cmp.Diff(parts(t, std), parts(t, ours)); diff != "" {
			t.Errorf("%q:\n%s", spec, diff)
		}
		if diff := cmp.Diff(std.Header(), ours.Header()); diff != "" || std.Code != ours.Code || std.Body.String() != ours.Body.String() {
			t.Errorf("%q: %d %q, the whole answers %d %q\n%s", spec, ours.Code, ours.Body, std.Code, std.Body, diff)
		}
	}
}

func TestOneRepresentationHasOneStrongValidator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b http.Header
		want bool
	}{
		{"the same tag", header("Etag", `"a"`), header("Etag", `"a"`), true},
		{"another tag", strongly("Etag", `"a"`), strongly("Etag", `"b"`), false},
		{"a weak tag", strongly("Etag", `W/"a"`), strongly("Etag", `W/"a"`), false},
		{"a tag and none", strongly("Etag", `"a"`), strongly(), false},
		{"the same date", strongly(), strongly(), true},
		{"the same date in two encodings", strongly(), strongly("Content-Encoding", "gzip"), false},
		{"a date that is weak (9110 8.8.2.2)", header("Last-Modified", at(0), "Date", at(0)), header("Last-Modified", at(0), "Date", at(0)), false},
		{"a date a second before (9110 8.8.2.2)", header("Last-Modified", at(0), "Date", at(time.Second)), header("Last-Modified", at(0), "Date", at(time.Second)), true},
		{"nothing", header(), header(), false},
	} {
		if got := rfc9111.SameRepresentation(c.a, c.b); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
