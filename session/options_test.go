package session_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

func TestBadOptionsAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := session.New(redistest.Open(t, "embedded"), session.Options{
		Idle: -1, Absolute: -1, Remember: -time.Hour, Alias: time.Hour, MaxPerUser: -1, MaxBytes: -1, MaxFields: 5000, Carry: []string{"a b"},
		Name: "__Host-x", Secure: 9, SameSite: 9, TrustedProxies: []string{"nobody"}, NearEntries: -1, NearUntracked: -1,
	})
	is(t, err, redbrick.ErrConfig)
	for _, field := range []string{"Idle", "Absolute", "Remember", "Alias", "MaxPerUser", "MaxBytes", "MaxFields", "Carry", "Name", "Secure",
		"SameSite", "TrustedProxies", "NearEntries", "NearUntracked"} {
		if !strings.Contains(err.Error(), "Options."+field+" is ") {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
}

// TestWeakSettingsNeedAReason: New refuses each by itself, and takes it with AllowInsecure, and says so.
func TestWeakSettingsNeedAReason(t *testing.T) {
	t.Parallel()
	short := [][]byte{secret, []byte("short")}
	for name, o := range map[string]session.Options{
		"NotHTTPOnly":      {NotHTTPOnly: true},
		"Secure":           {Secure: session.SecureNever},
		"SameSite":         {SameSite: http.SameSiteNoneMode},
		"Idle":             {Idle: 31 * 24 * time.Hour, Absolute: 31 * 24 * time.Hour},
		"Absolute":         {Absolute: 31 * 24 * time.Hour},
		"Remember":         {Remember: 100 * 24 * time.Hour},
		"Secrets":          {Production: true},
		"Secrets[1] short": {Production: true, Secrets: short},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			field, _, _ := strings.Cut(name, "[")
			_, err := session.New(redistest.Open(t, "embedded"), o)
			is(t, err, redbrick.ErrConfig)
			if !strings.Contains(err.Error(), "Options."+field+" is ") || !strings.Contains(err.Error(), "AllowInsecure") || strings.Contains(err.Error(), string(secret)) {
				t.Errorf("error %v", err)
			}
			var log bytes.Buffer
			o.AllowInsecure = "an old client"
			_, err = session.New(redistest.Open(t, "embedded", func(ro *redbrick.Options) { ro.Logger = slog.New(slog.NewTextHandler(&log, nil)) }), o)
			ok(t, err)
			if !strings.Contains(log.String(), "an old client") {
				t.Errorf("the log does not tell the reason: %s", log.String())
			}
		})
	}
	if _, err := session.New(redistest.Open(t, "embedded"), session.Options{Secrets: short}); err != nil {
		t.Errorf("a short secret in development: %v", err)
	}
	if _, err := session.New(redistest.Open(t, "embedded"), session.Options{Production: true, Secrets: [][]byte{secret}}); err != nil {
		t.Errorf("a good secret in production: %v", err)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	o, err := session.Complete(session.Options{})
	ok(t, err)
	if o.Idle != 24*time.Hour || o.Absolute != 7*24*time.Hour || o.Remember != 30*24*time.Hour || o.Alias != 10*time.Second || o.MaxPerUser != 50 ||
		o.Name != "session" || o.SameSite != http.SameSiteStrictMode || o.NotHTTPOnly || o.Secure != session.SecureAuto {
		t.Errorf("defaults %+v", o)
	}
	if o, err = session.Complete(session.Options{Absolute: time.Hour}); err != nil || o.Idle != time.Hour {
		t.Errorf("a short absolute lifetime: idle %v, %v", o.Idle, err)
	}
}

func TestOptionsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"SESSION_SECRET": "one, two", "SESSION_NAME": "shop-session", "SESSION_MAX_AGE": "1209600000", "SESSION_SECURE": "true", "SESSION_HTTP_ONLY": "true",
		"SESSION_SAME_SITE": "Lax", "SESSION_REDIS_DB": "2", "TRUSTED_PROXIES": "10.0.0.0/8, unix", "SESSION_ALLOW_INSECURE": "short secrets", "APP_ENV": "production",
	}
	o, err := session.OptionsFrom(func(name string) string { return env[name] })
	ok(t, err)
	if len(o.Secrets) != 2 || string(o.Secrets[0]) != "one" || string(o.Secrets[1]) != "two" || o.Name != "shop-session" || o.Idle != 14*24*time.Hour || o.Absolute != o.Idle ||
		o.Secure != session.SecureAlways || o.NotHTTPOnly || o.SameSite != http.SameSiteLaxMode || len(o.TrustedProxies) != 2 || !o.Production || o.DB != 2 {
		t.Errorf("options %+v", o)
	}
	if o, err = session.OptionsFrom(func(string) string { return "" }); err != nil || o.Idle != 0 || o.Secure != session.SecureAuto || o.Secrets != nil {
		t.Errorf("an empty environment: %+v, %v", o, err)
	}
	env = map[string]string{
		"SESSION_SECRET": "very secret", "NODE_ENV": "production", "SESSION_NAME": "a b", "SESSION_MAX_AGE": "a day", "SESSION_SECURE": "maybe",
		"SESSION_HTTP_ONLY": "false", "SESSION_SAME_SITE": "loose", "TRUSTED_PROXIES": "nobody", "SESSION_REDIS_DB": "two",
	}
	_, err = session.OptionsFrom(func(name string) string { return env[name] })
	is(t, err, redbrick.ErrConfig)
	for name, value := range env {
		if name == "NODE_ENV" {
			continue
		}
		if !strings.Contains(err.Error(), name+" is ") || strings.Contains(err.Error(), value) != (name != "SESSION_SECRET") {
			t.Errorf("%s is not named as it should be in %v", name, err)
		}
	}
}

// Sessions that were meant for another database than the client's are not kept in this one.
func TestSessionsAreInTheDatabaseThatIsSaid(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	for db, want := range map[int]string{rb.DB() + 1: "that of the client", -1: "a database number"} {
		if _, err := session.New(rb, session.Options{DB: db}); !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "Options.DB is") || !strings.Contains(err.Error(), want) {
			t.Errorf("database %d: %v", db, err)
		}
	}
	newManager(t, rb, func(o *session.Options) { o.DB = rb.DB() })
}

func TestAClientHasOneManager(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	newManager(t, rb)
	_, err := session.New(rb, session.Options{})
	is(t, err, redbrick.ErrConfig)
}
