package httpjson_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		write  func(http.ResponseWriter)
		status int
		body   string
	}{
		{func(w http.ResponseWriter) { httpjson.Write(w, http.StatusCreated, map[string]int{"a": 1}, "Made") }, 201, `{"success":true,"data":{"a":1},"message":"Made"}`},
		{func(w http.ResponseWriter) { httpjson.WriteList(w, []int{}, 2, 10, 7, "ok") }, 200, `{"success":true,"data":[],"page":2,"limit":10,"total":7,"message":"ok"}`},
		{func(w http.ResponseWriter) { httpjson.WriteRaw(w, []byte(`{"a":1}`)) }, 200, `{"success":true,"data":{"a":1},"message":"ok"}`},
		{func(w http.ResponseWriter) { httpjson.WriteRawObject(w, []byte(`{"data":[],"page":1}`)) }, 200, `{"success":true,"message":"ok","data":[],"page":1}`},
		{func(w http.ResponseWriter) { httpjson.WriteError(w, httpjson.BadRequest("name", "empty")) }, 400, `{"success":false,"error":"name: empty","data":null,"fields":[{"field":"name","message":"empty"}]}`},
		{func(w http.ResponseWriter) {
			httpjson.WriteError(w, &httpjson.Error{Status: 503, Text: "Later", RetryAfter: 1500 * time.Millisecond})
		}, 503, `{"success":false,"error":"Later","data":null,"retryAfter":2}`},
	} {
		w := httptest.NewRecorder()
		c.write(w)
		if w.Code != c.status || strings.TrimSuffix(w.Body.String(), "\n") != c.body {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.body)
		}
		if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			t.Errorf("%s: Content-Type %q", c.body, kind)
		}
		if c.status == 503 && w.Header().Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	type body struct {
		Name  string
		Count *int
		Inner []struct{ On bool }
	}
	for _, c := range []struct {
		kind, text string
		status     int
		error      string
	}{
		{"application/json; charset=utf-8", `{"Name":"x","Count":1,"Inner":[{"On":true}]}`, 0, ""},
		{"", `{}`, 0, ""},
		{"application/merge-patch+json", ` {} `, 0, ""},
		{"text/plain", `{}`, 415, `Content-Type is "text/plain", expected application/json`},
		{"bad/;", `{}`, 415, "expected application/json"},
		{"", ``, 400, "body is empty"},
		{"", `{`, 400, "middle"},
		{"", `{]`, 400, "not JSON"},
		{"", `null {}`, 400, "after the first"},
		{"", `{"Colour":1}`, 400, "Colour: unknown field"},
		{"", `{"Name":1}`, 400, "Name: is a JSON number, expected a string"},
		{"", `{"Count":1.5}`, 400, "Count: is a JSON number 1.5, expected a whole number"},
		{"", `{"Inner":{}}`, 400, "Inner: is a JSON object, expected an array"},
		{"", `{"Inner":[{"On":"yes"}]}`, 400, "Inner.On: is a JSON string, expected true or false"},
		{"", `"text"`, 400, "body is a JSON string, expected an object"},
		{"", ` null `, 400, "body is a JSON null, expected an object"},
		{"", `{"Name":"` + strings.Repeat("x", httpjson.MaxBody) + `"}`, 413, "larger than"},
		{"", `{}` + strings.Repeat(" ", httpjson.MaxBody), 413, "larger than"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.text))
		r.Header.Set("Content-Type", c.kind)
		var v body
		err := httpjson.Decode(httptest.NewRecorder(), r, &v)
		var reply *httpjson.Error
		switch {
		case c.status == 0:
			if err != nil {
				t.Errorf("%.40q: %v", c.text, err)
			}
		case !errors.As(err, &reply) || reply.Status != c.status || !strings.Contains(reply.Text, c.error):
			t.Errorf("%.40q: %v, want %d %q", c.text, err, c.status, c.error)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "9223372036854775807": 1<<63 - 1, "0": 0, "-1": 0, "+1": 0, "01": 0, "1.0": 0, "": 0, "x": 0, "9223372036854775808": 0} {
		id, err := httpjson.ID("id", text)
		if (err == nil) != (want > 0) || err == nil && id != want {
			t.Errorf("%q: %d, %v", text, id, err)
		}
	}
}

// Every request has an id, and a panic is a 500 with it.
func TestRequests(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := httpjson.Requests(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("the secret of the handler")
		case "/encode":
			httpjson.Write(w, http.StatusOK, func() {}, "cannot be encoded")
		case "/late":
			w.WriteHeader(http.StatusOK)
			panic("after the head")
		}
		_, _ = io.WriteString(w, httpjson.RequestID(w))
	}))
	ask := func(path, id string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Request-Id", id)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	a, b := ask("/", ""), ask("/", "bad id\r\n")
	if a.Body.String() == "" || a.Body.String() == b.Body.String() || strings.Contains(b.Body.String(), "bad") {
		t.Errorf("ids %q and %q", a.Body, b.Body)
	}
	if own := ask("/", "client-7.a_B"); own.Body.String() != "client-7.a_B" || own.Header().Get("X-Request-Id") != "client-7.a_B" {
		t.Errorf("own id became %q", own.Body)
	}
	want := `{"success":false,"error":"Internal server error","data":null,"requestId":"the-one"}`
	for _, path := range []string{"/panic", "/encode"} {
		w := ask(path, "the-one")
		if diff := cmp.Diff(want, strings.TrimSpace(w.Body.String())); w.Code != 500 || diff != "" {
			t.Errorf("%s: %d %s", path, w.Code, diff)
		}
	}
	if !strings.Contains(log.String(), "the-one") || !strings.Contains(log.String(), "the secret of the handler") {
		t.Errorf("log: %s", log.String())
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a panic's value
			t.Errorf("a panic in the middle of a reply became %v, want the connection to be cut", p)
		}
	}()
	ask("/late", "")
}

func TestOriginsAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"example.com", "https://", "https://example.com/path", "ftp://example.com", "*", "https://user@example.com"} {
		if _, err := httpjson.NewOrigins([]string{bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := httpjson.NewOrigins([]string{"https://Shop.example.com", "http://localhost:3000"}); err != nil {
		t.Error(err)
	}
}

// What is known in another language is told in it, with the same arguments.
func TestErrorsInAnotherLanguage(t *testing.T) {
	t.Parallel()
	words := map[string]string{
		"%q, expected a whole number from %d to %d": "%q, cần số nguyên từ %d đến %d", "a whole number": "một số nguyên",
		"is a JSON %s, expected %s": "là JSON %s, cần %s", "Not found": "Không tìm thấy", "body is larger than %d bytes, expected at most that": "hơn %d byte",
	}
	translate := func(english string) string {
		if other, ok := words[english]; ok {
			return other
		}
		return english
	}
	for _, c := range []struct {
		err  *httpjson.Error
		want string
	}{
		{httpjson.BadRequest("page", "%q, expected a whole number from %d to %d", "x", 1, 9), `page: "x", cần số nguyên từ 1 đến 9`},
		{httpjson.BadRequest("n", "is a JSON %s, expected %s", "string", httpjson.Word("a whole number")), "n: là JSON string, cần một số nguyên"},
		{&httpjson.Error{Text: "Not found"}, "Không tìm thấy"},
		{&httpjson.Error{Text: "Gone"}, "Gone"},
		{&httpjson.Error{Text: "x", Format: "body is larger than %d bytes, expected at most that", Args: []any{7}}, "hơn 7 byte"},
	} {
		english := c.err.Text
		got := c.err.In(translate)
		if got.Text != c.want || len(got.Fields) != len(c.err.Fields) || c.err.Text != english {
			t.Errorf("%q, want %q", got.Text, c.want)
		}
	}
}
