package browsertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/redistest"
)

// makeAccount makes one that no other test has, and leaves the tab logged in.
func (p *tab) makeAccount(name, email, password string) {
	p.t.Helper()
	p.open("/register")
	p.fill("#name", name)
	p.fill("#email", email)
	p.fill("#password", password)
	p.click("#submit")
	p.see("#user-name", name)
	p.see("h1", "Recipes")
}

// endsOneDeviceFromTheOther logs in from two browsers that share nothing, and
// ends one from the other.
func endsOneDeviceFromTheOther(t *testing.T, browser context.Context, base string) {
	const email, password = "two.devices@example.com", "a password for two devices"
	laptop, phone := openTab(t, browser, base), openTab(t, browser, base, "401")
	laptop.makeAccount("Two Devices", email, password)
	phone.logIn(email, password, "Two Devices")
	phone.open("/mine")
	phone.see("h1", "Two Devices")

	laptop.click("#user-name")
	laptop.see("h1", "Your devices")
	laptop.shows(`.device[data-current="false"]`)
	if n := eval[int](laptop, "document.querySelectorAll('.device').length"); n != 2 {
		t.Errorf("%d devices are shown, want 2: %s", n, laptop.text("#devices"))
	}
	laptop.see(`.device[data-current="true"]`, "this device")
	laptop.see(`.device[data-current="true"]`, "127.0.0.1")
	laptop.click(`.device[data-current="false"] button`)
	laptop.see("#notice", "is logged out")
	redistest.Eventually(t, patience, func() error {
		if n := eval[int](laptop, "document.querySelectorAll('.device').length"); n != 1 {
			return fmt.Errorf("%d devices are shown, want 1", n)
		}
		return nil
	})

	phone.open("/plan")
	phone.see(".failure", "You have been logged out")
	phone.see("#who", "Log in")
	laptop.open("/mine")
	laptop.see("h1", "Two Devices")

	// The own one ends too.
	laptop.open("/devices")
	laptop.click(`.device[data-current="true"] button`)
	laptop.see("#who", "Log in")
}

// staysLoggedInAndLogsOut shows that the session is the browser's and not the
// page's.
func staysLoggedInAndLogsOut(t *testing.T, browser context.Context, base string) {
	p := openTab(t, browser, base, "401")
	p.open("/login")
	p.fill("#email", "bao.nguyen@example.com")
	p.fill("#password", "not the password")
	p.click("#submit")
	p.see(".failure", "401 Invalid email or password")
	p.see("#who", "Log in")
	p.fill("#password", demoPassword)
	p.click("#remember")
	p.click("#submit")
	p.see("#user-name", "Bao Nguyen")
	p.run("reload", reload)
	p.see("#user-name", "Bao Nguyen")
	if cookie := eval[string](p, "document.cookie"); cookie != "" {
		t.Errorf("scripts of the page see the cookie %q", cookie)
	}
	p.click("#logout")
	p.see("#who", "Log in")
	p.run("reload", reload)
	p.shows("#list")
	p.see("#who", "Log in")
}

// choosesANewPassword follows the link of the mail that the service wrote into
// its folder.
func choosesANewPassword(data string) func(*testing.T, context.Context, string) {
	return func(t *testing.T, browser context.Context, base string) {
		const email, before, after = "forgetful@example.com", "the one I forgot", "the one I chose then"
		p := openTab(t, browser, base, "401", "400")
		p.makeAccount("Forgetful", email, before)
		p.click("#logout")
		p.see("#who", "Log in")
		p.open("/forgot")
		p.fill("#email", email)
		p.click("#submit")
		p.see("#notice", "a link is on its way")
		link := linkOf(t, filepath.Join(data, "mail"), email)
		if !strings.HasPrefix(link, base+"/#/reset?") {
			t.Fatalf("the link is %q, want one to %s", link, base)
		}
		p.open(strings.TrimPrefix(link, base+"/#"))
		p.see("h1", "Choose a new password")
		if hash := eval[string](p, "location.hash"); strings.Contains(hash, "token") {
			t.Errorf("the token stays in the address: %s", hash)
		}
		p.fill("#password", after)
		p.click("#submit")
		p.see("#notice", "The password is changed")
		p.logIn(email, after, "Forgetful")
	}
}

// linkOf waits for the mail about a new password and takes the link out of it.
func linkOf(t *testing.T, folder, email string) (link string) {
	t.Helper()
	redistest.Eventually(t, patience, func() error {
		names, err := filepath.Glob(filepath.Join(folder, "*.eml"))
		if err != nil {
			return err
		}
		for _, name := range names {
			file, err := os.Open(name)
			if err != nil {
				return err
			}
			m, err := mail.ReadMessage(file)
			if err != nil {
				return errors.Join(err, file.Close())
			}
			text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err := errors.Join(err, file.Close()); err != nil {
				return err
			}
			if m.Header.Get("To") != "<"+email+">" || !strings.Contains(m.Header.Get("Subject"), "new password") {
				continue
			}
			for word := range strings.FieldsSeq(string(text)) {
				if strings.Contains(word, "#/reset?") {
					link = word
					return nil
				}
			}
		}
		return fmt.Errorf("no mail to %s with a link among %d", email, len(names))
	})
	return link
}
