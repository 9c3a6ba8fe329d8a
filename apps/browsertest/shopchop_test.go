package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// views are all there are, with what each shows once it is there.
var views = []struct{ name, address, selector string }{
	{"recipes", "/", ".card"},
	{"recipe", "/recipes/3", ".strip dd"},
	{"new", "/new", "#save"},
	{"edit", "/recipes/3/edit", ".ingredient"},
	{"popular", "/popular", "main .badge, main .empty"},
	{"mine", "/mine", "section .badge"},
	{"plan", "/plan", ".day"},
	{"inventory", "/inventory", ".stock tbody tr"},
	{"devices", "/devices", ".device"},
	{"login", "/login", "#submit"},
	{"register", "/register", "#submit"},
}

func TestShopChop(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	base, data := startShopChop(t)
	for name, test := range map[string]func(*testing.T, context.Context, string){
		"CreatesEditsAndFavouritesARecipe": createsEditsAndFavourites,
		"SearchGoesFromMissToHit":          searchGoesFromMissToHit,
		"TextsAreNoMarkup":                 textsAreNoMarkup,
		"SaysPlainlyThatNobodyIsLoggedIn":  saysPlainlyThatNobodyIsLoggedIn,
		"PlansAWeekAndShops":               plansAWeekAndShops,
		"TakesFromTheStore":                takesFromTheStore,
		"EndsOneDeviceFromTheOther":        endsOneDeviceFromTheOther,
		"ChoosesANewPasswordByMail":        choosesANewPassword(data),
		"StaysLoggedInAndLogsOut":          staysLoggedInAndLogsOut,
		"FitsAPhone":                       fitsAPhone,
		"IsReadableInTheDark":              isReadableInTheDark,
		"EveryControlHasAName":             everyControlHasAName,
		"HearsBreachesOfThePolicy":         hearsBreachesOfThePolicy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, browser, base)
		})
	}
}

// people are the first of the seed data, with the password that all of them have.
var people = []string{"Ada Rossi", "Bao Nguyen", "Carmen Ortega", "Dilip Sharma"}

const demoPassword = "shop-and-chop"

// actAs logs in as one of the people, the first is 1.
func (p *tab) actAs(user int) {
	p.t.Helper()
	name := people[user-1]
	p.logIn(strings.ReplaceAll(strings.ToLower(name), " ", ".")+"@example.com", demoPassword, name)
}

// logIn fills the form, and waits until the page says who it is.
func (p *tab) logIn(email, password, name string) {
	p.t.Helper()
	p.open("/login")
	p.fill("#email", email)
	p.fill("#password", password)
	p.click("#submit")
	p.see("#user-name", name)
	p.see("h1", "Recipes")
}

// write fills the form of a new recipe and sends it.
func (p *tab) write(name string) {
	p.t.Helper()
	p.click(`a[href="#/new"]`)
	p.see("h1", "New recipe")
	p.fill("#name", name)
	p.fill("#description", "Bright and sharp.")
	p.fill("#servings", "2")
	p.fill("#tags", "Greek, quick")
	p.click("#add-ingredients")
	p.fill(`.ingredient [aria-label="Quantity"]`, "1.5")
	p.fill(`.ingredient [aria-label="Unit"]`, "l")
	p.fill(`.ingredient [aria-label="Ingredient"]`, "lemon stock")
	p.click("#add-instructions")
	p.fill(`[aria-label="Step"]`, "Whisk the eggs into the stock.")
	p.click("#save")
	p.see("h1", name)
}

func createsEditsAndFavourites(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(1)
	p.write("Avgolemono of the browser")
	p.see(".ingredients", "1.5 l")
	p.see(".ingredients", "lemon stock")
	p.see(".steps", "Whisk the eggs")
	p.see("main .tags", "greek")
	p.see("#cache", "HIT") // writing put it into the cache

	p.click("#edit")
	p.see("#sent", "Nothing is changed")
	p.fill("#name", "Avgolemono, edited")
	p.see("#sent", "Only what you changed is sent: name.")
	p.click("#save")
	p.see("h1", "Avgolemono, edited")
	p.see("#cache", "HIT")
	p.see(".ingredients", "lemon stock")
	p.run("reload", reload)
	p.see("h1", "Avgolemono, edited")

	p.click("#favorite")
	p.see("#favorite", "♥")
	p.see("#stats", "Likes\n1")
	p.click(`[data-stars="4"]`)
	p.see("#stats", "4.0 of 5 (1)")
	p.click(`.tabs a[href="#/mine"]`)
	p.see("main section:first-of-type .card", "Avgolemono, edited")
	p.click("main .card h2 a")
	p.see("#favorite", "♥")
	p.click("#favorite")
	p.see("#favorite", "♡")
	p.see("#stats", "Likes\n0")

	p.click(".danger")
	p.see(".danger", "Delete for good?")
	p.click(".danger")
	p.see("h1", "Recipes")
	p.shows("#list")
	if list := p.text("#list"); strings.Contains(list, "Avgolemono") {
		t.Errorf("the list still shows the deleted recipe: %s", list)
	}
}

func searchGoesFromMissToHit(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.open("/")
	p.shows("#list .card")
	p.fill("#search", "risotto with")
	p.see("#count .badge", "MISS")
	p.see("#list", "Risotto")
	p.click("#again")
	p.see("#count .badge", "HIT")
	p.see("#log", "HIT")
	for figure, least := range map[string]string{"hits": "1", "misses": "1"} {
		if got := p.text(fmt.Sprintf("[data-figure=%q]", figure)); got < least {
			t.Errorf("figure %s reads %q, want at least %s", figure, got, least)
		}
	}
	p.click(`.tag[data-tag="italian"]`)
	p.see(`.tag[aria-pressed="true"]`, "italian")
	p.see("#list", "Risotto")
	if hash := eval[string](p, "location.hash"); !strings.Contains(hash, "tag=italian") || !strings.Contains(hash, "q=risotto") {
		t.Errorf("the address is %s, want the search and the tag in it", hash)
	}
}

func textsAreNoMarkup(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(2)
	const evil = `<img src=x onerror="window.broken=1"><b>bold</b>`
	p.write(evil)
	p.click(`.crumb a`)
	p.fill("#search", "onerror")
	p.see("#list .card h2", evil)
	if n := eval[int](p, "document.querySelectorAll('main b, main img').length + (window.broken ? 1 : 0)"); n != 0 {
		t.Errorf("%d elements were made of the recipe's name, want none", n)
	}
}

func saysPlainlyThatNobodyIsLoggedIn(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base, "401") // the browser reports the status itself
	p.open("/recipes/5")
	p.click("#favorite")
	p.see(".failure", "401 Authentication required")
	p.see(".failure", "Log in first")
	p.see("#who", "Log in")
	if n := eval[int](p, "document.querySelectorAll('#edit, .danger').length"); n != 0 {
		t.Errorf("%d buttons to change the recipe are shown to nobody, want none", n)
	}
}

func plansAWeekAndShops(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(3)
	p.open("/recipes/7")
	p.shows("#plan-day")
	p.click("main form button[type=submit]")
	p.see("#notice", "this week's plan")
	name := p.text("h1")
	p.click("#notice a")
	p.see(".day ul", name)
	p.see(".ingredients.wide", " ")
	p.click(".day li button")
	p.see("section .empty", "Nothing to buy")
}

func takesFromTheStore(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(4)
	p.open("/inventory")
	p.see(".stock", "saffron")
	p.fill("#item", "vanilla pods / 100%")
	p.fill("#stock", "11")
	p.click("main form button")
	p.see(".stock", "vanilla pods / 100%\t11\t")
	p.click(`[aria-label="Take 10 of vanilla pods / 100%"]`)
	p.see(".stock", "vanilla pods / 100%\t1\t")
	p.click(`[aria-label="Take 1 of vanilla pods / 100%"]`)
	p.see(".stock", "vanilla pods / 100%\tnone left")
}

func fitsAPhone(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.actAs(1)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 375, 812}} {
		p.size(size.width, size.height)
		for _, view := range views {
			p.open(view.address)
			p.run("reload", reload) // as somebody who comes with this screen
			p.shows(view.selector)
			if wide := eval[int](p, "document.documentElement.scrollWidth"); wide > int(size.width) {
				t.Errorf("%s is %d wide on a %s of %d", view.address, wide, size.name, size.width)
			}
			p.shoot(size.name + "-" + view.name)
		}
	}
}
