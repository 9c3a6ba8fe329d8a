package lock_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
)

func Example() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{}) // or URL: "redis://localhost:6379"
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	locks, err := lock.New(rb, lock.Options{})
	if err != nil {
		panic(err)
	}
	lease, err := locks.Acquire(ctx, "stock:42")
	if err != nil {
		panic(err)
	}
	first := lease.Token() // goes with every write, so that the store can refuse a former holder
	_, err = locks.TryAcquire(ctx, "stock:42")
	fmt.Println("held:", errors.Is(err, lock.ErrHeld))
	err = lease.Release(ctx)
	fmt.Println("released:", err == nil)

	err = locks.Do(ctx, "stock:42", func(_ context.Context, lease *lock.Lease) error {
		fmt.Println("the token grows:", lease.Token() > first)
		return nil
	})
	fmt.Println(err)
	// Output:
	// held: true
	// released: true
	// the token grows: true
	// <nil>
}

func ExampleLocker_Elect() {
	ctx := context.Background()
	rb, err := redbrick.Open(ctx, redbrick.Options{})
	if err != nil {
		panic(err)
	}
	defer rb.Close()
	locks, err := lock.New(rb, lock.Options{})
	if err != nil {
		panic(err)
	}
	led := make(chan struct{})
	nightly, err := locks.Elect("nightly", func(ctx context.Context, _ int64) error {
		close(led)
		<-ctx.Done() // the leader's work goes here
		return context.Cause(ctx)
	})
	if err != nil {
		panic(err)
	}
	nightly.Start(ctx)
	<-led
	_, leading := nightly.Leading()
	fmt.Println("leading:", leading)
	fmt.Println(nightly.Stop(ctx))
	// Output:
	// leading: true
	// <nil>
}
