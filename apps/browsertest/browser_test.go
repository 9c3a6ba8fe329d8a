package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/redbrick-go/redbrick/redistest"
)

// patience is for one step on the page. Steps take milliseconds; a loaded
// machine that starts a browser takes seconds.
const patience = 30 * time.Second

// chromium gives the program: REDISTEST_CHROMIUM, or the first on the PATH, or
// where macOS keeps it.
func chromium() (string, error) {
	if named := os.Getenv("REDISTEST_CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("REDISTEST_CHROMIUM=%s, expected a program: %w", named, err)
		}
		return path, nil
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no chromium or google-chrome on the PATH; REDISTEST_CHROMIUM names another place")
}

// startBrowser starts a Chromium with a fresh profile that ends with the test.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := chromium()
	if err != nil {
		redistest.Missing(t, "chromium", err.Error())
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.WSURLReadTimeout(patience)}
	for _, flag := range []string{
		"no-sandbox", "disable-gpu", "disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
		"no-proxy-server", // the service is on this machine
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	// Not t.Context, which ends before the browser is closed in order.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, end := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {
		// A browser newer than the protocol's bindings sends values they do not know.
	}))
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil {
			t.Errorf("close the browser: %v", err)
		}
		end()
		stop()
		chromedp.FromContext(browser).Allocator.Wait()
	})
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	redistest.Ran(t, "chromium")
	return browser
}

// tab is one page with storage of its own, and what the browser complained of.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu         sync.Mutex
	complaints []string
}

// openTab opens an empty page. At the end of the test the page must have given
// no cause for complaint, except those that contain one of the excused texts.
func openTab(t *testing.T, browser context.Context, base string, excused ...string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithTargetID(newWindow(t, browser)))
	p := &tab{t: t, ctx: ctx, base: base}
	chromedp.ListenTarget(ctx, p.listen)
	t.Cleanup(func() {
		if t.Failed() {
			p.shoot("failed-" + t.Name())
		}
		closeTab()
		for _, text := range p.heard() {
			if !containsAny(text, excused) {
				t.Errorf("the browser complained: %s", text)
			}
		}
	})
	// The connection to the tab lives as long as the context of the first Run, which
	// therefore has no deadline.
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p.run("prepare the tab", audits.Enable())
	p.colours("light")
	p.size(1280, 900)
	return p
}

// newWindow makes a window whose cookies and storage nobody else sees. Since
// Chromium has one headless mode only, such a target needs a window of its own.
func newWindow(t *testing.T, browser context.Context) target.ID {
	t.Helper()
	ctx, cancel := context.WithTimeout(cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser), patience)
	defer cancel()
	storage, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
	if err != nil {
		t.Fatalf("separate storage: %v", err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(storage).WithNewWindow(true).Do(ctx)
	if err != nil {
		t.Fatalf("new window: %v", err)
	}
	return id
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// listen keeps errors and warnings of the console, uncaught exceptions, failed
// requests, and breaches of the content security policy.
func (p *tab) listen(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			text = "console." + string(e.Type)
			for _, arg := range e.Args {
				text += " " + string(arg.Value) + arg.Description
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			text = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details; d != nil && d.ContentSecurityPolicyIssueDetails != nil {
			text = "policy: " + d.ContentSecurityPolicyIssueDetails.ViolatedDirective + " " + d.ContentSecurityPolicyIssueDetails.BlockedURL
		}
	}
	if text != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.complaints = append(p.complaints, text)
	}
}

func (p *tab) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// run does steps, and fails the test if they are not done in time.
func (p *tab) run(what string, actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// size sets the window; below 600 pixels it is a phone's.
func (p *tab) size(width, height int64) {
	p.t.Helper()
	set := emulation.SetDeviceMetricsOverride(width, height, 1, width < 600)
	p.run("size", set)
}

// colours sets the scheme the system asks for, light or dark. Nothing moves.
func (p *tab) colours(scheme string) {
	p.t.Helper()
	p.run("colours", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}))
}

// open goes to a view of the page by its address: "/recipes/1".
func (p *tab) open(view string) {
	p.t.Helper()
	p.run("open "+view, chromedp.Navigate(p.base+"/#"+view))
}

// clickable says what keeps a person from clicking on an element, and clicks
// if nothing does. It is one step, so that nothing is drawn anew in between.
const clickable = `((element) => {
	if (!element) return "is not there";
	if (element.disabled) return "is disabled";
	element.scrollIntoView({ block: "center" });
	const { left, top, width, height } = element.getBoundingClientRect();
	if (width === 0 || height === 0) return "is not visible";
	const above = document.elementFromPoint(left + width / 2, top + height / 2);
	if (!above || !(element.contains(above) || above.contains(element))) return "is covered";
	element.click();
	return "";
})(document.querySelector(%q))`

// click clicks on an element as soon as a person could.
func (p *tab) click(selector string) {
	p.t.Helper()
	redistest.Eventually(p.t, patience, func() error {
		if why := eval[string](p, fmt.Sprintf(clickable, selector)); why != "" {
			return fmt.Errorf("%s %s", selector, why)
		}
		return nil
	})
}

// shows waits until there is an element.
func (p *tab) shows(selector string) {
	p.t.Helper()
	redistest.Eventually(p.t, patience, func() error {
		if !eval[bool](p, fmt.Sprintf("document.querySelector(%q) !== null", selector)) {
			return fmt.Errorf("the page shows no %s", selector)
		}
		return nil
	})
}

// fill replaces what a control holds, by keys as a person
// does.
func (p *tab) fill(selector, value string) {
	p.t.Helper()
	p.run("fill "+selector, chromedp.WaitVisible(selector, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).select()", selector), nil),
		chromedp.SendKeys(selector, value, chromedp.ByQuery))
}

// eval gives the value of a JavaScript expression.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	var value T
	p.run("evaluate "+expression, chromedp.Evaluate(expression, &value))
	return value
}

// text gives what a person reads at a selector, "" where nothing is there.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// see waits until a selector reads as wanted, in part.
func (p *tab) see(selector, want string) {
	p.t.Helper()
	redistest.Eventually(p.t, patience, func() error {
		if got := p.text(selector); !strings.Contains(got, want) {
			return fmt.Errorf("%s reads %q, want %q in it", selector, got, want)
		}
		return nil
	})
}

// shoot keeps a picture of the whole page, in the folder that
// BROWSERTEST_SCREENSHOTS names, if it names one.
func (p *tab) shoot(name string) {
	folder := os.Getenv("BROWSERTEST_SCREENSHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var png []byte
	err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(false).Do(ctx)
		return err
	}))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, "/", "-")+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Errorf("keep a picture: %v", err)
	}
}
