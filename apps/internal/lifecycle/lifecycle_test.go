package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/internal/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStackStopsTheLastFirst(t *testing.T) {
	t.Parallel()
	var s lifecycle.Stack
	var order []string
	boom := errors.New("boom")
	add := func(name string, err error) {
		s.Add(name, func(context.Context) error {
			order = append(order, name)
			return err
		})
	}
	add("database", nil)
	add("redis", boom)
	add("http", nil)
	err := s.Stop(t.Context())
	if !slices.Equal(order, []string{"http", "redis", "database"}) {
		t.Errorf("order %q", order)
	}
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "stop redis") {
		t.Errorf("error %v", err)
	}
	if err := s.Stop(t.Context()); err != nil || len(order) != 3 {
		t.Errorf("again: %v, %q", err, order)
	}
}

// slow is a server whose requests wait until the test lets them go.
func slow(t *testing.T, linger time.Duration) (s *lifecycle.Server, entered, release chan struct{}) {
	t.Helper()
	entered, release = make(chan struct{}, 8), make(chan struct{})
	s, err := lifecycle.Listen(t.Context(), lifecycle.ServerOptions{Addr: "127.0.0.1:0", Linger: linger, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		_, _ = io.WriteString(w, "answered")
	})})
	if err != nil {
		t.Fatal(err)
	}
	return s, entered, release
}

func get(t *testing.T, url string) (string, bool, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp.Close, err
}

// Stop waits for requests under way, and meanwhile sends clients away.
func TestStopAnswersWhatWasTaken(t *testing.T) {
	t.Parallel()
	s, entered, release := slow(t, time.Hour)
	url := "http://" + s.Addr()
	if body, closes, err := get(t, url+"/"); body != "answered" || closes || err != nil {
		t.Fatalf("before: %q, closes %t, %v", body, closes, err)
	}
	answer := make(chan string, 1)
	go func() {
		body, _, err := get(t, url+"/slow")
		if err != nil {
			body = err.Error()
		}
		answer <- body
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		stopped <- s.Stop(ctx)
	}()
	<-began
	for !s.Draining() {
		if _, _, err := get(t, url+"/"); err != nil {
			t.Fatal(err)
		}
	}
	if body, closes, err := get(t, url+"/"); body != "answered" || !closes || err != nil {
		t.Errorf("lingering: %q, closes %t, %v; want an answer that closes", body, closes, err)
	}
	close(release)
	if got := <-answer; got != "answered" {
		t.Errorf("the request under way got %q", got)
	}
	cancel() // ends the lingering
	<-stopped
	if _, _, err := get(t, url+"/"); err == nil {
		t.Error("a stopped server answers")
	}
	select {
	case <-s.Done():
	default:
		t.Error("Done is not closed after Stop")
	}
}

// At the deadline, what hangs is cut off, and said to be.
func TestStopCutsOffAtTheDeadline(t *testing.T) {
	t.Parallel()
	s, entered, _ := slow(t, 0)
	failed := make(chan error, 1)
	go func() {
		_, _, err := get(t, "http://"+s.Addr()+"/slow")
		failed <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("stop: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the hanging request was answered")
	}
	if err := s.Stop(t.Context()); err == nil {
		t.Error("the second Stop does not say what the first said")
	}
}

func TestListenNamesTheAddress(t *testing.T) {
	t.Parallel()
	s, _, _ := slow(t, 0)
	defer func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := lifecycle.Listen(t.Context(), lifecycle.ServerOptions{Addr: s.Addr()}); err == nil || !strings.Contains(err.Error(), s.Addr()) {
		t.Errorf("a taken address: %v", err)
	}
}
