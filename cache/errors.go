package cache

import (
	"errors"
	"fmt"

	"github.com/redbrick-go/redbrick"
)

// ErrNotFound says that there is no such value: a loader returns it, and Get does, from the cache or from the loader.
var ErrNotFound = errors.New("cache: not found")

// ErrLoadTimeout says that a loader did not return within Options.LoadTimeout.
var ErrLoadTimeout = errors.New("cache: load timeout")

// ErrLoadPanic says that a loader panicked; the text has the panic's value, the log its stack.
var ErrLoadPanic = errors.New("cache: loader panicked")

// ErrTooLarge says that an encoded value is larger than Options.MaxBytes, or has more than 128 tags.
var ErrTooLarge = fmt.Errorf("cache: value %w", redbrick.ErrTooLarge)

// ErrNamespace says that an id belongs to another cache: "profile:1" in cache "user" where a cache "user:profile" is.
var ErrNamespace = errors.New("cache: id belongs to another cache")
