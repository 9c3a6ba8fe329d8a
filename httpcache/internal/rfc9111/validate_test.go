package rfc9111_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

func TestAValidationAsksByWhatIsStored(t *testing.T) {
	t.Parallel()
	client := []string{"If-Match", `"x"`, "If-None-Match", `"x"`, "If-Modified-Since", at(0), "If-Unmodified-Since", at(0), "If-Range", `"x"`, "Range", "bytes=0-1", "X-A", "1"}
	for _, c := range []struct {
		name   string
		stored []http.Header
		want   http.Header
		ok     bool
	}{
		{"a tag and a date (4.3.1)", []http.Header{header("Etag", `"a"`, "Last-Modified", at(-time.Hour))}, header("X-A", "1", "If-None-Match", `"a"`, "If-Modified-Since", at(-time.Hour)), true},
		{"a weak tag", []http.Header{header("Etag", `W/"a"`)}, header("X-A", "1", "If-None-Match", `W/"a"`), true},
		{"the tags of all, the date of none", []http.Header{header("Etag", `"a"`, "Last-Modified", at(0)), header("Etag", `"b"`), header()}, header("X-A", "1", "If-None-Match", `"a", "b"`), true},
		{"a tag that is none", []http.Header{header("Etag", `a`)}, header("X-A", "1"), false},
		{"nothing to ask by", []http.Header{header()}, header("X-A", "1"), false},
	} {
		h := header(client...)
		if ok := rfc9111.Validation(h, c.stored...); ok != c.ok {
			t.Errorf("%s: %t", c.name, ok)
		}
		if diff := cmp.Diff(c.want, h); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestA304SpeaksOfTheResponsesThatSection434Says(t *testing.T) {
	t.Parallel()
	lm, other := at(-time.Hour), at(-2*time.Hour)
	for _, c := range []struct {
		name           string
		stored, answer http.Header
		alone, want    bool
	}{
		{"the same strong tag", header("Etag", `"a"`), header("Etag", `"a"`), false, true},
		{"another strong tag", header("Etag", `"a"`), header("Etag", `"b"`), true, false},
		{"a strong tag and a weak one", header("Etag", `W/"a"`), header("Etag", `"a"`), true, false},
		{"a strong tag and none", header("Last-Modified", lm), header("Etag", `"a"`, "Last-Modified", lm), true, false},
		{"the same weak tag", header("Etag", `W/"a"`), header("Etag", `W/"a"`), false, true},
		{"a weak tag and its strong form", header("Etag", `"a"`), header("Etag", `W/"a"`), false, true},
		{"another weak tag", header("Etag", `W/"a"`), header("Etag", `W/"b"`), true, false},
		{"the same date", header("Last-Modified", lm), header("Last-Modified", lm), false, true},
		{"another date", header("Last-Modified", lm), header("Last-Modified", other), true, false},
		{"no validator, asked of one", header("Etag", `"a"`), header(), true, true},
		{"no validator, asked of several", header("Etag", `"a"`), header(), false, false},
	} {
		if got := rfc9111.Confirms(c.stored, c.answer, c.alone); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestHeadUpdatesWhatSection435Says(t *testing.T) {
	t.Parallel()
	stored := header("Etag", `"a"`, "Last-Modified", at(-time.Hour))
	for _, c := range []struct {
		name string
		head http.Header
		want bool
	}{
		{"nothing to compare", header(), true},
		{"all the same", header("Etag", `"a"`, "Last-Modified", at(-time.Hour), "Content-Length", "3"), true},
		{"another tag", header("Etag", `"b"`), false},
		{"a weak tag", header("Etag", `W/"a"`), false},
		{"another date", header("Last-Modified", at(0)), false},
		{"another length", header("Content-Length", "4"), false},
		{"no length", header("Content-Length", "x"), false},
	} {
		if got := rfc9111.HeadMatches(stored, c.head, 3); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	if rfc9111.HeadMatches(header(), header("Etag", `"a"`), 3) {
		t.Error("a tag where none is stored matches")
	}
}

func TestAClientThatHoldsItIsToldSoAsSection432Says(t *testing.T) {
	t.Parallel()
	lm := at(-time.Hour)
	both := header("Etag", `"a"`, "Last-Modified", lm, "Date", at(0))
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		stored http.Header
		want   bool
	}{
		{"no condition", get(t, "GET"), 200, both, false},
		{"its tag", get(t, "GET", "If-None-Match", `"a"`), 200, both, true},
		{"its tag, weakly (9110 13.1.2)", get(t, "GET", "If-None-Match", `W/"a"`), 200, both, true},
		{"among others", get(t, "GET", "If-None-Match", `"x,y" , W/"b\",, "a"`), 200, both, true},
		{"on another line", get(t, "GET", "If-None-Match", `"b"`, "If-None-Match", `"a"`), 200, both, true},
		{"any", get(t, "GET", "If-None-Match", `*`), 200, header(), true},
		{"another", get(t, "GET", "If-None-Match", `"b"`), 200, both, false},
		{"its tag without quotes", get(t, "GET", "If-None-Match", `a`), 200, both, false},
		{"none stored", get(t, "GET", "If-None-Match", `"a"`), 200, header("Last-Modified", lm), false},
		{"a tag that is none is not told from none", get(t, "GET", "If-None-Match", `""`), 200, header(), false},
		{"the tag decides, not the date (9110 13.1.3)", get(t, "GET", "If-None-Match", `"b"`, "If-Modified-Since", at(0)), 200, both, false},
		{"HEAD", get(t, "HEAD", "If-None-Match", `"a"`), 200, both, true},
		{"another method", get(t, "POST", "If-None-Match", `"a"`), 200, both, false},
		{"a status for which conditions do not count (9110 13.2.1)", get(t, "GET", "If-None-Match", `"a"`), 404, both, false},
		{"its date", get(t, "GET", "If-Modified-Since", lm), 200, both, true},
		{"a later date", get(t, "GET", "If-Modified-Since", at(0)), 200, both, true},
		{"an earlier date", get(t, "GET", "If-Modified-Since", at(-2*time.Hour)), 200, both, false},
		{"no date", get(t, "GET", "If-Modified-Since", "x"), 200, both, false},
		{"two dates", get(t, "GET", "If-Modified-Since", lm, "If-Modified-Since", lm), 200, both, false},
		{"Date where it does not say when it was modified", get(t, "GET", "If-Modified-Since", at(0)), 200, header("Date", at(0)), true},
		{"Date, later", get(t, "GET", "If-Modified-Since", at(-time.Second)), 200, header("Date", at(0)), false},
		{"when it was received, where there is no Date", get(t, "GET", "If-Modified-Since", at(0)), 200, header(), true},
	} {
		if got := rfc9111.NotModified(c.r, c.status, c.stored, now.Add(time.Millisecond)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// TestConditionsAreAnsweredAsServeContentAnswersThem compares with the standard library where both have a Last-Modified.
func TestConditionsAreAnsweredAsServeContentAnswersThem(t *testing.T) {
	t.Parallel()
	body := []byte("0123456789")
	modified := now.Add(-time.Hour)
	for _, tag := range []string{"", `"a"`, `W/"a"`, `"b,c"`} {
		stored := header("Content-Type", "text/plain", "Content-Length", "10", "Last-Modified", modified.Format(http.TimeFormat), "X-A", "1", "Cache-Control", "max-age=5", "Content-Encoding", "gzip")
		if tag != "" {
			stored.Set("Etag", tag)
		}
		for _, fields := range [][]string{
			{}, {"If-None-Match", `"a"`}, {"If-None-Match", `W/"a"`}, {"If-None-Match", `"x", W/"a"`}, {"If-None-Match", `*`}, {"If-None-Match", `"b,c"`},
			{"If-None-Match", `a`}, {"If-None-Match", `"x`}, {"If-None-Match", `"x" "a"`}, {"If-None-Match", `"a`, "If-Modified-Since", at(0)},
			{"If-Modified-Since", at(0)}, {"If-Modified-Since", at(-time.Hour)}, {"If-Modified-Since", at(-2 * time.Hour)}, {"If-Modified-Since", "x"},
			{"If-Modified-Since", modified.Format("Monday, 02-Jan-06 15:04:05 GMT")}, {"If-Modified-Since", modified.Format(time.ANSIC)},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				r := get(t, method, fields...)
				std := httptest.NewRecorder()
				fill(std.Header(), stored)
				http.ServeContent(std, r, "", modified, bytes.NewReader(body))
				ours := httptest.NewRecorder()
				fill(ours.Header(), stored)
				if rfc9111.NotModified(r, 200, stored, now) {
					rfc9111.NotModifiedHeader(ours.Header())
					ours.WriteHeader(http.StatusNotModified)
				} else {
					ours.WriteHeader(http.StatusOK)
					std.Header().Del("Accept-Ranges") // ServeContent offers them with the whole
				}
				if std.Code != ours.Code {
					t.Errorf("%s %q with %q: status %d, http.ServeContent says %d", method, fields, tag, ours.Code, std.Code)
				}
				if diff := cmp.Diff(std.Header(), ours.Header()); diff != "" {
					t.Errorf("%s %q with %q:\n%s", method, fields, tag, diff)
				}
			}
		}
	}
}

func fill(dst, src http.Header) {
	for name, lines := range src {
		dst[name] = lines
	}
}
