package token_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/token"
)

// A link in a mail that resets a password, once.
func ExampleOneTime() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	type reset struct{ Email string }
	resets, err := token.NewOneTime[reset](rb, "password-reset", token.OneTimeOptions{})
	if err != nil {
		panic(err)
	}
	issued, err := resets.Issue(ctx, "7", reset{"anna@example.org"})
	fmt.Println(issued.Token[:4], err)

	grant, err := resets.Peek(ctx, issued.Token) // the page with the form
	fmt.Println(grant.Subject, grant.Value.Email, err)
	_, err = resets.Consume(ctx, issued.Token) // the form
	fmt.Println(err)
	_, err = resets.Consume(ctx, issued.Token)
	fmt.Println(errors.Is(err, token.ErrInvalid))
	// Output:
	// rbo_ <nil>
	// 7 anna@example.org <nil>
	// <nil>
	// true
}
