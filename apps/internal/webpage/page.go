package webpage

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static
var shared embed.FS

// policy admits what the page needs and no more: its own scripts, styles and
// requests, and pictures of recipes from anywhere with TLS. With trusted types
// required and none defined, a browser that knows them refuses to parse any
// text as HTML.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// types are the media types of the files. They are not asked of the operating
// system, whose tables differ: a script of the wrong type does not run.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one embedded file, ready to be sent.
type file struct {
	body []byte
	kind string // media type
	etag string
}

// Handler returns the handler of a page: "/" is its index.html, "/page/<name>" are its
// other files and the shared ones. Everything else is 404, every method but GET
// and HEAD is 405. Replies carry a strong ETag and are revalidated each time, so that a
// new release is seen at once. own holds the folder static, without folders in it; a bad
// file is a bug and panics, and so is one that a shared file has the name of. The handler is safe for concurrent use.
func Handler(own fs.FS) http.Handler {
	files := map[string]file{}
	for _, from := range []fs.FS{shared, own} {
		if err := load(files, from); err != nil {
			panic(err)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", f.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
	})
}

// load adds the files of a folder, by the path under which they are served.
func load(files map[string]file, from fs.FS) error {
	entries, err := fs.ReadDir(from, "static")
	if err != nil {
		return fmt.Errorf("webpage: %w", err)
	}
	for _, e := range entries {
		body, err := fs.ReadFile(from, "static/"+e.Name())
		if err != nil {
			return fmt.Errorf("webpage: %w", err)
		}
		kind, ok := types[path.Ext(e.Name())]
		if !ok {
			return fmt.Errorf("webpage: static/%s has no known media type, expected .html, .js, .css or .svg", e.Name())
		}
		sum := sha256.Sum256(body)
		served := "/page/" + e.Name()
		if e.Name() == "index.html" {
			served = "/"
		}
		if _, twice := files[served]; twice {
			return fmt.Errorf("webpage: static/%s has the name of a shared file", e.Name())
		}
		files[served] = file{body: body, kind: kind, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
	}
	return nil
}
