package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/api"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// retryAfter is when fewer may be at work.
const retryAfter = time.Second

// replyOf knows besides what every application answers the errors of this one.
func replyOf(ctx context.Context, err error) *httpjson.Error {
	var ready *httpjson.Error
	switch {
	case errors.As(err, &ready), errors.Is(err, shop.ErrInvalid):
		return api.ReplyOf(ctx, err)
	case errors.Is(err, account.ErrCredentials):
		return &httpjson.Error{Status: http.StatusUnauthorized, Text: "Invalid email or password"}
	case errors.Is(err, account.ErrToken):
		return httpjson.BadRequest("token", "unknown, used or too old: ask for a new link")
	case errors.Is(err, account.ErrBusy):
		return &httpjson.Error{Status: http.StatusServiceUnavailable, Text: "Too busy", RetryAfter: retryAfter}
	case errors.Is(err, shop.ErrNotFound):
		return &httpjson.Error{Status: http.StatusNotFound, Text: clean(err, shop.ErrNotFound, "not found")}
	case errors.Is(err, shop.ErrForbidden):
		return &httpjson.Error{Status: http.StatusForbidden, Text: clean(err, shop.ErrForbidden, "forbidden")}
	case errors.Is(err, shop.ErrOutOfStock):
		return &httpjson.Error{Status: http.StatusConflict, Text: clean(err, shop.ErrOutOfStock, "out of stock")}
	case errors.Is(err, shop.ErrConflict):
		return &httpjson.Error{Status: http.StatusConflict, Text: clean(err, shop.ErrConflict, "conflict")}
	}
	return api.ReplyOf(ctx, err)
}

// clean takes what only programmers want out of a domain error's text: the
// packages it came through.
func clean(err, sentinel error, words string) string {
	text := strings.ReplaceAll(err.Error(), sentinel.Error(), words)
	for _, prefix := range []string{"cache: not found: ", "shop: ", "domain: "} {
		text = strings.ReplaceAll(text, prefix, "")
	}
	return text
}
