package webpagetest

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Run holds a page to what every page promises: handler serves the files of the
// folder dir, which no text of users can become markup in.
func Run(t *testing.T, handler http.Handler, dir string) {
	t.Helper()
	p := page{handler, dir}
	for name, test := range map[string]func(*testing.T){
		"ServesEveryFileWithItsTypeAndPolicy": p.servesEveryFile, "AnswersByETag": p.answersByETag,
		"RefusesEverythingElse": p.refusesEverythingElse, "NoHTMLFromText": func(t *testing.T) { NoHTMLFromText(t, dir) }, "EveryModuleIsThere": p.everyModuleIsThere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

type page struct {
	handler http.Handler
	dir     string
}

func (p page) request(method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func (p page) servesEveryFile(t *testing.T) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := "/page/" + e.Name()
		if e.Name() == "index.html" {
			path = "/"
		}
		w := p.request(http.MethodGet, path)
		want, err := os.ReadFile(p.dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusOK || w.Body.String() != string(want) {
			t.Errorf("GET %s: status %d, %d bytes, want 200 and the file", path, w.Code, w.Body.Len())
		}
		if kind := w.Header().Get("Content-Type"); kind == "" || strings.HasPrefix(kind, "text/plain") {
			t.Errorf("GET %s: Content-Type %q", path, kind)
		}
		for _, directive := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "require-trusted-types-for 'script'"} {
			if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, directive) || strings.Contains(policy, "unsafe") {
				t.Errorf("GET %s: policy %q lacks %s or has an unsafe-", path, policy, directive)
			}
		}
		if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("GET %s: X-Content-Type-Options %q, want nosniff", path, got)
		}
	}
}

func (p page) answersByETag(t *testing.T) {
	etag := p.request(http.MethodGet, "/").Header().Get("ETag")
	if len(etag) < 10 || strings.HasPrefix(etag, "W/") {
		t.Fatalf("ETag %q, want a strong one", etag)
	}
	if w := p.request(http.MethodGet, "/", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("with its ETag: status %d, %d bytes, want 304 and none", w.Code, w.Body.Len())
	}
	if w := p.request(http.MethodGet, "/", "If-None-Match", `"another"`); w.Code != http.StatusOK {
		t.Errorf("with another ETag: status %d, want 200", w.Code)
	}
	if w := p.request(http.MethodHead, "/"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: status %d, %d bytes, want 200 and none", w.Code, w.Body.Len())
	}
}

func (p page) refusesEverythingElse(t *testing.T) {
	for _, path := range []string{"/index.html", "/page/", "/page/index.html", "/page/nothing.js", "/page/../page.go", "/nothing"} {
		if w := p.request(http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, w.Code)
		}
	}
	w := p.request(http.MethodPost, "/")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /: status %d, Allow %q, want 405 and GET, HEAD", w.Code, w.Header().Get("Allow"))
	}
}

// NoHTMLFromText holds what keeps texts of users from becoming markup, and
// what the policy would refuse anyway: the mistake is found here, not in a browser.
func NoHTMLFromText(t *testing.T, dir string) {
	t.Helper()
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment|javascript:|https?://[a-z]`)
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=`)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".svg") {
			return err
		}
		text, err := os.ReadFile(dir + "/" + path)
		if err != nil {
			return err
		}
		if found := sinks.Find(text); found != nil {
			t.Errorf("static/%s has %q, expected text nodes and own addresses alone", path, found)
		}
		if strings.HasSuffix(path, ".html") {
			if found := inline.Find(text); found != nil {
				t.Errorf("static/%s has %q inline, expected it in a file of its own", path, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// everyModuleIsThere finds an import or a link of the page that no file answers.
func (p page) everyModuleIsThere(t *testing.T) {
	imports := regexp.MustCompile(`from "\./([a-z]+\.js)"|(?:src|href)="(/page/[^"]+)"`)
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(p.dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range imports.FindAllSubmatch(text, -1) {
			path := string(m[2])
			if path == "" {
				path = "/page/" + string(m[1])
			}
			if w := p.request(http.MethodGet, path); w.Code != http.StatusOK {
				t.Errorf("static/%s names %s: status %d, want 200", e.Name(), path, w.Code)
			}
		}
	}
}
