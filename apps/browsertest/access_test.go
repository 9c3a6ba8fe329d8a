package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/redbrick-go/redbrick/redistest"
)

// reload asks for the page again and waits until it is loaded.
var reload = chromedp.Reload()

// axTree is what is needed of the reply to Accessibility.getFullAXTree. The
// bindings refuse property names that a newer browser has.
type axTree struct {
	Nodes []struct {
		Ignored bool    `json:"ignored"`
		Role    axValue `json:"role"`
		Name    axValue `json:"name"`
	} `json:"nodes"`
}

type axValue struct {
	Value any `json:"value"` // a text for roles and names, nil where there is none
}

// everyControlHasAName reads the tree that a screen reader is given.
func everyControlHasAName(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(1)
	controls := map[string]bool{"button": true, "link": true, "textbox": true, "searchbox": true, "spinbutton": true, "combobox": true, "meter": true}
	for _, view := range views {
		p.open(view.address)
		p.shows(view.selector)
		var tree axTree
		p.run("read the tree", chromedp.ActionFunc(func(ctx context.Context) error {
			return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
		}))
		seen := 0
		for _, n := range tree.Nodes {
			role, name := fmt.Sprint(n.Role.Value), fmt.Sprint(n.Name.Value)
			if n.Ignored || !controls[role] {
				continue
			}
			seen++
			if n.Name.Value == nil || strings.TrimSpace(name) == "" {
				t.Errorf("%s has a %s without a name", view.address, role)
			}
		}
		if seen < 5 {
			t.Errorf("%s has %d controls in its tree, want more", view.address, seen)
		}
		if n := eval[int](p, "document.querySelectorAll('h1').length"); n != 1 {
			t.Errorf("%s has %d main headings, want 1", view.address, n)
		}
	}
}

// contrast gives the lowest contrast of a text with the colour behind it, as
// WCAG 2 counts it, and that text.
const contrast = `(() => {
	const light = (color) => {
		const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map((n) => n / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (element) => {
		for (let e = element; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor;
			if (!/rgba\(.*, 0\)|transparent/.test(color)) return color;
		}
		return "rgb(255, 255, 255)";
	};
	let worst = { ratio: 21, text: "" };
	for (const element of document.querySelectorAll("body *")) {
		const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!own || !element.checkVisibility() || element.disabled || element.closest(":disabled")) continue;
		const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < worst.ratio) worst = { ratio, text: element.textContent.trim().slice(0, 40) };
	}
	return worst;
})()`

// isReadableInTheDark measures the contrast of every text by day and by night.
func isReadableInTheDark(t *testing.T, browser context.Context, base string) {
	const least = 4.5 // WCAG 2.2 level AA
	p := openTab(t, browser, base)
	p.actAs(1)
	for _, scheme := range []string{"light", "dark"} {
		p.colours(scheme)
		for _, view := range views {
			p.open(view.address)
			p.shows(view.selector)
			worst := eval[struct {
				Ratio float64
				Text  string
			}](p, contrast)
			if worst.Ratio < least {
				t.Errorf("%s, %s: %q has a contrast of %.1f, want at least %.1f", view.address, scheme, worst.Text, worst.Ratio, least)
			}
			p.shoot(scheme + "-" + view.name)
		}
	}
}

// hearsBreachesOfThePolicy shows that the other tests would fail: a page that
// breaks its policy, throws or logs an error is heard.
func hearsBreachesOfThePolicy(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base, "")
	p.open("/")
	p.shows("#list")
	for what, breach := range map[string]string{
		"img-src":        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://127.0.0.1:9/picture'})), 0",
		"TrustedHTML":    "setTimeout(() => { document.body.innerHTML = '<p>' }), 0",
		"told by itself": "console.error('told by itself'), 0",
	} {
		eval[int](p, breach)
		redistest.Eventually(t, patience, func() error {
			if heard := strings.Join(p.heard(), "\n"); !strings.Contains(heard, what) {
				return fmt.Errorf("no complaint has %q: %s", what, heard)
			}
			return nil
		})
	}
	// An inline script must not run, however it came into the document.
	p.run("load", chromedp.Navigate("about:blank"))
	p.run("inline", chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument("addEventListener('DOMContentLoaded', () => { const s = document.createElement('script'); try { s.text = 'window.ran = 1'; } catch {} document.body.append(s); })").Do(ctx)
		return err
	}))
	p.open("/")
	if eval[bool](p, "window.ran === 1") {
		t.Error("an inline script ran")
	}
}
