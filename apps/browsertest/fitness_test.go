package browsertest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/service"
	"github.com/redbrick-go/redbrick/redistest"
)

// startFitness starts Fitness as a person with nothing installed does, with the seed data, and gives its address. The
// service ends with the test.
func startFitness(t *testing.T) string {
	t.Helper()
	var said output
	var c service.Config
	c.DataDir, c.Seed, c.Logger = t.TempDir(), true, slog.New(slog.NewTextHandler(&said, nil))
	c.RateLimit.Disabled, c.RateLimit.Timeout = true, patience // all browsers are one client here
	c.Passwords.Wait = patience
	main, err := service.Start(redistest.Patient(t.Context()), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := main.Close(context.Background()); err != nil {
			t.Errorf("end the service: %v", err)
		}
		if t.Failed() {
			t.Logf("the service said:\n%s", said.String())
		}
	})
	return "http://" + main.Addr()
}

func TestFitness(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	base := startFitness(t)
	for name, test := range map[string]func(*testing.T, context.Context, string){
		"ListGoesFromMissToHit":        fitnessListGoesFromMissToHit,
		"LogsAWorkoutAndAFavourite":    fitnessLogsAWorkoutAndAFavourite,
		"EndsOneDeviceFromTheOther":    fitnessEndsOneDeviceFromTheOther,
		"SaysPlainlyThatNobodyIsKnown": fitnessSaysPlainlyThatNobodyIsKnown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, browser, base)
		})
	}
}

// joinFitness makes an account that no other test has, and leaves the tab logged in.
func (p *tab) joinFitness(name, email, password string) {
	p.t.Helper()
	p.open("/register")
	p.fill("#name", name)
	p.fill("#email", email)
	p.fill("#password", password)
	p.click("#submit")
	p.see("#user-name", name)
	p.see("h1", "Exercises")
}

// fitnessListGoesFromMissToHit asks a question that nobody has asked, twice.
func fitnessListGoesFromMissToHit(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.open("/?muscle=calves&q=raise")
	p.see("#count .badge", "MISS")
	p.see("#list", "Calf raise")
	p.click("#again")
	p.see("#count .badge", "HIT")
	p.see("#popular", "times")
}

func fitnessLogsAWorkoutAndAFavourite(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base)
	p.joinFitness("Ada of the browser", "ada.browser@example.com", "a password for the browser")
	p.open("/?q=pogo+jump")
	p.see("#list .card h2", "Pogo jump")
	p.click("#list .card .favorite")
	p.see("#list .card .favorite", "♥")
	p.open("/favorites")
	p.see("#count", "1 exercises")
	p.click("#list .card .favorite")
	p.see("#count", "0 exercises")
	p.open("/?q=pogo+jump")
	p.see("#list .card h2", "Pogo jump")
	p.click("#list .card .button")
	p.see("h1", "My workouts")
	p.fill("#weight", "20")
	p.click("#log")
	p.see("#notice", "points")
	p.see("#count", "1 workouts")
	p.see("#list .card", "10 × 20 kg")
	p.click("#logout")
	p.see("#who", "Log in")
}

// fitnessEndsOneDeviceFromTheOther logs in from two browsers that share nothing, and
// ends one from the other.
func fitnessEndsOneDeviceFromTheOther(t *testing.T, browser context.Context, base string) {
	const name, email, password = "Two Browsers", "two.browsers@example.com", "a password for two browsers"
	laptop, phone := openTab(t, browser, base), openTab(t, browser, base, "401")
	laptop.joinFitness(name, email, password)
	phone.open("/login")
	phone.fill("#email", email)
	phone.fill("#password", password)
	phone.click("#submit")
	phone.see("#user-name", name)

	laptop.click("#user-name")
	laptop.see("h1", "Your devices")
	laptop.see(`.device[data-current="true"]`, "this device")
	laptop.click(`.device[data-current="false"] button`)
	laptop.see("#notice", "is logged out")
	redistest.Eventually(t, patience, func() error {
		if n := eval[int](laptop, "document.querySelectorAll('.device').length"); n != 1 {
			return fmt.Errorf("%d devices are shown, want 1", n)
		}
		return nil
	})
	phone.open("/workouts")
	phone.see(".failure", "You have been logged out")
	phone.see("#who", "Log in")
	laptop.open("/workouts")
	laptop.see("#count", "0 workouts")
}

func fitnessSaysPlainlyThatNobodyIsKnown(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base, "401")
	p.open("/workouts")
	p.see(".failure", "Authentication required")
	p.open("/login")
	p.fill("#email", "nobody@example.com")
	p.fill("#password", "not a password")
	p.click("#submit")
	p.see(".failure", "401 Invalid email or password")
	p.see("#who", "Log in")
}
