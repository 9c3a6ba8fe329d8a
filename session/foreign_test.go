package session_test

import (
	"errors"
	"strings"
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
			"no record":  func(key string) error { return rb.Do(ctx, rb.B().Hdel().Key(key).Field("m").Build()).Error() },
			"empty":      func(key string) error { return set(t, rb, key, "m", "") },
			"too short":  func(key string) error { return set(t, rb, key, "m", "1\n2\n3") },
			"no times":   func(key string) error { return rewrite(t, rb, key, lineTimes, "") },
			"bad times":  func(key string) error { return rewrite(t, rb, key, lineTimes, "1 2 x") },
			"no hash":    func(key string) error { return rewrite(t, rb, key, lineHash, "") },
			"other hash": func(key string) error { return rewrite(t, rb, key, lineHash, "x") },
			"no epoch":   func(key string) error { return rewrite(t, rb, key, lineEpoch, "") },
			"bad epoch":  func(key string) error { return rewrite(t, rb, key, lineEpoch, "x") },
			"global":     func(key string) error { return rewrite(t, rb, key, lineGlobal, "1") },
			"no expiry":  func(key string) error { return rb.Do(ctx, rb.B().Persist().Key(key).Build()).Error() },
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

// The lines of the record, from 0.
const (
	lineHash, lineTimes, lineEpoch, lineGlobal = 0, 2, 3, 4
)

// rewrite puts another line into the record of a session.
func rewrite(t *testing.T, rb *redbrick.Client, key string, line int, text string) error {
	t.Helper()
	record, err := rb.Do(t.Context(), rb.B().Hget().Key(key).Field("m").Build()).ToString()
	if err != nil {
		return err
	}
	lines := strings.Split(record, "\n")
	lines[line] = text
	return set(t, rb, key, "m", strings.Join(lines, "\n"))
}

func set(t *testing.T, rb *redbrick.Client, key, field, value string) error {
	t.Helper()
	return rb.Do(t.Context(), rb.B().Hset().Key(key).FieldValue().FieldValue(field, value).Build()).Error()
}
