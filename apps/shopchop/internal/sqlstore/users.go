package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// userColumns leaves the password hash out: only Credentials reads it.
const userColumns = "id, name, email, role, preferences, last_login, login_count, created_at, updated_at"

func scanUser(row sqldb.Row) (shop.User, error) {
	u := shop.User{Preferences: []string{}}
	var login time.Time
	err := row.Scan(&u.ID, &u.Name, &u.Email, &u.Role, sqldb.JSON{To: &u.Preferences}, sqldb.Time{To: &login}, &u.LoginCount,
		sqldb.Time{To: &u.CreatedAt}, sqldb.Time{To: &u.UpdatedAt})
	if !login.IsZero() {
		u.LastLogin = &login
	}
	return u, err
}

// oneUser reads the user that a statement selects or returns.
func oneUser(row *sql.Row, doing string, id int64) (shop.User, error) {
	u, err := scanUser(row)
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("user", id)
	}
	if err != nil {
		return shop.User{}, wrap(doing, err)
	}
	return u, nil
}

// User returns one account, or shop.ErrNotFound.
func (q queries) User(ctx context.Context, id int64) (shop.User, error) {
	return oneUser(q.Read.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1", id), "read user", id)
}

// Users returns those of the ids that exist, in one query.
func (q queries) Users(ctx context.Context, ids []int64) (map[int64]shop.User, error) {
	array, err := sqldb.Array(ids)
	if err != nil {
		return nil, err
	}
	rows, err := sqldb.List(ctx, q.Read, scanUser, "SELECT "+userColumns+" FROM users WHERE id IN "+q.Dialect.Ints(1), array)
	if err != nil {
		return nil, wrap("read users", err)
	}
	found := make(map[int64]shop.User, len(rows))
	for _, u := range rows {
		found[u.ID] = u
	}
	return found, nil
}

// CreateUser makes an account; shop.ErrConflict if the email has one.
func (q queries) CreateUser(ctx context.Context, d shop.UserDraft) (shop.User, error) {
	d, err := d.Normalize()
	if err != nil {
		return shop.User{}, err
	}
	preferences, err := sqldb.Array(d.Preferences)
	if err != nil {
		return shop.User{}, err
	}
	u, err := oneUser(q.Write.QueryRowContext(ctx, `INSERT INTO users (name, email, role, preferences, password_hash, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING `+userColumns,
		d.Name, d.Email, string(d.Role), preferences, d.Hash.Reveal(), sqldb.Now()), "create user", 0)
	if sqldb.IsUnique(err) {
		return shop.User{}, emailTaken(d.Email)
	}
	return u, err
}

func emailTaken(email string) error {
	return fmt.Errorf("email %q has an account: %w", email, shop.ErrConflict)
}

// UpdateUser changes what the patch names, in one statement that names only
// those columns.
func (q queries) UpdateUser(ctx context.Context, id int64, p shop.UserPatch) (shop.User, error) {
	p, err := p.Normalize()
	if err != nil {
		return shop.User{}, err
	}
	if p == (shop.UserPatch{}) {
		return q.User(ctx, id)
	}
	args := []any{id, sqldb.Now()}
	set := []string{"updated_at = $2"}
	put := func(column string, value any) {
		args = append(args, value)
		set = append(set, fmt.Sprintf("%s = $%d", column, len(args)))
	}
	if p.Name != nil {
		put("name", *p.Name)
	}
	if p.Email != nil {
		put("email", *p.Email)
	}
	if p.Preferences != nil {
		text, err := sqldb.Array(*p.Preferences)
		if err != nil {
			return shop.User{}, err
		}
		put("preferences", text)
	}
	query := "UPDATE users SET " + strings.Join(set, ", ") + " WHERE id = $1 RETURNING " + userColumns
	u, err := oneUser(q.Write.QueryRowContext(ctx, query, args...), "update user", id)
	if sqldb.IsUnique(err) {
		return shop.User{}, emailTaken(*p.Email)
	}
	return u, err
}

// Credentials returns what a login is checked against, or shop.ErrNotFound.
func (q queries) Credentials(ctx context.Context, email string) (shop.Credentials, error) {
	var c shop.Credentials
	email = shop.NormalizeEmail(email)
	err := q.Read.QueryRowContext(ctx, "SELECT id, password_hash FROM users WHERE email = $1", email).Scan(&c.UserID, (*string)(&c.Hash))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("account of", email)
	}
	if err != nil {
		return shop.Credentials{}, wrap("read credentials", err)
	}
	return c, nil
}

// SetPassword replaces the hash; shop.ErrNotFound.
func (q queries) SetPassword(ctx context.Context, id int64, hash shop.PasswordHash) error {
	_, err := oneUser(q.Write.QueryRowContext(ctx, "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1 RETURNING "+userColumns,
		id, hash.Reveal(), sqldb.Now()), "set password", id)
	return err
}

// ReplacePassword replaces the hash if it is still the old one.
func (q queries) ReplacePassword(ctx context.Context, id int64, old, hash shop.PasswordHash) (bool, error) {
	done, err := q.Write.ExecContext(ctx, "UPDATE users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2",
		id, old.Reveal(), hash.Reveal(), sqldb.Now())
	if err != nil {
		return false, wrap("replace password", err)
	}
	n, err := done.RowsAffected()
	return n == 1, wrap("replace password", err)
}

// HasAdmin reports whether there is an admin.
func (q queries) HasAdmin(ctx context.Context) (bool, error) {
	var has bool
	err := q.Read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM users WHERE role = $1)", string(shop.RoleAdmin)).Scan(&has)
	return has, wrap("look for an admin", err)
}

// RecordLogin counts a login. updated_at stays: the profile is the same. The
// last login never goes back, whatever order two logins are written in.
func (q queries) RecordLogin(ctx context.Context, id int64, at time.Time) (shop.User, error) {
	return oneUser(q.Write.QueryRowContext(ctx, `UPDATE users SET login_count = login_count + 1,
		last_login = CASE WHEN last_login > $2 THEN last_login ELSE $2 END WHERE id = $1 RETURNING `+userColumns,
		id, at.UTC().Truncate(time.Millisecond)), "record login", id)
}
