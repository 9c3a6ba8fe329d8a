package sqldb_test

import (
	"testing"

	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
