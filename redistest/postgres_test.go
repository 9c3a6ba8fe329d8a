package redistest_test

import (
	"net"
	"net/url"
	"testing"

	"github.com/redbrick-go/redbrick/redistest"
)

func TestPostgresIsSharedAndTakesConnections(t *testing.T) {
	t.Parallel()
	address := redistest.Postgres(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if again := redistest.Postgres(t); again != address {
		t.Errorf("a second call gave %s, want %s", again, address)
	}
}
