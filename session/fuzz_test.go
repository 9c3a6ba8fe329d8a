package session_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/session"
)

// FuzzCookie: whatever a browser sends, nothing panics, and only what was issued is a session.
func FuzzCookie(f *testing.F) {
	rb, err := redbrick.Open(f.Context(), redbrick.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = rb.Close() })
	m, err := session.New(rb, session.Options{Secrets: [][]byte{secret}})
	if err != nil {
		f.Fatal(err)
	}
	_, cookie := do(context.Background(), m, "", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		if err := s.Login(r.Context(), "anna", session.Meta{}); err != nil {
			f.Error(err)
		}
	})
	for _, seed := range []string{
		"", "session=", "session=" + cookie, "session=x; session=" + cookie, "session=" + cookie[:74-1], "session=" + cookie + "a",
		"session=" + strings.ToUpper(cookie), `session="` + cookie + `"`, "session=" + cookie[:len(cookie)-1] + "A", "session=\x00; =; ;",
		strings.Repeat("session=x; ", 100) + "session=" + cookie,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(t.Context())
		r.Header["Cookie"] = []string{header}
		m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s := session.From(r.Context())
			if s.LoggedIn() && !strings.Contains(header, cookie) {
				t.Errorf("%q is a session of %q", header, s.UserID())
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	})
}

// FuzzCookieValue: what has the form of an id is exactly that.
func FuzzCookieValue(f *testing.F) {
	good := strings.Repeat("a", 13) + "." + strings.Repeat("2", 16) + "." + strings.Repeat("-", 43)
	for _, seed := range []string{good, good[1:], good + ".", strings.Replace(good, ".", "{", 1), strings.Replace(good, "a", "1", 1), strings.Replace(good, "-", "+", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if session.ParseCookie(value) && (len(value) != len(good) || strings.ContainsAny(value, "{}* \x00") || strings.Count(value, ".") != 2) {
			t.Errorf("%q is taken for an id", value)
		}
	})
}

// FuzzTimes: a foreign hand may write anything into a session's hash.
func FuzzTimes(f *testing.F) {
	for _, seed := range []string{"1 2 3 4 5 6", "", "1 2 3 4 5", "1 2 3 4 5 6 7", "-1 2 3 4 5 6", "1  2 3 4 5 6", "99999999999999999999 2 3 4 5 6", "1 2 3 4 5 6\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if session.ParseTimes(text) && (strings.Count(text, " ") != 5 || strings.ContainsAny(text, "-\n.e")) {
			t.Errorf("%q are the times of a session", text)
		}
	})
}

// FuzzNumber: a number of the record is one that Lua counts exactly, and reads as others read it.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"", "0", "007", "9007199254740991", "9007199254740992", "00000000000000001", "18446744073709551617", "-1", "+1", "1 ", "1_0", "\u0663"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, good := session.ParseInt(text)
		want, err := strconv.ParseUint(text, 10, 53)
		if wanted := err == nil && len(text) <= 16; good != wanted || good && n != int64(want) { //nolint:gosec // of 53 bits
			t.Errorf("%q is %d, %t, want %d, %t", text, n, good, want, wanted)
		}
	})
}

// FuzzPlainText: what is read without encoding/json reads as it does with it.
func FuzzPlainText(f *testing.F) {
	for _, seed := range []string{`"cook"`, `""`, `"`, ``, `"a\"b"`, `"\u00e9"`, "\"\u00e9\"", `"a" `, `"a""b"`, "\"\x7f\"", "\"\x00\"", `"<&>"`, `null`, `1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want string
		if err := json.Unmarshal([]byte(text), &want); session.IsPlain(text) && (err != nil || want != text[1:len(text)-1]) {
			t.Errorf("%q reads as %q: %v", text, want, err)
		}
	})
}
