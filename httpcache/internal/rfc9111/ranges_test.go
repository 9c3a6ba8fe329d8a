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
