package token_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/token"
)

// What lies in Redis holds no token, no secret of one and no key of the server, in no spelling.
func TestADumpOfRedisHoldsNoUsableToken(t *testing.T) {
	t.Parallel()
	// All rights: whoever reads everything is the point.
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		var issued []string
		one, opaque, refresh := newOneTime(t, rb, "reset", token.OneTimeOptions{}), newOpaque(t, rb, token.OpaqueOptions{}), newRefresh(t, rb, &logins{})
		for _, user := range []string{"7", "8"} {
			issued = append(issued, must(one.Issue(ctx, user, reset{"anna@example.org"}))(t).Token, must(opaque.Issue(ctx, user, rights{}))(t).Token)
			text := must(refresh.Issue(ctx, login(user, "s"+user), "browser"))(t).Token
			for range 3 {
				issued = append(issued, text)
				next := must(refresh.Rotate(ctx, text, "browser"))(t).Token
				must(refresh.Rotate(ctx, text, "browser"))(t) // once more within the grace
				text = next
			}
			issued = append(issued, text)
		}
		all := dump(t, rb)
		if !strings.Contains(all, "anna@example.org") || !strings.Contains(all, "tr:{") {
			t.Fatalf("the dump does not hold what it should: %s", all)
		}
		for _, text := range append(issued, string(secrets[0]), string(secrets[1])) {
			for _, part := range parts(text) {
				if strings.Contains(all, part) {
					t.Errorf("%.30s...: the dump holds %.30q", text, part)
				}
			}
		}
		// What the dump has in the place of secrets is of no use where secrets are asked for.
		for _, word := range strings.FieldsFunc(all, func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", c) }) {
			if len(word) != 52 {
				continue
			}
			for _, text := range issued[:2] {
				made := recheck(text[:len(text)-checkLen-52] + word + strings.Repeat("a", checkLen))
				if _, err := opaque.Verify(ctx, made); err == nil {
					t.Errorf("%s is good as a secret", word)
				}
				if _, err := one.Consume(ctx, made); err == nil {
					t.Errorf("%s is good as a secret", word)
				}
			}
		}
	})
}

// parts are what of a token must not be found: all of it, and its secret in every spelling.
func parts(text string) []string {
	all := []string{text}
	_, body, ok := strings.Cut(text, "_")
	if !ok {
		return all
	}
	body = body[:len(body)-checkLen]
	all = append(all, body, body[13:])
	b, err := base32Lower.DecodeString(body[13:])
	if err != nil {
		return all
	}
	hidden := [][]byte{b}
	if len(b) == 68 { // refresh: family, generation, secret, tag
		hidden = [][]byte{b[20:52], b[52:]}
	}
	for _, h := range hidden {
		all = append(all, string(h), base32Lower.EncodeToString(h), hex.EncodeToString(h),
			base64.RawStdEncoding.EncodeToString(h), base64.RawURLEncoding.EncodeToString(h))
	}
	return all
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Whoever has the server's key and all of Redis cannot make a refresh token still: the next secret comes from the last one too.
func TestTheNextSecretComesFromTheLast(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	text := must(newRefresh(t, rb, &logins{}).Issue(t.Context(), login("7", "s"), ""))(t).Token
	next := token.Successor(secrets[0], text, false)
	if token.Successor(secrets[0], text, true) == next {
		t.Error("family and generation alone make the next secret")
	}
	if token.Successor(secrets[1], text, false) == next {
		t.Error("the server's key has no part in the next secret")
	}
}
