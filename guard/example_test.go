package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
)

func ExampleLogin_Check() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{}) // or URL: "redis://localhost:6379"
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	logins, err := guard.NewLogin(rb, guard.LoginOptions{})
	if err != nil {
		panic(err)
	}
	hashes := map[string]string{"anna@example.org": "hash of right"}
	login := func(email, password string) (guard.Outcome, error) {
		a := guard.Attempt{Account: email, Addr: netip.MustParseAddr("192.0.2.1")} // and Device: the cookie
		return logins.Check(ctx, a, guard.Check{
			Lookup: func(context.Context) (string, error) {
				if hash, ok := hashes[email]; ok {
					return hash, nil
				}
				return "", guard.ErrNoAccount
			},
			Verify: func(_ context.Context, hash string) (bool, error) { return hash == "hash of "+password, nil },
			Dummy:  "hash of nothing",
		})
	}
	_, err = login("nobody@example.org", "right")
	fmt.Println(errors.Is(err, guard.ErrCredentials))
	_, err = login("anna@example.org", "right")
	fmt.Println(err)
	for range 4 {
		_, err = login("anna@example.org", "wrong")
	}
	fmt.Println(errors.Is(err, guard.ErrCredentials))
	_, err = login("Anna@example.org", "right") // from this address 5 have failed
	var throttled *guard.Throttled
	fmt.Println(errors.As(err, &throttled), throttled.Policy, throttled.Seconds())
	// Output:
	// true
	// <nil>
	// true
	// true prefix 900
}

func ExampleIPList() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	list, err := guard.NewIPList(rb, "site", guard.IPListOptions{})
	if err != nil {
		panic(err)
	}
	if err := list.Start(ctx); err != nil {
		panic(err)
	}
	defer func() { _ = list.Stop(ctx) }()
	if err := list.Deny(ctx, netip.MustParsePrefix("192.0.2.0/24"), guard.Entry{Reason: "scraping", By: "anna"}); err != nil {
		panic(err)
	}
	verdict := list.Check(netip.MustParseAddr("192.0.2.7"))
	fmt.Println(verdict.Denied, verdict.By.Prefix, verdict.By.Reason)
	ban, err := list.Offend(ctx, netip.MustParseAddr("198.51.100.1"), "guessing passwords")
	fmt.Println(ban.Entry.Prefix, ban.Entry.Until.Sub(ban.Entry.At), err)
	// Output:
	// true 192.0.2.0/24 scraping
	// 198.51.100.1/32 15m0s <nil>
}
