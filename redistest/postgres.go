package redistest

import "testing"

// Postgres returns the URL of a PostgreSQL that all tests share: TEST_DATABASE_URL,
// or a server that the test binary starts once from the initdb and postgres on the machine and [Main]
// stops. The test makes a schema or a database of its own there. Without a PostgreSQL the test is
// skipped as by [Missing], under the name postgres.
func Postgres(t testing.TB) string {
	t.Helper()
	u, err := shared.urlOf("TEST_DATABASE_URL", func() (string, error) {
		s, err := shared.ownPostgres()
		if err != nil {
			return "", err
		}
		return s.URL(), nil
	})
	if err != nil {
		Missing(t, "postgres", err.Error())
	}
	Ran(t, "postgres")
	return u
}
