package session_test

import (
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// TestASessionThatAForeignHandWroteIntoIsNone, and nothing panics.
func TestASessionThatAForeignHandWroteIntoIsNone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		ctx := t.Context()
		for name, change := range map[string]func(key string) error{
			"no times":    func(key string) error { return rb.Do(ctx, rb.B().Hdel().Key(key).Field("t").Build()).Error() },
			"bad times":   func(key string) error { return set(t, rb, key, "t", "1 2 x") },
			"no hash":     func(key string) error { return rb.Do(ctx, rb.B().Hdel().Key(key).Field("h").Build()).Error() },
			"other hash":  func(key string) error { return set(t, rb, key, "h", "x") },
			"other epoch": func(key string) error { return set(t, rb, key, "e", "1") },
			"global":      func(key string) error { return set(t, rb, key, "g", "1") },
			"no expiry":   func(key string) error { return rb.Do(ctx, rb.B().Persist().Key(key).Build()).Error() },
		} {
			cookie := login(t, m, "anna")
			s := loaded(t, m, cookie)
			ok(t, change(rb.Namespace()+"s:{"+s.Route()+"}:"+s.PublicID()))
			if user := userOf(t, m, cookie); user != "" {
				t.Errorf("%s: user %q", name, user)
			}
			ok(t, number.Set(s, 1))
			if err := s.Save(ctx); err != nil && !errors.Is(err, session.ErrNoSession) {
				t.Errorf("%s: saving: %v", name, err)
			}
			if _, err := m.Devices(ctx, "anna"); err != nil {
				t.Errorf("%s: devices: %v", name, err)
			}
			ok(t, m.EndAll(ctx, "anna"))
		}
		cookie := login(t, m, "anna")
		s := loaded(t, m, cookie)
		key := rb.Namespace() + "s:{" + s.Route() + "}:" + s.PublicID()
		ok(t, rb.Do(ctx, rb.B().Del().Key(key).Build()).Error())
		ok(t, rb.Do(ctx, rb.B().Set().Key(key).Value("text").Build()).Error())
		if _, err := m.Load(ctx, cookie); err == nil {
			t.Error("a text is a session")
		}
	})
}

func set(t *testing.T, rb *redbrick.Client, key, field, value string) error {
	t.Helper()
	return rb.Do(t.Context(), rb.B().Hset().Key(key).FieldValue().FieldValue(field, value).Build()).Error()
}
